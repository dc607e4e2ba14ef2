// The engine over streams of memory: what it does with reads, writes and errors of any kind, and with
// time, of which none passes here.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

#include <libresp/encoder.hpp>

#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <vector>

using resp::detail::Interest;
using support::bulk;
using support::Echo;
using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::Ping;
using support::ping;
using support::PingOfKnown;
using support::pong;
using support::Record;
using namespace std::chrono_literals;

namespace {

template <class... Words>
std::string command(const Words&... words) {
    std::string bytes;
    resp::Encoder{bytes}.command(words...);
    return bytes;
}

std::string times(std::size_t n, std::string_view text) {
    std::string all;
    for (std::size_t i = 0; i != n; ++i) all += text;
    return all;
}

constexpr std::string_view protocol_error = "-ERR Protocol error: ";

/// Notes how its connection ended.
struct Noting {
    std::shared_ptr<Record<std::error_code>> ends = std::make_shared<Record<std::error_code>>();

    void on_close(std::error_code reason) { ends->add(reason); }
    void operator()(const resp::Request& request, resp::Reply& reply) {
        Ping{}(request, reply);
        if (request.command().is("QUIT")) reply.close();
        if (request.command().is("THROW")) throw std::runtime_error{"thrown"};
    }
};

/// Replies once the test lets it.
struct Waiting {
    std::shared_ptr<asio::steady_timer> gate;

    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        if (request.command().is("WAIT")) {
            std::error_code ec;
            co_await gate->async_wait(asio::redirect_error(asio::use_awaitable, ec));
        }
        reply.simple_string("PONG");
    }
};

}  // namespace

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

TEST_CASE("all replies to one read leave in one write, and one read is all that it takes") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.send(times(100, ping));
    const std::size_t before = client.calls;
    REQUIRE(server.step());
    CHECK((client.received == times(100, pong)));
    CHECK(client.calls - before == 3);  // read, write, wait
    CHECK_FALSE(server.step());
}

TEST_CASE("being told without reason does nothing") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.tell({.read = true});
    client.tell({.read = true, .write = true});
    client.send("*1\r\n");
    client.send("$4\r\nPING\r\n");
    server.step();
    client.tell({.write = true});
    CHECK(client.received.empty());
    server.run();
    CHECK(client.received == pong);
    CHECK_FALSE(client.closed);
}

