// A server that was short of memory for received input goes on as before.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::Ping;
using support::ping;
using support::PingOfKnown;
using support::pong;
using namespace std::chrono_literals;

TEST_CASE("who owes the rest of a frame has a deadline, also after input memory ran out") {
    MemoryServer server{{.max_input_memory = 1'000'000}, Ping{}};
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
    CHECK(server.input_memory() == 0);
    idle.send(ping);
    server.run();
    CHECK(idle.received == pong);
}

TEST_CASE("who is closed while input memory is short still has a second for the last words") {
    const PingOfKnown handler;
    MemoryServer server{{.max_input_memory = 1'000'000}, handler};
    MemoryClient& large = server.connect();
    large.send("*2\r\n$4\r\nECHO\r\n$5000000\r\n");
    for (int i = 0; i != 15; ++i) large.send(noise(100'000));
    server.run();
    REQUIRE_FALSE(large.interest.read);  // it is paused
    handler.clients->items().front().close();
    server.run();
    REQUIRE(large.ended);
    REQUIRE_FALSE(large.closed);  // what it has sent is less than what is discarded
    server.tick(200ms);
    server.tick(200ms);
    server.tick(200ms);
    CHECK_FALSE(large.closed);
    server.tick(600ms);
    CHECK(large.closed);
}
