// The engine over in-memory streams and a clock that the test sets: deadlines and stops.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"

using support::bulk;
using support::command;
using support::MemoryClient;
using support::MemoryServer;
using support::Noting;
using support::Ping;
using support::ping;
using support::pong;
using support::repeat;
using namespace std::chrono_literals;

// ---- a client that does not read

TEST_CASE("a client that does not read its replies is closed after write_stall") {
    const Noting handler;
    MemoryServer server{{.write_stall = 30s}, handler};
    MemoryClient& client = server.connect();
    client.room = 3;
    client.send(ping);
    SECTION("if it reads nothing") {
        server.pass(29s);
        CHECK_FALSE(client.closed);
        server.pass(2s);
        CHECK(client.closed);
        CHECK(server.counters().timeouts.value() == 1);
        REQUIRE(handler.ends->size() == 1);
        CHECK(handler.ends->items()[0] == std::errc::timed_out);
    }
    SECTION("or a byte now and then") {
        server.pass(29s);
        client.room = 1;
        server.pass(2s);
        CHECK(client.closed);
    }
}

TEST_CASE("a client that reads slowly is closed if it reads less than write_rate") {
    MemoryServer server{{.write_stall = 10s, .write_rate = 1'000}, Ping{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.reports_room = 50'000;  // as a kernel, which does not report a little room
    client.send(command("ECHO", std::string(50'000, 'v')));
    server.run();
    SECTION("less, for long enough") {
        for (int i = 0; i != 19; ++i) {
            client.room = 500;
            server.pass(1s);
        }
        CHECK_FALSE(client.closed);
        server.pass(1200ms);
        CHECK(client.closed);
    }
    SECTION("not less") {
        for (int i = 0; i != 40; ++i) {
            client.room = 1'000;
            server.pass(1s);
        }
        CHECK_FALSE(client.closed);
    }
}

TEST_CASE("bytes that the kernel has accepted count as read when the client has acknowledged them") {
    MemoryServer server{{.write_stall = 2s, .write_rate = 1'000}, Ping{}};
    MemoryClient& client = server.connect();
    client.room = 100'000;
    client.unacknowledged = 100'000;
    client.send(command("ECHO", std::string(200'000, 'v')));
    for (int i = 0; i != 9; ++i) {
        server.pass(1s);
        client.unacknowledged -= 10'000;
    }
    CHECK_FALSE(client.closed);
    server.pass(2500ms);
    CHECK(client.closed);
}

TEST_CASE("a client must take a long queue within write_time") {
    const auto takes = GENERATE(5'000, 12'000);
    MemoryServer server{{.write_stall = 5s, .write_time = 100s}, Ping{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.send(command("ECHO", std::string(1'000'000, 'v')));
    for (int i = 0; i != 60; ++i) {
        server.pass(1s);
        client.room += static_cast<std::size_t>(takes);
    }
    CHECK(client.closed == (takes == 5'000));
}

// ---- a client that sends too little

TEST_CASE("a frame that is incomplete at its deadline closes the connection, even if bytes still arrive") {
    const auto drop = GENERATE("", "x");
    MemoryServer server{{.frame_deadline = 10s}, Ping{}};
    MemoryClient& client = server.connect();
    client.send("*2\r\n$4\r\nECHO\r\n$1000\r\n");
    for (int i = 0; i != 9; ++i) {
        server.pass(1s);
        client.send(drop);
    }
    server.run();
    CHECK_FALSE(client.closed);
    server.pass(1400ms);
    CHECK(client.closed);
    CHECK(client.received.empty());
    CHECK(server.counters().timeouts.value() == 1);
    CHECK(server.memory() == 0);
}

TEST_CASE("the received bytes of a frame extend its deadline") {
    MemoryServer server{{.frame_deadline = 10s, .frame_rate = 1'000}, Ping{}};
    MemoryClient& client = server.connect();
    const std::string value(100'000, 'v');
    const std::string request = command("ECHO", value);
    for (std::size_t at = 0; at < request.size(); at += 2'000) {
        client.send(std::string_view{request}.substr(at, 2'000));
        server.pass(1'500ms);
    }
    CHECK((client.received == bulk(value)));
    CHECK(server.counters().timeouts.value() == 0);
}

TEST_CASE("the deadline of a frame does not run while the engine does not read") {
    MemoryServer server{{.max_memory = 200'000, .connection_memory = 10, .write_stall = 0s}, Ping{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.send(command("ECHO", std::string(160'000, 'v')) + repeat(ping, 4) + "*1\r\n$4\r\n");
    server.pass(60s);
    REQUIRE_FALSE(client.closed);
    client.room = MemoryClient::all;
    server.pass(9s);
    CHECK_FALSE(client.closed);
    client.send("PING\r\n");
    server.run();
    CHECK((client.received == bulk(std::string(160'000, 'v')) + repeat(pong, 5)));
}

TEST_CASE("an idle client is closed at idle_timeout, and an active one is not") {
    MemoryServer server{{.idle_timeout = 60s}, Ping{}};
    MemoryClient& idle = server.connect();
    MemoryClient& client = server.connect();
    for (int i = 0; i != 6; ++i) {
        server.pass(9'900ms);
        client.send(ping);
    }
    server.run();
    CHECK_FALSE(idle.closed);
    server.pass(1s);
    CHECK(idle.closed);
    CHECK_FALSE(client.closed);
    server.pass(60s);
    CHECK(client.closed);
    CHECK(server.counters().timeouts.value() == 2);
}

// ---- a stop

TEST_CASE("a stop answers the received requests, and ends") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    MemoryClient& idle = server.connect();
    for (int i = 0; i != 3; ++i) client.send(ping);
    client.send("*1\r\n$4\r\nPI");
    server.stop();
    server.run();
    CHECK(client.received == repeat(pong, 3));
    CHECK(client.ended);
    CHECK(idle.ended);
    CHECK_FALSE(server.has_stopped());  // the clients have not ended their streams
    client.finish();
    idle.finish();
    server.run();
    CHECK(server.has_stopped());
    CHECK(server.connections() == 0);
}

TEST_CASE("a stop closes the remaining connections at the drain deadline") {
    MemoryServer server{{.drain_deadline = 5s}, Ping{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.send(ping);
    server.run();
    server.stop();
    server.pass(4'900ms);
    CHECK_FALSE(client.closed);
    CHECK_FALSE(server.has_stopped());
    server.pass(300ms);
    CHECK(client.closed);
    CHECK(server.has_stopped());
    CHECK(client.received.empty());
}

// ---- a client that takes its last replies too slowly

TEST_CASE("a closing connection has a total time for its queue, however steadily the client reads") {
    const Noting handler;
    MemoryServer server{{.write_stall = 2s, .write_rate = 1, .write_time = 1h}, handler};
    MemoryClient& client = server.connect();
    client.room = 0;
    const std::string value(80 * 1024, 'v');  // 5 s at 16 KiB/s
    client.send(command("ECHO", value));
    client.finish();
    SECTION("a slow client is closed") {
        for (int i = 0; i != 34; ++i) {
            server.pass(1s);
            client.room = 1'000;
        }
        CHECK_FALSE(client.closed);
        for (int i = 0; i != 3; ++i) {
            server.pass(1s);
            client.room = 1'000;
        }
        CHECK(client.closed);
        REQUIRE(handler.ends->size() == 1);
        CHECK_FALSE(handler.ends->items()[0]);  // the client had ended its stream
    }
    SECTION("a client that needs most of the time gets everything") {
        for (int i = 0; i != 33; ++i) {
            server.pass(1s);
            client.room = 2'600;
        }
        server.run();
        CHECK((client.received == bulk(value)));
        CHECK(client.closed);
    }
}

TEST_CASE("the time of a closing connection begins when its handler has ended") {
    struct Known : support::Gated {
        std::shared_ptr<resp::Connection> client = std::make_shared<resp::Connection>();
        void on_open(const resp::Connection& connection) const { *client = connection; }
    };
    const Known handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send("WAIT\r\n");
    server.run();
    handler.client->close();
    server.pass(100s);
    CHECK_FALSE(client.closed);
    handler.open();
    server.run();
    CHECK(client.received == pong);
}

TEST_CASE("a lingering connection has a total time, however steadily the client acknowledges") {
    MemoryServer server{{}, [](const resp::Request&, resp::Reply& reply) {
                            reply.simple_string("PONG");
                            reply.close();
                        }};
    MemoryClient& client = server.connect();
    client.unacknowledged = 80 * 1024;
    client.send(ping);
    for (int i = 0; i != 2 * 34; ++i) {
        server.pass(500ms);
        --client.unacknowledged;
    }
    CHECK_FALSE(client.closed);
    for (int i = 0; i != 4; ++i) {
        server.pass(500ms);
        --client.unacknowledged;
    }
    CHECK(client.closed);
    CHECK(client.received == pong);
    CHECK(server.counters().timeouts.value() == 0);  // it had everything to send
}
