// Stopping: the server answers the requests that were fully received, then closes, by force after the
// deadline.
#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

#include <algorithm>
#include <csignal>
#include <functional>

using support::bulk;
using support::Client;
using support::command;
using support::End;
using support::eventually;
using support::noise;
using support::Ping;
using support::ping;
using support::pong;
using support::RunningServer;
using namespace std::chrono_literals;

namespace {

/// Answers WAIT when `go_on` is set, and any other request at once.
struct Waiting {
    std::shared_ptr<std::atomic<bool>> go_on = std::make_shared<std::atomic<bool>>(false);
    std::shared_ptr<std::atomic<int>> waiting = std::make_shared<std::atomic<int>>(0);

    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        if (request.command().is("WAIT")) {
            ++*waiting;
            asio::steady_timer timer{co_await asio::this_coro::executor};
            while (!*go_on) {
                timer.expires_after(1ms);
                co_await timer.async_wait(asio::use_awaitable);
            }
        }
        reply.simple_string("PONG");
    }
};

}  // namespace

TEST_CASE("a stop answers what was fully sent before it") {
    const auto threads = GENERATE(1U, 2U);
    for (int round = 0; round != 10; ++round) {
        RunningServer server{{.threads = threads}, Ping{}};
        std::string requests;
        std::string replies;
        for (int i = 0; i != 50; ++i) {
            requests += command("ECHO", i);
            replies += bulk(std::to_string(i));
        }
        std::vector<Client> clients;
        for (int i = 0; i != 20; ++i) {
            clients.push_back(server.client());
            REQUIRE(clients.back().ask(ping) == pong);
        }
        for (Client& client : clients) client.send(requests + "*1\r\n$4\r\nPI");
        server->stop();
        for (Client& client : clients) {
            End end{};
            CHECK(client.rest(&end) == replies);
            CHECK(end == End::orderly);
            client.close();
        }
        server.join();
        CHECK(server.stats().connections == 0);
    }
}

