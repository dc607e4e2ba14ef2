// A server on the user's io_context, which also does other work.
#include <libresp/server.hpp>

#include <asio/awaitable.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"

#include <functional>
#include <future>
#include <optional>
#include <thread>

using support::bulk;
using support::Client;
using support::command;
using support::End;
using support::eventually;
using support::Ping;
using support::ping;
using support::pong;

namespace {

const resp::Options free_port{.port = 0};

/// A context that `threads` threads run until the end of the scope.
class Context {
public:
    explicit Context(int threads) {
        for (int i = 0; i != threads; ++i) threads_.emplace_back([this] { context_.run(); });
    }
    ~Context() {
        work_.reset();
        context_.stop();
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    asio::io_context& operator*() { return context_; }
    /// Whether the context runs out of work.
    bool runs_dry() {
        work_.reset();
        const auto ended = std::make_shared<std::atomic<bool>>(false);
        std::jthread waiter{[this, ended] {
            for (std::jthread& thread : threads_) thread.join();
            *ended = true;
        }};
        const bool dry = eventually([&] { return ended->load(); });
        if (!dry) context_.stop();
        return dry;
    }

private:
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    std::vector<std::jthread> threads_;
};

/// Waits for `time` before it answers.
struct Slow {
    std::chrono::milliseconds time;
    std::shared_ptr<std::atomic<int>> waiting = std::make_shared<std::atomic<int>>(0);

    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        ++*waiting;
        asio::steady_timer timer{co_await asio::this_coro::executor, time};
        co_await timer.async_wait(asio::use_awaitable);
        reply.value(request.value());
        --*waiting;
    }
};
constexpr std::chrono::hours a_day{24};

}  // namespace

