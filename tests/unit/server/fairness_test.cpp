// A thread must not accept or serve clients for long before other work gets its turn. The tests count clients and
// requests. They run the thread step by step, so a busy machine does not change the counts.
#include "handlers.hpp"
#include "server/listener.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

using support::Client;
using support::Ping;
using support::ping;

namespace {

/// One thread of a server, which the test runs.
class Stepped {
public:
    template <resp::Handler H>
    Stepped(resp::Options options, H handler)
        : shared_(std::make_shared<resp::detail::Shared>(
              std::move(options), std::make_unique<resp::detail::HandlerFactory<H>>(std::move(handler)))) {
        worker_->open();
        listener_->listen("127.0.0.1", 0);
        listener_->start();
    }
    ~Stepped() {
        listener_->close();
        worker_->abort();
        worker_->dispose();
    }
    Stepped(const Stepped&) = delete;
    Stepped& operator=(const Stepped&) = delete;

    void connect() { clients_.emplace_back(listener_->endpoint()); }
    /// Sends as much as the kernel accepts, for each client.
    void send(std::string_view bytes) {
        for (Client& client : clients_) client.send_some(bytes);
    }
    [[nodiscard]] std::uint64_t accepted() const { return shared_->accepted; }
    [[nodiscard]] std::uint64_t requests() const { return worker_->counters().requests.value(); }
    /// Runs one action of the thread's executor.
    void step() {
        if (context_.run_one() == 0) FAIL("the server has nothing to do");
    }
    template <class Question>
    void run_until(const Question& question) {
        while (!question()) step();
    }
    /// Runs until the count is `total`. Returns the most by which it has grown in one step.
    template <class Count>
    std::uint64_t most_in_a_step(std::uint64_t total, const Count& count) {
        std::uint64_t most = 0;
        while (count() < total) {
            const std::uint64_t before = count();
            step();
            most = std::max(most, count() - before);
        }
        return most;
    }
    template <class Action>
    void post(const Action& action) {
        asio::post(context_, action);
    }

private:
    asio::io_context context_{1};
    std::shared_ptr<resp::detail::Shared> shared_;
    std::shared_ptr<resp::detail::Worker> worker_ =
        std::make_shared<resp::detail::Worker>(shared_, context_.get_executor());
    std::shared_ptr<resp::detail::Listener> listener_ = std::make_shared<resp::detail::Listener>(
        shared_, context_.get_executor(), [this]() -> resp::detail::Worker& { return *worker_; });
    std::vector<Client> clients_;
};

// As many requests as one connection may have handled in a batch: 64 KiB.
constexpr std::size_t batch = 64 * 1024 / 14 + 1;
constexpr std::size_t floods = 200;

/// Flooding clients have sent more than the server has handled.
class Flooded : public Stepped {
public:
    Flooded() : Stepped({}, Ping{}) {
        for (std::size_t i = 0; i != floods; ++i) connect();
        run_until([&] { return accepted() == floods; });
        send(support::repeat(ping, 20'000));
        run_until([&] { return batches() >= floods; });
        // Each of them was served once, and the next batches are due.
    }
    /// The batches of the flood that the server handles until the question is answered with yes.
    template <class Question>
    std::size_t batches_until(const Question& question) {
        const std::size_t before = batches();
        run_until(question);
        return batches() - before;
    }

private:
    [[nodiscard]] std::size_t batches() const { return requests() / batch; }
};

}  // namespace

TEST_CASE("a thread accepts 16 new clients before connected clients are served") {
    Stepped server{{}, Ping{}};
    for (int i = 0; i != 40; ++i) server.connect();
    CHECK(server.most_in_a_step(40, [&] { return server.accepted(); }) == 16);
}

TEST_CASE("a thread serves its connections for 5 ms and 16 batches before other work gets its turn") {
    Stepped server{{}, [](const resp::Request&, resp::Reply& reply) {  // takes 1 ms
                       const auto begun = std::chrono::steady_clock::now();
                       while (std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{1}) {
                       }
                       reply.simple_string("PONG");
                   }};
    for (int i = 0; i != 40; ++i) server.connect();
    server.run_until([&] { return server.accepted() == 40; });
    server.send(ping);
    CHECK(server.most_in_a_step(40, [&] { return server.requests(); }) == 16);
}

TEST_CASE("a new client does not wait until each flooding client has had a batch") {
    Flooded server;
    server.connect();
    const std::size_t n = server.batches_until([&] { return server.accepted() == floods + 1; });
    INFO(n << " batches of the flood were handled before");
    CHECK(n < floods / 4);
}

TEST_CASE("a stop does not wait until each flooding client has had a batch") {
    Flooded server;
    bool stopped = false;
    server.post([&] { stopped = true; });  // as Server::stop() does
    const std::size_t n = server.batches_until([&] { return stopped; });
    INFO(n << " batches of the flood were handled before");
    CHECK(n < floods / 4);
}
