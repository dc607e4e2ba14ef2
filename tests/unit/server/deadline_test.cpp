// Deadlines of frames and of idle clients. The server checks them every 200 ms.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"
#include "support/running_server.hpp"

using support::bulk;
using support::Client;
using support::command;
using support::eventually;
using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::Ping;
using support::ping;
using support::pong;
using support::RunningServer;
using namespace std::chrono_literals;

TEST_CASE("no deadline ends early, even if it begins just before a tick") {
    MemoryServer server{{.frame_deadline = 1s, .frame_rate = 1'000'000, .write_stall = 1s}, Ping{}};
    MemoryClient& client = server.connect();
    SECTION("of a frame") { client.send("*1\r\n"); }
    SECTION("of a frame after one that was answered") { client.send(std::string{ping} + "*1\r\n"); }
    SECTION("of a client that reads nothing") {
        client.room = 0;
        client.send(ping);
    }
    SECTION("of a client that gets an error and is closed") { client.send("*1\r\n:1\r\n"); }
    server.pass(1s);
    CHECK_FALSE(client.closed);
    server.pass(200ms);
    CHECK(client.closed);
}

TEST_CASE("the deadline of an idle client is not early") {
    MemoryServer server{{.idle_timeout = 1s}, Ping{}};
    MemoryClient& client = server.connect();
    client.send(GENERATE("", "*1\r\n$4\r\nPING\r\n"));
    server.pass(1s);
    CHECK_FALSE(client.closed);
    server.pass(200ms);
    CHECK(client.closed);
}

TEST_CASE("a client that sends a request byte by byte is closed at the frame deadline") {
    const auto [first, drop] = GENERATE(table<std::string, std::string>({
        {"*", "1"},                                // a header
        {"*2\r\n$4\r\nECHO\r\n", ""},              // nothing after a whole element
        {"*2\r\n$4\r\nECHO\r\n$100000\r\n", "x"},  // a bulk string
        {"ECHO ", "x"},                            // an inline line
    }));
    CAPTURE(first, drop);
    RunningServer server{{.limits = {.max_elements = 2'000'000'000}, .frame_deadline = 300ms}, Ping{}};
    Client other = server.client();
    Client client = server.client();
    REQUIRE(client.ask(ping) == pong);
    const auto begun = std::chrono::steady_clock::now();
    client.send(first);
    // Each piece is sent long before a deadline that counts from the last one.
    while (server.stats().timeouts == 0 && std::chrono::steady_clock::now() - begun < support::patience) {
        const std::uint64_t received = server.stats().bytes_received;
        if (!drop.empty() && client.try_send(drop)) {
            eventually(
                [&] { return server.stats().bytes_received != received || server.stats().timeouts != 0; });
        }
        client.readable_within(70ms);
    }
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(server.stats().timeouts == 1);
    CHECK(took >= 300ms);
    CHECK(took < 10s);
    CHECK(other.ask(ping) == pong);
    CHECK(server.stats().requests == 2);
}

TEST_CASE("a slow upload above frame_rate continues after the frame deadline") {
    RunningServer server{{.frame_deadline = 300ms, .frame_rate = 16 * 1024}, Ping{}};
    Client client = server.client();
    const std::string value = noise(128 * 1024);
    const std::string request = command("ECHO", value);
    const auto begun = std::chrono::steady_clock::now();
    // At 16 KiB per second, 128 KiB extend the deadline by eight seconds. The upload takes about one.
    for (std::size_t sent = 0; sent < request.size(); sent += 4096) {
        client.send(std::string_view{request}.substr(sent, 4096));
        client.readable_within(30ms);
    }
    CHECK((client.reply() == bulk(value)));
    CHECK(std::chrono::steady_clock::now() - begun > 500ms);
    CHECK(server.stats().timeouts == 0);
}

TEST_CASE("each frame has its own deadline") {
    RunningServer server{{.frame_deadline = 500ms}, Ping{}};
    Client client = server.client();
    client.send("*1\r\n$4\r\n");
    // A frame is incomplete all the time, but none for long. The connection stays open for three deadlines.
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < 1500ms) {
        REQUIRE(client.ask("PING\r\n*1\r\n$4\r\n") == pong);
        client.readable_within(20ms);
    }
    CHECK(client.ask("PING\r\n") == pong);
    CHECK(server.stats().timeouts == 0);
}

TEST_CASE("a client between two requests has no deadline") {
    RunningServer server{{.frame_deadline = 50ms}, Ping{}};
    Client client = server.client();
    Client dripping = server.client();
    REQUIRE(client.ask(ping) == pong);
    dripping.send("*");
    REQUIRE(eventually([&] { return server.stats().timeouts == 1; }));
    CHECK(client.ask(ping) == pong);
}

TEST_CASE("an idle client is closed") {
    RunningServer server{{.idle_timeout = 300ms}, Ping{}};
    SECTION("that has never sent anything") {
        const auto begun = std::chrono::steady_clock::now();
        support::End end{};
        Client client = server.client();
        client.rest(&end);
        CHECK(end == support::End::orderly);
        CHECK(std::chrono::steady_clock::now() - begun < 10s);
    }
    SECTION("that has been answered") {
        Client client = server.client();
        REQUIRE(client.ask(ping) == pong);
        CHECK(client.rest().empty());
    }
    CHECK(server.stats().timeouts == 1);
    CHECK(eventually([&] { return server.stats().connections == 0; }));
}

TEST_CASE("a client that keeps asking is not idle") {
    RunningServer server{{.idle_timeout = 600ms}, Ping{}};
    Client client = server.client();
    Client idle = server.client();
    const auto begun = std::chrono::steady_clock::now();
    while (server.stats().timeouts == 0 && std::chrono::steady_clock::now() - begun < 20s) {
        REQUIRE(client.ask(ping) == pong);
        client.readable_within(20ms);
    }
    CHECK(idle.rest().empty());
    CHECK(client.ask(ping) == pong);
    CHECK(server.stats().timeouts == 1);
}

TEST_CASE("a deadline of 0 is disabled") {
    RunningServer server{{.frame_deadline = 0ms, .idle_timeout = 0ms, .write_stall = 0ms}, Ping{}};
    Client client = server.client();
    client.send("*1\r\n");
    CHECK_FALSE(client.readable_within(500ms));
    CHECK(client.ask("$4\r\nPING\r\n") == pong);
    CHECK(server.stats().timeouts == 0);
}
