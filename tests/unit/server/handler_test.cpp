// The life of a handler: one copy for each connection, and the hooks on_open and on_close.
#include <asio/awaitable.hpp>
#include <asio/error.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

using support::Client;
using support::eventually;
using support::ping;
using support::pong;
using support::Record;
using support::RunningServer;

namespace {

/// The events of all connections of a server. Each line begins with the number of its connection.
using Events = std::shared_ptr<Record<std::string>>;

/// Counts the requests of its connection. THROW throws, CLOSE closes.
struct Counting {
    Events events;
    std::uint64_t id = 0;
    int requests = 0;

    void answer(const resp::Request& request, resp::Reply& reply) {
        events->add(std::to_string(id) + " request");
        if (request.command().is("THROW")) throw std::runtime_error{"as told"};
        reply.integer(++requests);
        if (request.command().is("CLOSE")) reply.close();
    }
    void on_open(resp::Connection connection) {
        id = connection.id();
        events->add(std::to_string(id) + " open");
    }
    void on_close(std::error_code reason) {
        events->add(std::to_string(id) + " close " + (reason ? reason.message() : "orderly"));
    }
};

struct PlainKind : Counting {
    void operator()(const resp::Request& request, resp::Reply& reply) { answer(request, reply); }
};
struct CoroutineKind : Counting {
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        answer(request, reply);
        co_return;
    }
};

/// Waits for `expected` events, and returns them without the number.
std::vector<std::string> story(const Events& events, std::size_t expected) {
    eventually([&] { return events->size() >= expected; });
    std::vector<std::string> lines = events->items();
    for (std::string& line : lines) line.erase(0, line.find(' ') + 1);
    return lines;
}

std::string why(std::error_code ec) { return "close " + ec.message(); }

using Story = std::vector<std::string>;

}  // namespace

TEMPLATE_TEST_CASE("the members of a handler belong to one connection", "", PlainKind, CoroutineKind) {
    const auto events = std::make_shared<Record<std::string>>();
    TestType handler;
    handler.events = events;
    handler.requests = 10;
    RunningServer server{{}, handler};
    Client a = server.client();
    Client b = server.client();
    CHECK(a.ask(ping) == ":11\r\n");
    CHECK(a.ask(ping) == ":12\r\n");
    CHECK(b.ask(ping) == ":11\r\n");
    CHECK(a.ask(ping) == ":13\r\n");
    CHECK(b.ask(ping) == ":12\r\n");
}

TEMPLATE_TEST_CASE("the hooks report when a connection opens and why it closes", "", PlainKind,
                   CoroutineKind) {
    const auto events = std::make_shared<Record<std::string>>();
    TestType handler;
    handler.events = events;
    RunningServer server{
        {.frame_deadline = std::chrono::milliseconds{50}, .idle_timeout = std::chrono::milliseconds{400}},
        handler};
    Client client = server.client();
    SECTION("by the client's end") {
        REQUIRE(client.ask(ping) == ":1\r\n");
        client.close();
        CHECK(story(events, 3) == Story{"open", "request", "close orderly"});
    }
    SECTION("by the client's end inside a request") {
        client.send("*1\r\n$4\r\nPI");
        client.close();
        CHECK(story(events, 2) == Story{"open", "close orderly"});
    }
    SECTION("by the client's reset") {
        REQUIRE(client.ask(ping) == ":1\r\n");
        client.reset();
        CHECK(story(events, 3) == Story{"open", "request", why(asio::error::connection_reset)});
    }
    SECTION("by the handler") {
        client.send("CLOSE\r\nPING\r\n");
        CHECK(client.rest() == ":1\r\n");
        client.close();
        CHECK(story(events, 3) == Story{"open", "request", "close orderly"});
    }
    SECTION("by an exception of the handler") {
        client.send("THROW\r\nPING\r\n");
        CHECK(client.rest() == "-ERR internal error\r\n");
        client.close();
        CHECK(story(events, 3) ==
              Story{"open", "request", why(std::make_error_code(std::errc::operation_canceled))});
    }
    SECTION("by a protocol error") {
        client.send("*1\r\n:");
        CHECK(client.rest() == "-ERR Protocol error: expected '$', got ':'\r\n");
        client.close();
        CHECK(story(events, 2) == Story{"open", why(resp::make_error_code(resp::Errc::expected_bulk))});
    }
    SECTION("by a deadline") {
        client.send("*1\r\n");
        CHECK(story(events, 2) == Story{"open", why(asio::error::timed_out)});
    }
    SECTION("by idleness") { CHECK(story(events, 2) == Story{"open", why(asio::error::timed_out)}); }
    SECTION("by the server's stop") {
        REQUIRE(client.ask(ping) == ":1\r\n");
        server->stop();
        CHECK(client.rest().empty());
        client.close();
        server.join();
        CHECK(story(events, 3) == Story{"open", "request", "close orderly"});
    }
}

TEST_CASE("the hooks are called once for each connection") {
    const auto events = std::make_shared<Record<std::string>>();
    PlainKind handler;
    handler.events = events;
    RunningServer server{{}, handler};
    for (int i = 0; i != 20; ++i) REQUIRE(server.client().ask(ping) == ":1\r\n");
    REQUIRE(eventually([&] { return events->size() == 60; }));
    std::vector<std::string> lines = events->items();
    std::sort(lines.begin(), lines.end());
    CHECK(std::adjacent_find(lines.begin(), lines.end()) == lines.end());
}

TEST_CASE("on_open() can greet a client and close its connection") {
    struct Greeter {
        void operator()(const resp::Request&, resp::Reply& reply) { reply.integer(1); }
        void on_open(resp::Connection connection) {
            connection.send("+hello\r\n");
            connection.close();
        }
    };
    RunningServer server{{}, Greeter{}};
    CHECK(server.client().rest() == "+hello\r\n");
}

TEST_CASE("a push before a close() is sent") {
    RunningServer server{{}, [](const resp::Request& request, resp::Reply& reply) {
                             reply.simple_string("PONG");
                             request.connection().send("+bye\r\n");
                             request.connection().close();
                         }};
    Client client = server.client();
    client.send(std::string{ping} + std::string{ping});
    CHECK(client.rest() == std::string{pong} + "+bye\r\n");
    CHECK(server.stats().requests == 1);
}

TEST_CASE("a reply that closes is the last, and later requests are dropped") {
    RunningServer server{{}, [](const resp::Request& request, resp::Reply& reply) {
                             reply.bulk_string(support::noise(300'000));
                             if (request.command().is("QUIT")) reply.close();
                         }};
    Client client = server.client();
    client.send("PING\r\nQUIT\r\nPING\r\nPING\r\n");
    const std::string reply = support::bulk(support::noise(300'000));
    support::End end{};
    CHECK((client.rest(&end) == reply + reply));
    CHECK(end == support::End::orderly);
    CHECK(server.stats().requests == 2);
}

TEST_CASE("a generic lambda is a handler and gets a constant request") {
    RunningServer server{{}, [](auto& request, auto& reply) {
                             static_assert(std::is_same_v<decltype(request), const resp::Request&>);
                             static_assert(std::is_same_v<decltype(reply), resp::Reply&>);
                             reply.value(request.value());
                         }};
    CHECK(server.client().ask(ping) == ping);
}

TEST_CASE("a plain function is a handler") {
    void (*answer)(const resp::Request&, resp::Reply&) = [](const resp::Request&, resp::Reply& reply) {
        reply.simple_string("PONG");
    };
    RunningServer server{{}, answer};
    CHECK(server.client().ask(ping) == pong);
}
