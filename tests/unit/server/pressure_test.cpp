// All connections together exceed max_memory with received input or queued output: the largest are paused and
// closed, the others are served, and the server recovers.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"

#include <algorithm>
#include <vector>

using support::bulk;
using support::command;
using support::Gated;
using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::Ping;
using support::ping;
using support::PingOfKnown;
using support::pong;
using support::repeat;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view give_line = "GIVE\r\n";

/// Answers GIVE with a value of its size, anything else with PONG.
struct Giving {
    std::size_t size;
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        if (request.command().is("GIVE")) {
            reply.bulk_string(noise(size));
        } else {
            reply.simple_string("PONG");
        }
    }
};

const std::string large_echo = command("ECHO", noise(900'000));

}  // namespace

TEST_CASE("an incomplete frame has its deadline even after max_memory was exceeded") {
    MemoryServer server{{.max_memory = 1'000'000}, Ping{}};
    MemoryClient& owing = server.connect();
    MemoryClient& idle = server.connect();
    MemoryClient& large = server.connect();
    owing.send("*1\r\n$4\r\nPI");
    large.send("*2\r\n$4\r\nECHO\r\n$5000000\r\n");
    for (int i = 0; i != 30; ++i) large.send(noise(100'000));
    server.pass(1'500ms);
    REQUIRE(large.closed);
    CHECK_FALSE(owing.closed);
    server.pass(11s);
    CHECK(owing.closed);
    CHECK_FALSE(idle.closed);
    CHECK(server.memory() == 0);
    idle.send(ping);
    server.run();
    CHECK(idle.received == pong);
}

TEST_CASE("a paused connection that is closed lingers for a second") {
    const PingOfKnown handler;
    MemoryServer server{{.max_memory = 1'000'000}, handler};
    MemoryClient& large = server.connect();
    large.send("*2\r\n$4\r\nECHO\r\n$5000000\r\n");
    for (int i = 0; i != 15; ++i) large.send(noise(100'000));
    server.run();
    REQUIRE_FALSE(large.interest.read);  // it is paused
    handler.clients->items().front().close();
    server.run();
    REQUIRE(large.ended);
    REQUIRE_FALSE(large.closed);  // it lingers: its unread input is below the limit for discarded bytes
    server.tick(200ms);
    server.tick(200ms);
    server.tick(200ms);
    CHECK_FALSE(large.closed);
    server.tick(600ms);
    CHECK(large.closed);
}

TEST_CASE("unread large replies of many clients stay within max_memory, and the others are served") {
    constexpr std::size_t most = 1'000'000;
    MemoryServer server{{.max_memory = most}, Giving{200'000}};
    MemoryClient& other = server.connect();
    std::vector<MemoryClient*> silent;
    for (int i = 0; i != 30; ++i) {
        silent.push_back(&server.connect());
        silent.back()->room = 0;
        silent.back()->send(repeat(give_line, 5));
        other.send(ping);
        server.run();
        REQUIRE(server.memory() <= 2 * most);
        REQUIRE(other.received.size() == silent.size() * pong.size());
    }
    server.pass(3s);
    CHECK(server.memory() <= most);
    const auto closed =
        std::count_if(silent.begin(), silent.end(), [](auto* client) { return client->closed; });
    CHECK(closed != 0);
    CHECK(closed != 30);
    CHECK(server.counters().cut_off.value() == static_cast<std::uint64_t>(closed));
    CHECK_FALSE(other.closed);
    // A client that is still open and reads gets everything.
    for (MemoryClient* client : silent) client->room = MemoryClient::all;
    server.pass(1s);
    for (const MemoryClient* client : silent) {
        if (!client->closed) CHECK((client->received == repeat(bulk(noise(200'000)), 5)));
    }
    CHECK(server.memory() == 0);
}

TEST_CASE("received input and queued replies count together, and both continue when memory is free") {
    MemoryServer server{{.max_memory = 2'000'000}, Giving{1'500'000}};
    MemoryClient& sending = server.connect();
    MemoryClient& silent = server.connect();
    silent.room = 0;
    silent.send(give_line);
    sending.send("*2\r\n$4\r\nECHO\r\n$1000000\r\n");
    for (int i = 0; i != 7; ++i) sending.send(noise(100'000));
    server.run();
    for (int i = 0; i != 3; ++i) sending.send(noise(100'000));
    sending.send("\r\n");
    silent.send(give_line);
    server.run();
    CHECK_FALSE(silent.interest.read);
    CHECK_FALSE(sending.interest.read);
    CHECK(silent.unread() == give_line.size());
    silent.room = MemoryClient::all;
    server.pass(400ms);
    CHECK((silent.received == repeat(bulk(noise(1'500'000)), 2)));
    CHECK(sending.received == pong);
    CHECK(server.memory() == 0);
    CHECK(server.counters().cut_off.value() == 0);
}

TEST_CASE("a reply counts with its whole buffer until most of it is sent") {
    MemoryServer server{{}, Giving{1'500'000}};
    MemoryClient& client = server.connect();
    client.room = 700'000;
    client.send(give_line);
    server.run();
    REQUIRE(client.received.size() == 700'000);
    CHECK(server.memory() >= 1'500'000);
    client.room = 790'000;
    server.run();
    REQUIRE(client.received.size() == 1'490'000);
    CHECK(server.memory() >= 10'000);
    CHECK(server.memory() <= 20'000);
    client.room = MemoryClient::all;
    server.run();
    CHECK(server.memory() == 0);
}

TEST_CASE("a small request in a buffer made for a large one does not count with the whole buffer") {
    constexpr int clients = 10;
    const auto lend_to_each = [](MemoryServer& server, std::string_view request) {
        MemoryClient& large = server.connect();
        for (int i = 0; i != clients; ++i) {
            large.send(command("PING", noise(1'000'000)));
            server.run();
            server.connect().send(request);
            server.run();
        }
        CHECK(large.received == repeat(pong, clients));
        CHECK(server.memory() > 0);
        CHECK(server.memory() <= clients * 64 * 1024);
    };
    SECTION("if it is incomplete") {
        MemoryServer server{{}, Ping{}};
        lend_to_each(server, "*1\r\n");
    }
    SECTION("if its handler waits") {
        const Gated handler;
        MemoryServer server{{}, handler};
        lend_to_each(server, command("WAIT"));
        handler.open();
        server.run();
    }
}

TEST_CASE("a small reply in a buffer made for a large one does not count with the whole buffer") {
    MemoryServer server{{}, Giving{1'000'000}};
    MemoryClient& large = server.connect();
    for (int i = 0; i != 10; ++i) {
        large.send(give_line);
        server.run();
        MemoryClient& small = server.connect();
        small.room = 2;
        small.send(ping);
        server.run();
    }
    CHECK(server.memory() > 0);
    CHECK(server.memory() <= 10 * 64 * 1024);
}

TEST_CASE("a push for which max_memory has no room is refused, until a client that does not read is closed") {
    const PingOfKnown handler;
    MemoryServer server{{.max_memory = 1'000'000}, handler};
    MemoryClient& silent = server.connect();
    MemoryClient& reading = server.connect();
    silent.room = 0;
    const auto push_to = [&](std::size_t i) {
        return handler.clients->items()[i].send(bulk(noise(100'000)));
    };
    for (int i = 0; i != 9; ++i) REQUIRE(push_to(0) == resp::Sent::queued);
    CHECK(push_to(1) == resp::Sent::too_large);
    CHECK(server.memory() > 900'000);
    CHECK(server.memory() < 1'000'000);
    server.run();
    server.pass(400ms);
    CHECK(silent.closed);
    CHECK(push_to(1) == resp::Sent::queued);
    server.run();
    CHECK((reading.received == bulk(noise(100'000))));
    CHECK(server.memory() == 0);
}

TEST_CASE("a paused connection handles a request only when no reply is queued") {
    MemoryServer server{{.max_memory = 1'000'000}, Giving{1'100'000}};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.send(repeat(give_line, 3));
    server.run();
    client.send(ping);
    server.run();
    CHECK(server.counters().requests.value() == 1);
    CHECK(client.unread() == ping.size());
    client.room = MemoryClient::all;
    server.pass(200ms);
    CHECK((client.received == repeat(bulk(noise(1'100'000)), 3) + std::string{pong}));
    CHECK(server.memory() == 0);
}

TEST_CASE("over max_memory a connection is not closed if its handler waits, because that frees nothing") {
    const Gated handler;
    MemoryServer server{{.max_memory = 1'000'000}, handler};
    MemoryClient& waiting = server.connect();
    waiting.send(large_echo);
    server.run();
    MemoryClient& next = server.connect();
    next.send(large_echo);
    server.pass(3s);
    CHECK_FALSE(waiting.closed);
    CHECK(next.closed);
    CHECK(server.counters().cut_off.value() == 1);
    CHECK(server.memory() > 900'000);
    handler.open();
    server.run();
    CHECK(waiting.received == pong);
    CHECK(server.memory() == 0);
}

TEST_CASE(
    "over max_memory a client with requests left is closed before one that stalled up to 10 s earlier") {
    const auto [later, closes_done] = GENERATE(Catch::Generators::table<std::chrono::seconds, bool>({
        {1s, false},
        {9s, false},
        {11s, true},
    }));
    MemoryServer server{{.max_memory = 1'000'000, .connection_memory = 10'000}, Giving{300'000}};
    MemoryClient& done = server.connect();
    MemoryClient& greedy = server.connect();
    MemoryClient& last = server.connect();
    done.room = greedy.room = last.room = 0;
    done.send(give_line);
    server.pass(later);
    for (int i = 0; i != 5; ++i) greedy.send(give_line);
    server.run();
    REQUIRE(greedy.unread() == 3 * give_line.size());
    last.send(give_line);
    server.pass(400ms);
    CHECK(done.closed == closes_done);
    CHECK(greedy.closed != closes_done);
    CHECK_FALSE(last.closed);
    done.room = MemoryClient::all;
    server.pass(400ms);
    if (!closes_done) CHECK((done.received == bulk(noise(300'000))));
}
