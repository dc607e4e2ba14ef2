// What begins again when the engine reads a connection again, and when the heap is trimmed.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/memory_transport.hpp"

using support::bulk;
using support::command;
using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::Ping;
using support::ping;
using support::pong;
using namespace std::chrono_literals;

namespace {

/// Answers GIVE <size> with that many bytes, anything else with PONG.
struct GivingLater {
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        if (request.command().is("GIVE")) {
            reply.bulk_string(noise(std::stoul(std::string{request.command()[1]})));
        } else {
            reply.simple_string("PONG");
        }
    }
};

/// Sends a header of a string of 5 MB and 0.8 MB of it.
void begin_large_frame(MemoryServer& server, MemoryClient& client) {
    client.send("*2\r\n$4\r\nECHO\r\n$5000000\r\n");
    for (int i = 0; i != 8; ++i) {
        client.send(noise(100'000));
        server.run();
    }
}

/// A reply of 0.5 MB that the client does not read. Then memory is short, and the large frame is held back.
void begin_shortage(MemoryServer& server, MemoryClient& client) {
    client.room = 0;
    client.send(command("GIVE", "500000"));
    server.run();
}

resp::detail::Clock::time_point last_trim(MemoryServer& server) { return server.worker().shared().trimmed; }

}  // namespace

TEST_CASE("the deadline of a frame begins again when its connection is read again after a shortage") {
    MemoryServer server{{.limits = {.max_bulk = 8'000'000},
                         .max_memory = 1'500'000,
                         .frame_deadline = 2s,
                         .frame_rate = 1'000'000'000},
                        GivingLater{}};
    MemoryClient& sending = server.connect();
    MemoryClient& silent = server.connect();
    begin_large_frame(server, sending);
    server.pass(1'600ms);
    REQUIRE(sending.interest.read);
    begin_shortage(server, silent);
    sending.send("x");
    server.run();
    REQUIRE_FALSE(sending.interest.read);
    server.pass(600ms);  // the deadline passes
    CHECK_FALSE(sending.closed);
    silent.room = MemoryClient::all;
    server.pass(400ms);
    REQUIRE(sending.interest.read);
    server.pass(1'200ms);
    CHECK_FALSE(sending.closed);  // a whole deadline has not passed since then
    server.pass(1'200ms);
    CHECK(sending.closed);
    CHECK(server.counters().timeouts.value() == 1);
}

TEST_CASE("being held back does not renew the deadline of a frame before it is read again") {
    MemoryServer server{{.limits = {.max_bulk = 8'000'000},
                         .max_memory = 1'500'000,
                         .frame_deadline = 2s,
                         .frame_rate = 1'000'000'000},
                        GivingLater{}};
    MemoryClient& sending = server.connect();
    begin_large_frame(server, sending);
    server.pass(1'600ms);
    MemoryClient& other = server.connect();
    other.send(command("GIVE", "600000"));  // it is read at once, so there is no shortage
    server.pass(800ms);
    CHECK(sending.closed);
}

TEST_CASE("bytes of an incomplete request stay when another connection is read in between") {
    MemoryServer server{{}, GivingLater{}};
    MemoryClient& first = server.connect();
    MemoryClient& second = server.connect();
    first.send("*2\r\n$4\r\nGIVE\r\n$1\r");
    server.run();
    second.send(command("ECHO", noise(10'000)));
    server.run();
    first.send("\n3\r\n");
    server.run();
    CHECK((first.received == bulk(noise(3))));
    CHECK(second.received == pong);
}

TEST_CASE("the heap is trimmed only after large buffers were freed") {
    MemoryServer server{{.trim_interval = 1s}, GivingLater{}};
    MemoryClient& client = server.connect();
    const auto never = last_trim(server);
    client.send(ping);
    server.pass(3s);
    CHECK(last_trim(server) == never);
    client.send(command("GIVE", "3000000"));
    server.pass(1s);
    const auto trimmed = last_trim(server);
    CHECK(trimmed != never);
    server.pass(3s);
    CHECK(last_trim(server) == trimmed);
    client.send(command("GIVE", "3000000"));
    server.pass(2s);
    CHECK(last_trim(server) != trimmed);
}

TEST_CASE("the heap is not trimmed more often than trim_interval, nor if that is 0") {
    MemoryServer server{{.trim_interval = GENERATE(0s, 30s)}, GivingLater{}};
    MemoryClient& client = server.connect();
    client.send(command("GIVE", "3000000"));
    server.pass(1s);
    const auto first = last_trim(server);
    client.send(command("GIVE", "3000000"));
    server.pass(20s);
    CHECK(last_trim(server) == first);
}
