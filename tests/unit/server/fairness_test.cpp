// A flood keeps the thread that accepts busy. New clients and a stop must still get their turn. The test counts
// the requests of the flood that are handled first. It runs the thread step by step, so a busy machine does not
// change the count.
#include "handlers.hpp"
#include "server/listener.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"

#include <vector>

using support::Client;
using support::Ping;
using support::ping;

namespace {

// As many requests as one connection may have handled in a batch: 64 KiB.
constexpr std::size_t batch = 64 * 1024 / 14 + 1;
constexpr std::size_t floods = 200;

/// One thread of a server, which the test runs. Flooding clients have sent more than the server has handled.
class Flooded {
public:
    Flooded() {
        worker_->open();
        listener_->listen("127.0.0.1", 0);
        listener_->start();
        for (std::size_t i = 0; i != floods; ++i) connect();
        // A burst of 16 clients and their events: some steps.
        while (shared_->accepted != floods) context_.run_one();
        const std::string requests = support::repeat(ping, 20'000);
        for (Client& client : clients_) client.send_some(requests);
        while (batches() < floods) context_.run_one();
        // Each of them was served once, and the next batches are due.
    }
    ~Flooded() {
        listener_->close();
        worker_->abort();
        worker_->dispose();
    }
    Flooded(const Flooded&) = delete;
    Flooded& operator=(const Flooded&) = delete;

    void connect() { clients_.emplace_back(listener_->endpoint()); }
    [[nodiscard]] std::uint64_t accepted() const { return shared_->accepted; }
    /// The batches of the flood that the server handles until the question is answered with yes.
    template <class Question>
    std::size_t batches_until(const Question& question) {
        const std::size_t before = batches();
        while (!question()) {
            if (context_.run_one() == 0) FAIL("the server has nothing to do");
        }
        return batches() - before;
    }
    template <class Action>
    void post(const Action& action) {
        asio::post(context_, action);
    }

private:
    [[nodiscard]] std::size_t batches() const { return worker_->counters().requests.value() / batch; }

    asio::io_context context_{1};
    std::shared_ptr<resp::detail::Shared> shared_ = std::make_shared<resp::detail::Shared>(
        resp::Options{}, std::make_unique<resp::detail::HandlerFactory<Ping>>(Ping{}));
    std::shared_ptr<resp::detail::Worker> worker_ =
        std::make_shared<resp::detail::Worker>(shared_, context_.get_executor());
    std::shared_ptr<resp::detail::Listener> listener_ = std::make_shared<resp::detail::Listener>(
        shared_, context_.get_executor(), [this]() -> resp::detail::Worker& { return *worker_; });
    std::vector<Client> clients_;
};

}  // namespace

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
