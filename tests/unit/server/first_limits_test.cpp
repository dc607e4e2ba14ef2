// Options::first_limits and Reply::lift_limits().
#include <asio/awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/memory_transport.hpp"

#include <libresp/server/incoming.hpp>

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

/// Asks for each long word, and counts how often it was asked.
struct AskingForWords : AskingPlain {
    int* asked;
    bool wants_stream(const resp::Command&, std::uint64_t) const { return ++*asked != 0; }
    asio::awaitable<void> on_stream(resp::Incoming&, Reply& reply) const {
        reply.simple_string("STREAM");
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

TEST_CASE("no word streams before the limits are lifted, whatever the first limits are") {
    const std::string word = command("SET", "key", noise(200'000));
    const std::size_t most = GENERATE(20U, 150'000U, 300'000U);
    int asked = 0;
    MemoryServer server{
        {.first_limits = resp::Limits{.max_bulk = most}, .stream_above = 128 * 1024, .max_stream = 400'000},
        AskingForWords{{}, &asked}};
    const auto replies = [&](const std::string& requests) {
        MemoryClient& client = server.connect();
        client.send(requests);
        server.run();
        return client.received;
    };
    const std::string refused = "-ERR Protocol error: invalid bulk length\r\n";
    CHECK(replies(word) == (most == 300'000 ? pong : refused));
    CHECK(replies(command("AUTH") + command("RESET") + word) ==
          pongs(2) + (most == 300'000 ? std::string{pong} : refused));
    CHECK(asked == 0);
    CHECK(replies(command("AUTH") + word) == std::string{pong} + "+STREAM\r\n");
    CHECK(asked == 1);
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
