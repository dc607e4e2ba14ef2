// Options::first_limits and Reply::lift_limits().
#include <asio/awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

using resp::Reply;
using resp::Request;
using support::command;
using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::pong;

namespace {

const resp::Options options{.first_limits = resp::Limits{.max_bulk = 20, .max_elements = 4}};

/// AUTH lifts the limits. Each reply is PONG.
struct AskingPlain {
    void operator()(const Request& request, Reply& reply) const {
        reply.simple_string("PONG");
        if (request.command().is("AUTH")) reply.lift_limits();
        if (request.command().is("RESET")) reply.restore_limits();
    }
};
struct AskingCoroutine {
    asio::awaitable<void> operator()(const Request& request, Reply& reply) const {
        AskingPlain{}(request, reply);
        co_return;
    }
};

const std::string large = command("SET", "key", noise(100));

std::string pongs(int n) {
    std::string all;
    while (n-- != 0) all += pong;
    return all;
}

}  // namespace

TEMPLATE_TEST_CASE("the request after the one that lifts the limits has the full limits", "", AskingPlain,
                   AskingCoroutine) {
    const std::string bytes = command("PING") + command("AUTH", "secret") + large + command("PING") + large;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        INFO(cut);
        MemoryServer server{options, TestType{}};
        MemoryClient& client = server.connect();
        client.send(bytes.substr(0, cut));
        server.run();
        client.send(bytes.substr(cut));
        server.run();
        REQUIRE(client.received == pongs(5));
    }
}

TEMPLATE_TEST_CASE("a request over the first limits is refused until they are lifted", "", AskingPlain,
                   AskingCoroutine) {
    MemoryServer server{options, TestType{}};
    MemoryClient& client = server.connect();
    client.send(command("PING") + large + command("AUTH"));
    server.run();
    CHECK(client.received.starts_with(std::string{pong} + "-ERR Protocol error: "));
    CHECK(client.ended);
    // A connection that has lifted them does not lift those of another one.
    MemoryClient& lifted = server.connect();
    lifted.send(command("AUTH") + large);
    server.run();
    CHECK(lifted.received == pongs(2));
    MemoryClient& other = server.connect();
    other.send(large);
    server.run();
    CHECK(other.received.starts_with("-ERR Protocol error: "));
    lifted.send(large);
    server.run();
    CHECK(lifted.received == pongs(3));
}

TEMPLATE_TEST_CASE("the request after the one that restores the limits has the first limits again", "",
                   AskingPlain, AskingCoroutine) {
    MemoryServer server{options, TestType{}};
    MemoryClient& client = server.connect();
    client.send(command("AUTH") + large + command("RESET") + large);
    server.run();
    CHECK(client.received == pongs(3) + "-ERR Protocol error: invalid bulk length\r\n");
}

TEST_CASE("lift_limits() without first limits or without a server does nothing") {
    MemoryServer server{{}, AskingPlain{}};
    MemoryClient& client = server.connect();
    client.send(command("AUTH") + large);
    server.run();
    CHECK(client.received == pongs(2));
    std::string bytes;
    Reply{bytes}.lift_limits().integer(1);
    CHECK(bytes == ":1\r\n");
}
