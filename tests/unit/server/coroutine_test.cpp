// Waiting handlers: while one waits, its connection waits too, and all others are served.
#include <libresp/server.hpp>

#include <asio/awaitable.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

using support::bulk;
using support::Client;
using support::command;
using support::noise;
using support::Ping;
using support::ping;
using support::pong;
using support::RunningServer;

namespace {

asio::awaitable<void> let_others_run() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

/// A coroutine waits in pass() until is_open is set. It checks every millisecond.
struct Gate {
    std::atomic<int> waiting{0};
    std::atomic<bool> is_open{false};

    asio::awaitable<void> pass() {
        ++waiting;
        asio::steady_timer timer{co_await asio::this_coro::executor};
        while (!is_open) {
            timer.expires_after(std::chrono::milliseconds{1});
            co_await timer.async_wait(asio::use_awaitable);
        }
        --waiting;
    }
};

/// ECHO sends its word back at once, WAIT when the gate is open.
struct Waiter {
    std::shared_ptr<Gate> gate = std::make_shared<Gate>();

    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        if (request.command().is("WAIT")) co_await gate->pass();
        reply.bulk_string(request.command()[1]);
    }
};

struct Waiting {
    asio::awaitable<void> operator()(const resp::Request&, resp::Reply&) { co_return; }
};
struct WrongCoroutine {
    asio::awaitable<int> operator()(const resp::Request&, resp::Reply&) { co_return 1; }
};
struct CoroutineWithoutReply {
    asio::awaitable<void> operator()(const resp::Request&) { co_return; }
};
static_assert(resp::Handler<Waiting> && resp::CoroutineHandler<Waiting> && !resp::PlainHandler<Waiting>);
static_assert(resp::Handler<Waiter>);
static_assert(!resp::Handler<WrongCoroutine>);
static_assert(!resp::Handler<CoroutineWithoutReply>);

}  // namespace