TEST_CASE("a stop waits for replies that are larger than the socket buffer") {
    RunningServer server{{}, Ping{}};
    Client client = server.client({.receive_buffer = 4096});
    const std::string value = noise(100'000);
    std::string requests;
    for (int i = 0; i != 40; ++i) requests += command("ECHO", value);
    std::jthread sender{[&] { client.try_send(requests); }};
    REQUIRE(eventually([&] { return server.stats().requests >= 1; }));
    const std::string reply = bulk(value);
    server->stop();
    End end{};
    const std::string replies = client.rest(&end);
    sender.join();  // ends when the server closes, one second later
    // How many requests had arrived is unknown, but each reply must be complete.
    CHECK(replies.size() % reply.size() == 0);
    CHECK(replies.size() >= reply.size());
    CHECK(end == End::orderly);
    server.join();
}

TEST_CASE("a stop waits for a coroutine handler") {
    const Waiting handler;
    RunningServer server{{}, handler};
    Client client = server.client();
    client.send("PING\r\nWAIT\r\nPING\r\n");
    REQUIRE(eventually([&] { return *handler.waiting == 1; }));
    server->stop();
    // The server no longer listens, so the stop has begun.
    REQUIRE(eventually([&] { return !support::is_listening(server->local_endpoint()); }));
    CHECK_FALSE(server.has_ended());
    *handler.go_on = true;
    CHECK(client.rest() == std::string{pong} + std::string{pong} + std::string{pong});
    client.close();
    server.join();
}

TEST_CASE("a stop closes by force at the drain deadline") {
    const auto begun = std::chrono::steady_clock::now();
    SECTION("a client that does not read") {
        RunningServer server{{.drain_deadline = 200ms}, Ping{}};
        Client client = server.client({.receive_buffer = 4096});
        std::jthread sender{[&] { client.try_send(command("ECHO", noise(32 * 1024 * 1024))); }};
        REQUIRE(eventually([&] { return server.stats().requests == 1; }));
        server->stop();
        server.join();
        CHECK(server.stats().connections == 0);
    }
    SECTION("a coroutine handler that does not end") {
        const Waiting handler;
        RunningServer server{{.threads = 2, .drain_deadline = 200ms}, handler};
        Client client = server.client();
        client.send("PING\r\nWAIT\r\n");
        REQUIRE(eventually([&] { return *handler.waiting == 1; }));
        server->stop();
        server.join();
        CHECK(client.receive(pong.size()) == pong);
        CHECK(client.rest().empty());
    }
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
}

TEST_CASE("a second stop closes by force at once") {
    const Waiting handler;
    RunningServer server{{.drain_deadline = 1h}, handler};
    Client client = server.client();
    client.send("WAIT\r\n");
    REQUIRE(eventually([&] { return *handler.waiting == 1; }));
    server->stop();
    server->stop();
    server.join();
    CHECK(client.rest().empty());
}

TEST_CASE("run() returns at once after a stop()") {
    const auto threads = GENERATE(1U, 3U);
    resp::Server server{{.port = 0, .threads = threads}, Ping{}};
    server.stop();
    server.run();
    SUCCEED();
}

TEST_CASE("a stop without clients is quick and a stop after the end does nothing") {
    RunningServer server{{.threads = 2}, Ping{}};
    server->stop();
    server.join();
    server->stop();
    server->stop();
    CHECK_FALSE(support::is_listening(server->local_endpoint()));
    CHECK_THROWS_AS(server->run(), std::logic_error);
}

TEST_CASE("a handler may stop its own server") {
    const auto stop = std::make_shared<std::function<void()>>();
    RunningServer server{{}, [stop](const resp::Request& request, resp::Reply& reply) {
                             if (request.command().is("SHUTDOWN")) (*stop)();
                             reply.simple_string("PONG");
                         }};
    *stop = [&] { server->stop(); };
    Client other = server.client();
    REQUIRE(other.ask(ping) == pong);
    Client client = server.client();
    client.send("PING\r\nSHUTDOWN\r\nPING\r\n");
    CHECK(client.rest() == std::string{pong} + std::string{pong} + std::string{pong});
    CHECK(other.rest().empty());
    client.close();
    other.close();
    server.join();
}

TEST_CASE("a signal in stop_signals stops the server") {
    RunningServer server{{.stop_signals = {SIGUSR1}}, Ping{}};
    Client client = server.client();
    REQUIRE(client.ask(ping) == pong);
    std::raise(SIGUSR1);
    CHECK(client.rest().empty());
    client.close();
    server.join();
}

TEST_CASE("work that a handler started ends at the drain deadline, or at a second stop") {
    struct Starting {
        std::shared_ptr<std::atomic<int>> destroyed;

        void on_open(resp::Connection connection) {
            // The state of the wait is its own: it ends later than the handler.
            auto timer = std::make_shared<asio::steady_timer>(connection.executor(), std::chrono::hours{1});
            const std::shared_ptr<void> counter{nullptr, [count = destroyed](void*) { ++*count; }};
            timer->async_wait([timer, counter](std::error_code) {});
        }
        void operator()(const resp::Request&, resp::Reply& reply) { reply.simple_string("PONG"); }
    };
    const bool again = GENERATE(false, true);
    const auto threads = GENERATE(1U, 2U);
    const auto destroyed = std::make_shared<std::atomic<int>>(0);
    {
        const auto deadline = again ? 30s : 100ms;
        RunningServer server{{.threads = threads, .drain_deadline = deadline}, Starting{destroyed}};
        for (int i = 0; i != 2; ++i) CHECK(server.client().ask(ping) == pong);
        server->stop();
        if (again) {
            REQUIRE(eventually([&] { return server.stats().connections == 0; }));
            server->stop();
        }
        REQUIRE(eventually([&] { return server.has_ended(); }));
    }
    CHECK(*destroyed == 2);
}

TEST_CASE("stopping again and again does not postpone the end") {
    const Waiting handler;
    RunningServer server{{.drain_deadline = 1h}, handler};
    Client client = server.client();
    client.send("WAIT\r\n");
    REQUIRE(eventually([&] { return *handler.waiting == 1; }));
    CHECK(eventually([&] {
        server->stop();
        return server.has_ended();
    }));
}

TEST_CASE("an embedded server says once that it has stopped, even if an abandoned handler ends later") {
    const Waiting handler;
    const auto lines = std::make_shared<support::Record<std::string>>();
    const auto logged = [&](std::string_view text) {
        const auto all = lines->items();
        return std::count_if(all.begin(), all.end(),
                             [&](const std::string& line) { return line.find(text) != std::string::npos; });
    };
    asio::io_context context;
    resp::Options options{.port = 0, .drain_deadline = 1h};
    options.log.sink = [lines](resp::LogLevel, std::string_view line) { lines->add(std::string{line}); };
    resp::Server server{context.get_executor(), options, handler};
    server.start();
    std::jthread thread{[&] { context.run(); }};
    Client client{server.local_endpoint()};
    client.send("WAIT\r\n");
    REQUIRE(eventually([&] { return *handler.waiting == 1; }));
    server.stop();
    server.stop();
    REQUIRE(eventually([&] { return logged("Stopped") == 1; }));
    *handler.go_on = true;
    thread.join();  // the context has no more work
    CHECK(logged("Stopped") == 1);
}
