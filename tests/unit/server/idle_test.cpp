// Which clients are idle: input that is no request does not count, and time in which the client cannot act does
// not count against it.
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/memory_transport.hpp"
#include "waiting.hpp"

using support::bulk;
using support::command;
using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::Ping;
using support::ping;
using support::PingOfKnown;
using support::pong;
using support::Waits;
using namespace std::chrono_literals;

TEST_CASE("input that is no request does not renew the idle timeout") {
    const bool has_requested = GENERATE(true, false);
    const resp::Options options =
        has_requested ? resp::Options{.idle_timeout = 5s} : resp::Options{.first_request_timeout = 5s};
    MemoryServer server{options, Ping{}};
    MemoryClient& client = server.connect();
    if (has_requested) client.send(ping);
    server.run();
    // What the client sends every second. The last byte of some begins a frame, which the next piece ends.
    const std::string_view piece = GENERATE(as<std::string_view>{}, "\n", "\r\n", " \n", "*0\r\n", "*-1\r\n",
                                            "0\r\n*", "-1\r\n*", "\n ", "\n\r");
    for (int i = 0; i != 7; ++i) {
        client.send(i == 0 && piece.back() == '*' ? std::string_view{"*"} : piece);
        server.pass(1s);
    }
    CHECK(client.closed);
    CHECK(client.received == (has_requested ? pong : ""));
    CHECK(server.counters().timeouts.value() == 1);
    CHECK(server.counters().protocol_errors.value() == 0);
}

TEST_CASE("the first frame after a request may take longer than the idle timeout") {
    MemoryServer server{{.frame_deadline = 20s, .idle_timeout = 5s}, Ping{}};
    MemoryClient& client = server.connect();
    client.send("\n");
    server.pass(4s);
    client.send("*1\r\n$4\r\n");
    server.pass(8s);
    CHECK_FALSE(client.closed);
    client.send("PING\r\n");
    server.pass(4s);
    CHECK(client.received == pong);
    client.send("*1\r\n$4\r\n");  // the same again
    server.pass(8s);
    client.send("PING\r\n");
    server.pass(4s);
    CHECK_FALSE(client.closed);
    server.pass(2s);
    CHECK(client.closed);
}

TEST_CASE("the idle time begins anew after a handler that took long") {
    const Waits handler;
    MemoryServer server{{.idle_timeout = 5s}, handler};
    MemoryClient& client = server.connect();
    client.send(command("PAUSE"));
    server.pass(60s);
    CHECK_FALSE(client.closed);
    handler.open();
    server.pass(4'800ms);
    CHECK_FALSE(client.closed);
    CHECK(client.received == pong);
    server.pass(600ms);
    CHECK(client.closed);
}

TEST_CASE("the idle time begins anew after a reply that the client took slowly") {
    MemoryServer server{{.idle_timeout = 5s}, Ping{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.send(ping);
    server.pass(20s);
    CHECK_FALSE(client.closed);
    client.room = MemoryClient::all;
    server.pass(4'800ms);
    CHECK_FALSE(client.closed);
    CHECK(client.received == pong);
    server.pass(600ms);
    CHECK(client.closed);
}

TEST_CASE("set_idle_timeout() replaces the idle timeout of one connection") {
    const PingOfKnown handler;
    MemoryServer server{{.idle_timeout = 5s}, handler};
    MemoryClient& usual = server.connect();
    MemoryClient& never = server.connect();
    MemoryClient& longer = server.connect();
    MemoryClient& shorter = server.connect();
    const auto connections = handler.clients->items();
    connections[1].set_idle_timeout(0ms);
    connections[2].set_idle_timeout(10s);
    connections[3].set_idle_timeout(1s);
    server.pass(2s);
    CHECK(shorter.closed);
    CHECK_FALSE(usual.closed);
    server.pass(4s);
    CHECK(usual.closed);
    CHECK_FALSE(longer.closed);
    server.pass(5s);
    CHECK(longer.closed);
    server.pass(1h);
    CHECK_FALSE(never.closed);
    SECTION("also while it is idle") {
        connections[1].set_idle_timeout(1s);
        server.pass(400ms);
        CHECK(never.closed);
    }
    SECTION("and the longest time means never") {
        connections[1].set_idle_timeout(std::chrono::milliseconds::max());
        server.pass(1h);
        CHECK_FALSE(never.closed);
    }
    SECTION("and a negative time means never") {
        connections[1].set_idle_timeout(-1ms);
        server.pass(1h);
        CHECK_FALSE(never.closed);
    }
    resp::Connection{}.set_idle_timeout(1s);
    connections[0].set_idle_timeout(1s);  // it is gone
}

TEST_CASE("first_request_timeout closes a client that sends no request, and no other") {
    MemoryServer server{{.first_request_timeout = 5s}, Ping{}};
    MemoryClient& silent = server.connect();
    MemoryClient& asking = server.connect();
    server.pass(4s);
    asking.send(ping);
    server.run();
    CHECK_FALSE(silent.closed);
    server.pass(1'400ms);
    CHECK(silent.closed);
    CHECK(server.counters().timeouts.value() == 1);
    server.pass(1h);
    CHECK_FALSE(asking.closed);
}

TEST_CASE("the first request may be in progress at first_request_timeout") {
    MemoryServer server{{.frame_deadline = 20s, .first_request_timeout = 5s}, Ping{}};
    MemoryClient& client = server.connect();
    client.send("*1\r\n$4\r\nPI");
    server.pass(8s);
    CHECK_FALSE(client.closed);
    client.send("NG\r\n");
    server.pass(1h);
    CHECK(client.received == pong);
    CHECK_FALSE(client.closed);
}

TEST_CASE("skipped bytes are counted while the next request is incomplete") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    const auto skipped = [&] { return server.counters().bytes_skipped.value(); };
    client.send("\n\r\n*0\r\n" + std::string{ping} + "*-1\r\n*1\r\n$4\r\n");
    server.run();
    CHECK(skipped() == 12);
    client.send("PING\r\n\r\n\n");
    server.run();
    CHECK(skipped() == 15);
    client.send("\n");
    client.fail();
    server.run();
    CHECK(client.received == std::string{pong} + std::string{pong});
    CHECK(skipped() == 15);
}

TEST_CASE("skipped bytes of a connection that ends inside a request are counted once") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.send("\n\n*1\r\n");
    server.run();
    CHECK(server.counters().bytes_skipped.value() == 2);
    client.fail();
    server.run();
    CHECK(server.counters().bytes_skipped.value() == 2);
}