TEST_CASE("a coroutine handler answers") {
    RunningServer server{{}, [](const resp::Request& request, resp::Reply& reply) -> asio::awaitable<void> {
                             reply.value(request.value());
                             co_return;
                         }};
    CHECK(server.client().ask("a b\r\n") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
}

TEST_CASE("a generic coroutine handler gets a constant request") {
    RunningServer server{{}, [](auto& request, auto& reply) -> asio::awaitable<void> {
                             static_assert(std::is_same_v<decltype(request), const resp::Request&>);
                             static_assert(std::is_same_v<decltype(reply), resp::Reply&>);
                             reply.value(request.value());
                             co_return;
                         }};
    CHECK(server.client().ask("a b\r\n") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
}

TEST_CASE("others are served while a coroutine handler waits") {
    Waiter handler;
    RunningServer server{{}, handler};
    Client waiting = server.client();
    waiting.send(command("WAIT", "a") + command("ECHO", "b"));
    REQUIRE(support::eventually([&] { return handler.gate->waiting == 1; }));

    Client other = server.client();
    for (int i = 0; i != 100; ++i) REQUIRE(other.ask(command("ECHO", i)) == bulk(std::to_string(i)));
    CHECK(handler.gate->waiting == 1);
    CHECK(waiting.available() == 0);

    handler.gate->is_open = true;
    CHECK(waiting.reply() == bulk("a"));
    CHECK(waiting.reply() == bulk("b"));
}

TEST_CASE("a request stays intact while its coroutine waits and others send megabytes") {
    Waiter handler;
    RunningServer server{{}, handler};
    const std::vector<std::size_t> sizes{1, 100, 5'000, 70'000, 300'000};
    std::vector<Client> waiting;
    for (const std::size_t size : sizes) {
        waiting.push_back(server.client());
        waiting.back().send(command("WAIT", noise(size, 7)) + command("ECHO", "next"));
    }
    REQUIRE(support::eventually([&] { return handler.gate->waiting == static_cast<int>(sizes.size()); }));

    for (std::uint32_t i = 0; i != 4; ++i) {
        Client other = server.client();
        const std::string value = noise(1'000'000, i);
        const std::string request = command("ECHO", value);
        std::jthread sender{[&] { other.send(request); }};
        const bool same = other.reply() == bulk(value);
        sender.join();
        CHECK(same);
    }
    handler.gate->is_open = true;
    for (std::size_t i = 0; i != sizes.size(); ++i) {
        CAPTURE(sizes[i]);
        CHECK((waiting[i].reply() == bulk(noise(sizes[i], 7))));
        CHECK(waiting[i].reply() == bulk("next"));
    }
}

TEST_CASE("a connection is not read while its coroutine handler waits") {
    Waiter handler;
    RunningServer server{{}, handler};
    Client client = server.client();
    const std::string first = command("WAIT", "a");
    client.send(first);
    REQUIRE(support::eventually([&] { return handler.gate->waiting == 1; }));
    client.send(command("ECHO", "b"));
    Client other = server.client();
    const std::string request = command("ECHO", "c");
    REQUIRE(other.ask(request) == bulk("c"));
    CHECK(server.stats().bytes_received == first.size() + request.size());
    handler.gate->is_open = true;
    CHECK(client.reply() == bulk("a"));
    CHECK(client.reply() == bulk("b"));
}

TEST_CASE("coroutine handlers keep the order of a deep pipeline") {
    RunningServer server{{}, [](const resp::Request& request, resp::Reply& reply) -> asio::awaitable<void> {
                             const auto i = request.command().integer(1).value_or(-1);
                             if (i % 10 == 0) co_await let_others_run();
                             reply.integer(i);
                         }};
    Client client = server.client();
    std::string requests;
    std::string replies;
    for (int i = 0; i != 10'000; ++i) {
        requests += command("ECHO", i);
        replies += ":" + std::to_string(i) + "\r\n";
    }
    client.send(requests);
    CHECK(client.receive(replies.size()) == replies);
}

TEST_CASE("a reply that a coroutine has begun is not sent before it is finished") {
    auto gate = std::make_shared<Gate>();
    RunningServer server{{},
                         [gate](const resp::Request& request, resp::Reply& reply) -> asio::awaitable<void> {
                             reply.array(2).bulk_string(request.command()[0]);
                             if (request.command().is("WAIT")) co_await gate->pass();
                             reply.integer(1);
                         }};
    Client client = server.client();
    client.send("FIRST\r\nWAIT\r\n");
    REQUIRE(client.reply() == "*2\r\n$5\r\nFIRST\r\n:1\r\n");
    REQUIRE(support::eventually([&] { return gate->waiting == 1; }));
    REQUIRE(server.client().ask("OTHER\r\n") == "*2\r\n$5\r\nOTHER\r\n:1\r\n");
    CHECK(client.available() == 0);
    gate->is_open = true;
    CHECK(client.reply() == "*2\r\n$4\r\nWAIT\r\n:1\r\n");
}

TEST_CASE("a client may leave while its coroutine waits") {
    Waiter handler;
    RunningServer server{{}, handler};
    for (const bool reset : {false, true}) {
        CAPTURE(reset);
        handler.gate->is_open = false;
        Client client = server.client();
        client.send(command("WAIT", "a"));
        REQUIRE(support::eventually([&] { return handler.gate->waiting == 1; }));
        reset ? client.reset() : client.close();
        CHECK(server.client().ask(command("ECHO", "b")) == bulk("b"));
        handler.gate->is_open = true;
        CHECK(support::eventually([&] { return server.stats().connections == 0; }));
    }
}

TEST_CASE("many coroutines wait at a time on several threads") {
    Waiter handler;
    RunningServer server{{.threads = 4}, handler};
    std::vector<Client> clients;
    for (int i = 0; i != 60; ++i) {
        clients.push_back(server.client());
        clients.back().send(command("WAIT", i) + command("ECHO", -i));
    }
    REQUIRE(support::eventually([&] { return handler.gate->waiting == 60; }));
    handler.gate->is_open = true;
    for (int i = 0; i != 60; ++i) {
        CHECK(clients[static_cast<std::size_t>(i)].reply() == bulk(std::to_string(i)));
        CHECK(clients[static_cast<std::size_t>(i)].reply() == bulk(std::to_string(-i)));
    }
}