TEST_CASE("who pipelines a lot does not keep others waiting") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& greedy = server.connect();
    MemoryClient& modest = server.connect();
    greedy.send(times(100'000, ping));
    REQUIRE(server.step());  // the greedy one's turn
    modest.send(ping);
    int steps = 0;
    while (modest.received.empty() && server.step()) ++steps;
    CHECK(steps <= 3);
    CHECK(greedy.received.size() < 20'000 * pong.size());
    server.run();
    CHECK((greedy.received == times(100'000, pong)));
}

// ---- output that does not leave

TEST_CASE("a client that takes nothing is not read, and gets everything once it does") {
    MemoryServer server{{.output_high_water = 10'000, .output_low_water = 1'000}, Ping{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    const std::string value(1'000, 'v');
    for (int i = 0; i != 100; ++i) client.send(command("ECHO", value));
    server.run();
    CHECK(client.received.empty());
    CHECK_FALSE(client.interest.read);
    CHECK(client.interest.write);
    CHECK(client.unread() >= 85 * value.size());
    client.room = 8'000;  // still above the low water
    server.run();
    CHECK_FALSE(client.interest.read);
    client.room = MemoryClient::all;
    server.run();
    CHECK((client.received == times(100, bulk(value))));
    CHECK(client.interest == Interest{.read = true});
}

TEST_CASE("a client that takes nothing of its replies is closed when it has stalled for too long") {
    const Noting handler;
    MemoryServer server{{.write_stall = 30s}, handler};
    MemoryClient& client = server.connect();
    client.room = 3;
    client.send(ping);
    SECTION("nothing at all") {
        server.pass(29s);
        CHECK_FALSE(client.closed);
        server.pass(2s);
        CHECK(client.closed);
        CHECK(server.counters().timeouts.value() == 1);
        REQUIRE(handler.ends->size() == 1);
        CHECK(handler.ends->items()[0] == std::errc::timed_out);
    }
    SECTION("but not while it takes a byte now and then") {
        for (int i = 0; i != 4; ++i) {
            server.pass(29s);
            client.room = 1;
        }
        server.run();
        CHECK(client.received == pong);
        server.pass(60s);
        CHECK_FALSE(client.closed);
    }
    SECTION("nor while it takes so little that the kernel does not tell") {
        client.tells_room = 1'000;
        for (int i = 0; i != 4; ++i) {
            client.room = 1;
            server.pass(29s);
        }
        CHECK_FALSE(client.closed);
    }
}

// ---- deadlines

TEST_CASE("a frame that is not whole at its deadline ends the connection, however its bytes drip") {
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
    CHECK(server.input_memory() == 0);
}

TEST_CASE("the bytes of a frame earn it time") {
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

TEST_CASE("time in which the engine does not read is not held against a frame") {
    MemoryServer server{{.output_high_water = 10, .output_low_water = 5, .write_stall = 0s}, Ping{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.send(times(4, ping) + "*1\r\n$4\r\n");
    server.pass(60s);
    REQUIRE_FALSE(client.closed);
    client.room = MemoryClient::all;
    server.pass(9s);
    CHECK_FALSE(client.closed);
    client.send("PING\r\n");
    server.run();
    CHECK(client.received == times(5, pong));
}

TEST_CASE("an idle client is closed at its time, and one that asks is not") {
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

// ---- stopping

TEST_CASE("a stop answers what has come, and ends") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    MemoryClient& idle = server.connect();
    for (int i = 0; i != 3; ++i) client.send(ping);
    client.send("*1\r\n$4\r\nPI");
    server.stop();
    server.run();
    CHECK(client.received == times(3, pong));
    CHECK(client.ended);
    CHECK(idle.ended);
    CHECK_FALSE(server.has_stopped());  // they may still send
    client.finish();
    idle.finish();
    server.run();
    CHECK(server.has_stopped());
    CHECK(server.connections() == 0);
}

TEST_CASE("a stop closes at the drain deadline what has not ended") {
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

// ---- last words

TEST_CASE("after an error the client reads why, and what it still sends is discarded") {
    MemoryServer server{{}, Ping{}};
    MemoryClient& client = server.connect();
    client.send(std::string{ping} + "*1\r\n:1\r\n" + std::string{ping});
    server.run();
    CHECK(client.received.starts_with(std::string{pong} + std::string{protocol_error}));
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
    SECTION("for a megabyte") {
        for (int i = 0; i != 64; ++i) client.send(noise(16 * 1024));
    }
    SECTION("for a second") { server.pass(1'300ms); }
    server.run();
    CHECK(client.closed);
    CHECK(server.connections() == 0);
    CHECK(server.counters().timeouts.value() == 0);
}

TEST_CASE("last words wait for a client that does not read") {
    MemoryServer server{{}, Noting{}};
    MemoryClient& client = server.connect();
    client.most_write = 1;
    client.room = 0;
    client.send("PING\r\nQUIT\r\nPING\r\n");
    server.pass(20s);
    CHECK_FALSE(client.ended);
    client.room = MemoryClient::all;
    server.run();
    CHECK(client.received == times(2, pong));
    CHECK(client.ended);
}

// ---- everything that can break

TEST_CASE("a stream may break at any call, and takes one connection with it") {
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
        REQUIRE(server.input_memory() == 0);
        other.send(ping);
        server.run();
        REQUIRE(other.received == pong);
        REQUIRE(at < 1'000);
    }
}

TEST_CASE("a broken stream tells the handler why") {
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

// ---- coroutines, pushes, many

TEST_CASE("a connection whose handler waits is not read") {
    asio::io_context timers;
    Waiting handler;
    handler.gate = std::make_shared<asio::steady_timer>(timers, asio::steady_timer::time_point::max());
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send("PING\r\nWAIT\r\nPING\r\n");
    server.run();
    client.send(ping);
    server.run();
    CHECK(client.received == pong);
    CHECK_FALSE(client.interest.read);
    CHECK(client.unread() == ping.size());
    SECTION("until it goes on") {
        handler.gate->cancel();
        timers.poll();
        server.run();
        CHECK(client.received == times(4, pong));
        CHECK(client.interest.read);
    }
    SECTION("and hears then that the stream has broken") {
        client.fail();
        server.run();
        CHECK_FALSE(client.closed);
        handler.gate->cancel();
        timers.poll();
        server.run();
        CHECK(client.closed);
        CHECK(server.connections() == 0);
    }
    SECTION("and closes when it ends, where the server has stopped by force meanwhile") {
        server.worker().abort();
        CHECK(client.closed);
        CHECK(server.connections() == 1);
        handler.gate->cancel();
        timers.poll();
        server.run();
        CHECK(server.connections() == 0);
    }
}

TEST_CASE("a push to a client that does not take it ends the connection at the bound") {
    const PingOfKnown handler;
    MemoryServer server{{.max_output = 1'000'000}, handler};
    MemoryClient& client = server.connect();
    client.room = 100;
    const resp::Connection connection = handler.clients->items().front();
    const std::string push = bulk(noise(100'000));
    for (int i = 0; i != 9; ++i) REQUIRE(connection.send(push));
    server.run();
    CHECK_FALSE(client.closed);
    CHECK(client.received == push.substr(0, 100));
    connection.send(push);
    server.run();
    CHECK(client.closed);
    CHECK_FALSE(connection.is_open());
    CHECK(server.counters().cut_off.value() == 1);
}

TEST_CASE("one client more than there may be is told so") {
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

TEST_CASE("who holds most is not read where all hold too much, and closed if that does not help") {
    MemoryServer server{{.max_input_memory = 1'000'000}, Ping{}};
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
    CHECK(server.input_memory() == 0);
}