TEST_CASE("an embedded server serves between start and stop") {
    const int threads = GENERATE(1, 3);
    CAPTURE(threads);
    Context context{threads};
    resp::Server server{(*context).get_executor(), free_port, Ping{}};
    Client early{server.local_endpoint()};
    early.send(ping);
    server.start();
    CHECK(early.reply() == pong);

    std::vector<std::jthread> clients;
    std::atomic<int> answered{0};
    for (int i = 0; i != 8; ++i) {
        clients.emplace_back([&] {
            Client client{server.local_endpoint()};
            for (int n = 0; n != 200; ++n)
                answered += client.ask(command("ECHO", n)) == bulk(std::to_string(n));
        });
    }
    clients.clear();
    CHECK(answered == 1'600);
    CHECK(server.stats().requests == 1'601);

    server.stop();
    End end{};
    CHECK(early.rest(&end).empty());
    CHECK(end == End::orderly);
    early.close();
    CHECK(context.runs_dry());
    CHECK(server.stats().connections == 0);
    CHECK_FALSE(support::is_listening(server.local_endpoint()));
}

TEST_CASE("an embedded server runs in a context that does other work") {
    asio::io_context context{1};
    resp::Server server{context.get_executor(), free_port, Ping{}};
    server.start();
    std::atomic<bool> answered{false};
    int ticks = 0;
    asio::steady_timer timer{context};
    const std::function<void(std::error_code)> tick = [&](std::error_code) {
        if (++ticks >= 20 && answered) return server.stop();
        timer.expires_after(std::chrono::milliseconds{1});
        timer.async_wait(tick);
    };
    tick({});
    std::jthread client{[&] {
        Client{server.local_endpoint()}.ask(ping);
        answered = true;
    }};
    context.run();
    CHECK(answered);
    CHECK(ticks >= 20);
}

TEST_CASE("run() of an embedded server throws") {
    asio::io_context context;
    resp::Server server{context.get_executor(), free_port, Ping{}};
    CHECK_THROWS_AS(server.run(), std::logic_error);
    CHECK_THROWS_WITH(server.run(),
                      "resp::Server: run() needs a server that was made without an executor; "
                      "call start()");
}

TEST_CASE("start() of a server without an executor throws") {
    resp::Server server{free_port, Ping{}};
    CHECK_THROWS_AS(server.start(), std::logic_error);
    CHECK_THROWS_WITH(server.start(),
                      "resp::Server: start() needs a server that was made with an executor; "
                      "call run()");
}

TEST_CASE("a server starts only once") {
    asio::io_context context;
    resp::Server server{context.get_executor(), free_port, Ping{}};
    server.start();
    CHECK_THROWS_AS(server.start(), std::logic_error);
    CHECK_THROWS_WITH(server.start(), "resp::Server: run() or start() was already called");
}

TEST_CASE("an embedded server may be destroyed while its context runs") {
    const int threads = GENERATE(1, 3);
    CAPTURE(threads);
    Context context{threads};
    std::optional<resp::Server<Ping>> server;
    std::vector<Client> clients;
    SECTION("before it was started") { server.emplace((*context).get_executor(), free_port, Ping{}); }
    SECTION("as soon as it is started") {
        server.emplace((*context).get_executor(), free_port, Ping{});
        server->start();
    }
    SECTION("with clients") {
        server.emplace((*context).get_executor(), free_port, Ping{});
        server->start();
        for (int i = 0; i != 10; ++i) {
            clients.emplace_back(server->local_endpoint());
            REQUIRE(clients.back().ask(ping) == pong);
            clients.back().send("*1\r\n$4\r\nPI");
        }
    }
    SECTION("after it was stopped") {
        server.emplace((*context).get_executor(), free_port, Ping{});
        server->start();
        clients.emplace_back(server->local_endpoint());
        REQUIRE(clients.back().ask(ping) == pong);
        server->stop();
    }
    const resp::Endpoint endpoint = server->local_endpoint();
    server.reset();
    for (Client& client : clients) {
        End end{};
        CHECK(client.rest(&end).empty());
    }
    CHECK(eventually([&] { return !support::is_listening(endpoint); }));
    std::promise<void> still_runs;
    asio::post(*context, [&] { still_runs.set_value(); });
    CHECK(still_runs.get_future().wait_for(support::patience) == std::future_status::ready);
    CHECK(context.runs_dry());
}

TEST_CASE("an embedded server may be destroyed while a coroutine handler waits") {
    const int threads = GENERATE(1, 3);
    const std::chrono::milliseconds time =
        GENERATE(std::chrono::milliseconds{600}, std::chrono::milliseconds{a_day});
    CAPTURE(threads, time.count());
    Context context{threads};
    const Slow handler{time};
    std::optional<resp::Server<Slow>> server;
    server.emplace((*context).get_executor(), free_port, handler);
    server->start();
    Client client{server->local_endpoint()};
    client.send(ping);
    REQUIRE(eventually([&] { return *handler.waiting == 1; }));
    server.reset();
    CHECK(client.rest().empty());
    if (time < a_day) {
        CHECK(context.runs_dry());
        CHECK(*handler.waiting == 0);
    }
}

TEST_CASE("a context may be destroyed right after its server") {
    asio::io_context context;
    std::optional<resp::Server<Ping>> server;
    server.emplace(context.get_executor(), free_port, Ping{});
    SECTION("never run") { server->start(); }
    SECTION("in the middle of serving") {
        server->start();
        Client client{server->local_endpoint()};
        client.send(ping);
        while (client.available() == 0) context.run_one_for(std::chrono::milliseconds{10});
        CHECK(client.reply() == pong);
    }
    server.reset();
}

TEST_CASE("two servers share a context") {
    Context context{2};
    resp::Server a{(*context).get_executor(), free_port, Ping{}};
    resp::Server b{(*context).get_executor(), free_port, Slow{std::chrono::milliseconds{1}}};
    a.start();
    b.start();
    Client to_a{a.local_endpoint()};
    Client to_b{b.local_endpoint()};
    CHECK(to_a.ask(ping) == pong);
    CHECK(to_b.ask(ping) == ping);
    a.stop();
    CHECK(to_a.rest().empty());
    CHECK(to_b.ask(ping) == ping);
    b.stop();
    CHECK(to_b.rest().empty());
    to_a.close();
    to_b.close();
    CHECK(context.runs_dry());
}
