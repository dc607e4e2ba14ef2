// The engine over in-memory streams: limits of a batch, of output, connections and memory. When it stops reading
// from a client, and when it closes one.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"

using resp::Interest;
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

// ---- batches

TEST_CASE("blank lines and empty commands wait for their turn after 4 KiB") {
    const std::string_view nothing = GENERATE("\n", "\r\n", "*0\r\n", "*-1\r\n");
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    MemoryClient& other = server.connect();
    constexpr std::size_t kib = 1024;
    client.send(repeat(nothing, 64 * kib / nothing.size()) + std::string{ping});
    other.send(ping);
    REQUIRE(client.notify());
    REQUIRE(other.notify());
    CHECK(other.received == pong);
    int turns = 0;  // and what else is posted in between
    while (client.received.empty() && server.run_posted()) ++turns;
    CHECK(client.received == pong);
    CHECK(turns >= 15);  // one for each 4 KiB, without the first
}

// ---- output

TEST_CASE("if memory is short, the engine stops reading from a client that does not read") {
    MemoryServer server{{.max_memory = 40'000, .connection_memory = 10'000}, Ping{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    const std::string value(1'000, 'v');
    for (int i = 0; i != 100; ++i) client.send(command("ECHO", value));
    server.run();
    CHECK(client.received.empty());
    CHECK_FALSE(client.interest.read);
    CHECK(client.interest.write);
    CHECK(client.unread() >= 50 * value.size());
    CHECK(server.memory() < 40'000);
    client.room = MemoryClient::all;
    server.pass(200ms);
    CHECK((client.received == repeat(bulk(value), 100)));
    CHECK(client.interest == Interest{.read = true});
}

TEST_CASE("pushes above max_pushes close a client that does not read") {
    const PingOfKnown handler;
    MemoryServer server{{.max_pushes = 1'000'000}, handler};
    MemoryClient& client = server.connect();
    client.room = 100;
    const resp::Connection connection = handler.clients->items().front();
    const std::string push = bulk(noise(100'000));
    for (int i = 0; i != 9; ++i) REQUIRE(connection.send(push) == resp::Sent::queued);
    server.run();
    CHECK_FALSE(client.closed);
    CHECK(client.received == push.substr(0, 100));
    connection.send(push);
    server.run();
    CHECK(client.closed);
    CHECK_FALSE(connection.is_open());
    CHECK(server.counters().cut_off.value() == 1);
}

// ---- a handler that waits

TEST_CASE("the engine does not read from a connection whose handler waits") {
    const Gated handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send("PING\r\nWAIT\r\nPING\r\n");
    server.run();
    client.send(ping);
    server.run();
    CHECK(client.received == pong);
    CHECK_FALSE(client.interest.read);
    CHECK(client.unread() == ping.size());
    SECTION("until the handler continues") {
        handler.open();
        server.run();
        CHECK(client.received == repeat(pong, 4));
        CHECK(client.interest.read);
    }
    SECTION("and closes a broken stream at once, but keeps its place until the handler ends") {
        client.fail();
        server.run();
        CHECK(client.closed);
        CHECK(server.connections() == 1);
        handler.open();
        server.run();
        CHECK(client.closed);
        CHECK(server.connections() == 0);
    }
    SECTION("and closes when the handler ends after a stop by force") {
        server.worker().abort();
        CHECK(client.closed);
        CHECK(server.connections() == 1);
        handler.open();
        server.run();
        CHECK(server.connections() == 0);
    }
}

// ---- clients, and their input

TEST_CASE("one client above max_connections gets an error") {
    MemoryServer server{{.max_connections = 2}, Ping{}};
    server.connect();
    MemoryClient& second = server.connect();
    MemoryClient& third = server.connect();
    server.run();
    CHECK(third.received == "-ERR max number of clients reached\r\n");
    CHECK(third.ended);
    second.fail();
    server.run();
    MemoryClient& fourth = server.connect();
    fourth.send(ping);
    server.run();
    CHECK(fourth.received == pong);
}

TEST_CASE("over max_memory the largest connection is paused, and closed if that does not help") {
    MemoryServer server{{.max_memory = 1'000'000}, Ping{}};
    MemoryClient& large = server.connect();
    MemoryClient& small = server.connect();
    large.send("*2\r\n$4\r\nECHO\r\n$5000000\r\n");
    for (int i = 0; i != 30; ++i) large.send(noise(100'000));
    server.run();
    CHECK_FALSE(large.interest.read);
    CHECK(large.unread() > 1'000'000);
    small.send(ping);
    server.run();
    CHECK(small.received == pong);
    CHECK_FALSE(large.closed);
    server.pass(1'500ms);
    CHECK(large.closed);
    CHECK_FALSE(small.closed);
    CHECK(server.memory() == 0);
}
