// The engine over in-memory streams: reads, writes, and streams that break.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"

using support::bulk;
using support::command;
using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::Noting;
using support::Ping;
using support::ping;
using support::pong;
using support::repeat;
using namespace std::chrono_literals;

// ---- bytes

TEST_CASE("replies are the same however reads and writes are cut") {
    const std::string requests = command("ECHO", noise(1000)) + std::string{ping} + "ECHO 'a b'\r\n";
    const std::string replies = bulk(noise(1000)) + std::string{pong} + bulk("a b");
    const auto most_read = GENERATE(as<std::size_t>{}, SIZE_MAX, 1, 2, 7, 1'000);
    const auto most_write = GENERATE(as<std::size_t>{}, SIZE_MAX, 1, 3);
    CAPTURE(most_read, most_write);
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.most_read = most_read;
    client.most_write = most_write;
    client.send(requests);
    server.run();
    CHECK((client.received == replies));
    client.finish();
    server.run();
    CHECK(client.ended);
    CHECK(client.closed);
    CHECK(server.connections() == 0);
}

TEST_CASE("a batch needs one read and one write") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.send(repeat(ping, 100));
    const std::size_t before = client.calls;
    REQUIRE(server.step());
    CHECK((client.received == repeat(pong, 100)));
    CHECK(client.calls - before == 3);  // read, write, wait
    CHECK_FALSE(server.step());
}

TEST_CASE("a notification without a cause does nothing") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.notify({.read = true});
    client.notify({.read = true, .write = true});
    client.send("*1\r\n");
    client.send("$4\r\nPING\r\n");
    server.step();
    client.notify({.write = true});
    CHECK(client.received.empty());
    server.run();
    CHECK(client.received == pong);
    CHECK_FALSE(client.closed);
}

TEST_CASE("a client with a deep pipeline does not delay others") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& greedy = server.connect();
    MemoryClient& modest = server.connect();
    greedy.send(repeat(ping, 100'000));
    REQUIRE(server.step());  // one batch of the greedy client
    modest.send(ping);
    while (modest.received.empty()) REQUIRE(server.step());
    CHECK(greedy.received.size() < 20'000 * pong.size());
    server.run();
    CHECK((greedy.received == repeat(pong, 100'000)));
}

// ---- last words

TEST_CASE("after an error the client reads the reason, and the rest of its input is discarded") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.send(std::string{ping} + "*1\r\n:1\r\n" + std::string{ping});
    server.run();
    CHECK(client.received.starts_with(std::string{pong} + "-ERR Protocol error: "));
    CHECK(client.ended);
    CHECK_FALSE(client.closed);
    const std::string heard = client.received;
    client.send(ping);
    server.run();
    CHECK(client.unread() == 0);
    CHECK(client.received == heard);
    CHECK(server.counters().requests.value() == 1);
    SECTION("until it ends") { client.finish(); }
    SECTION("until the stream breaks") { client.fail(); }
    SECTION("for a second") { server.pass(1'300ms); }
    server.run();
    CHECK(client.closed);
    CHECK(server.connections() == 0);
    CHECK(server.counters().timeouts.value() == 0);
}

TEST_CASE("after an error one megabyte of input is discarded, and the rest is not read") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.send("*1\r\n:1\r\n");
    for (int i = 0; i != 100; ++i) client.send(noise(16 * 1024));
    server.run();
    CHECK(client.unread() == std::size_t{36} * 16 * 1024);
    CHECK_FALSE(client.closed);  // or its kernel would drop the error that it has not read
    server.pass(1'300ms);
    CHECK(client.closed);
    CHECK(client.unread() == std::size_t{36} * 16 * 1024);
}

TEST_CASE("a closing connection stays open as long as the client reads") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.unacknowledged = 1'000'000;
    SECTION("after an error") { client.send("*1\r\n:1\r\n"); }
    SECTION("at a stop") { server.stop(); }
    server.run();
    REQUIRE(client.ended);
    for (int i = 0; i != 4; ++i) {
        server.pass(900ms);
        client.unacknowledged -= 1;
        CHECK_FALSE(client.closed);
    }
    server.pass(1'300ms);
    CHECK(client.closed);
}

TEST_CASE("a closing connection waits for a client that does not read") {
    MemoryServer server{{}, Noting{}};
    MemoryClient& client = server.connect();
    client.most_write = 1;
    client.room = 0;
    client.send("PING\r\nQUIT\r\nPING\r\n");
    server.pass(20s);
    CHECK_FALSE(client.ended);
    client.room = MemoryClient::all;
    server.run();
    CHECK(client.received == repeat(pong, 2));
    CHECK(client.ended);
}

// ---- everything that can break

TEST_CASE("a stream that breaks at any call ends one connection only") {
    const auto requests = GENERATE(std::string{"*1\r\n$4\r\nPING\r\n"}, std::string{"PING\r\nQUIT\r\n"},
                                   std::string{"PING\r\nTHROW\r\nPING\r\n"}, std::string{"*1\r\n:1\r\n"},
                                   command("ECHO", std::string(100, 'v')));
    CAPTURE(requests);
    bool broke = true;
    for (std::size_t at = 0; broke; ++at) {
        CAPTURE(at);
        const Noting handler;
        MemoryServer server{{}, handler};
        MemoryClient& other = server.connect();
        MemoryClient& client = server.connect();
        client.most_read = 5;
        client.most_write = 3;
        client.room = 7;
        client.fails_at = client.calls + at;
        client.send(requests);
        server.run();
        client.room = MemoryClient::all;
        server.run();
        broke = client.calls > client.fails_at;
        if (!broke) client.fail();
        server.pass(2s);
        REQUIRE(client.closed);
        REQUIRE(handler.ends->size() == 1);
        REQUIRE(server.connections() == 1);
        REQUIRE(server.memory() == 0);
        other.send(ping);
        server.run();
        REQUIRE(other.received == pong);
        REQUIRE(at < 1'000);
    }
}

TEST_CASE("on_close() gets the error of a broken stream") {
    const Noting handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send("*1\r\n");
    server.run();
    client.fail(std::errc::connection_reset);
    server.run();
    REQUIRE(handler.ends->size() == 1);
    CHECK(handler.ends->items()[0] == std::errc::connection_reset);
}
