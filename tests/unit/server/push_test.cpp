// Pushes: what counts against max_memory and max_pushes, when a push is refused, and its order among replies.
#include <asio/awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"
#include "support/running_server.hpp"
#include "support/sizes.hpp"

#include <vector>

using resp::Connection;
using resp::Sent;
using support::bulk;
using support::Client;
using support::command;
using support::eventually;
using support::MemoryClient;
using support::MemoryServer;
using support::mib;
using support::noise;
using support::ping;
using support::PingOfKnown;
using support::pong;
using support::repeat;
using support::RunningServer;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t small = 1'000;  // what a connection holds beside a payload

std::shared_ptr<const std::string> shared_noise(std::size_t size) {
    return std::make_shared<const std::string>(noise(size));
}

/// Begins an array, waits until the test calls open(), and ends the array. PING is answered at once.
struct InParts : support::Gated {
    std::shared_ptr<support::Record<Connection>> clients = std::make_shared<support::Record<Connection>>();

    void on_open(const Connection& connection) const { clients->add(connection); }
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) const {
        std::error_code ignored;
        if (!request.command().is("PING")) {
            reply.array(2).bulk_string("part");
            co_await gate->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        reply.simple_string("PONG");
    }
};

/// Clients that do not read, and their handles.
struct Subscribers {
    Subscribers(std::size_t n, resp::Options options) : server(std::move(options), handler) {
        for (std::size_t i = 0; i != n; ++i) {
            clients.push_back(&server.connect());
            clients.back()->room = 0;
        }
        server.run();
        handles = handler.clients->items();
    }
    void read(std::size_t i) {
        clients[i]->room = MemoryClient::all;
        server.run();
    }

    PingOfKnown handler;
    MemoryServer server;
    std::vector<MemoryClient*> clients;
    std::vector<Connection> handles;
};

}  // namespace

TEST_CASE("send_all() counts its bytes once, until the last client has them") {
    Subscribers all{10, {}};
    const auto bytes = shared_noise(100'000);
    CHECK(send_all(all.handles, bytes) == 10);
    CHECK(all.server.memory() >= 100'000);
    CHECK(all.server.memory() < 100'000 + small);
    all.server.run();
    for (std::size_t i = 0; i != 10; ++i) {
        CHECK(all.server.memory() >= 100'000);
        CHECK(all.server.memory() < 100'000 + 10 * small);
        all.read(i);
        CHECK((all.clients[i]->received == *bytes));
    }
    CHECK(all.server.memory() == 0);
}

TEST_CASE("a shared string that is sent to each client counts once, until all have it or are closed") {
    Subscribers all{10, {}};
    auto bytes = shared_noise(100'000);
    for (const Connection& handle : all.handles) CHECK(handle.send(bytes) == Sent::queued);
    CHECK(all.server.memory() < 100'000 + small);
    all.server.run();
    for (const Connection& handle : all.handles) CHECK(handle.send(bytes) == Sent::queued);  // again
    all.server.run();
    CHECK(all.server.memory() < 100'000 + 10 * small);
    for (MemoryClient* client : all.clients) {
        CHECK(all.server.memory() >= 100'000);
        client->fail();
        all.server.run();
    }
    CHECK(all.server.memory() == 0);
    CHECK(bytes.use_count() == 1);
    CHECK(all.server.connections() == 0);
}

TEST_CASE("strings of the same bytes count one by one") {
    Subscribers two{2, {}};
    for (const Connection& handle : two.handles) CHECK(handle.send(noise(50'000)) == Sent::queued);
    CHECK(two.server.memory() >= 100'000);
    two.server.run();
    CHECK(two.server.memory() >= 100'000);
    two.server.abort();
    two.server.run();
    CHECK(two.server.memory() == 0);
}

TEST_CASE("payloads for many subscribers stay within max_memory") {
    SECTION("20 MB for 40") {
        Subscribers all{40, {.max_memory = 64'000'000}};
        CHECK(send_all(all.handles, shared_noise(20'000'000)) == 40);
        all.server.run();
        CHECK(all.server.memory() < 20'000'000 + 40 * small);
        all.read(7);
        CHECK((all.clients[7]->received == noise(20'000'000)));
        CHECK(all.server.counters().cut_off.value() == 0);
        CHECK(all.server.connections() == 40);
    }
    SECTION("4 MB for 300") {
        Subscribers all{300, {.max_memory = 64'000'000}};
        const auto bytes = shared_noise(4'000'000);
        for (const Connection& handle : all.handles) REQUIRE(handle.send(bytes) == Sent::queued);
        all.server.run();
        CHECK(all.server.memory() < 4'000'000 + 300 * small);
        all.server.pass(1s);
        CHECK(all.server.connections() == 300);
        all.server.abort();
        all.server.run();
        CHECK(all.server.memory() == 0);
    }
}

TEST_CASE("a push over max_pushes is refused, and no client is closed") {
    Subscribers all{10, {.max_memory = 64'000'000}};
    CHECK(send_all(all.handles, shared_noise(30'000'000)) == 10);
    all.server.pass(1s);
    const std::uint64_t before = all.server.memory();
    CHECK(all.handles[0].send(std::string(40'000'000, 'x')) == Sent::too_large);
    CHECK(all.handles[0].send(shared_noise(40'000'000)) == Sent::too_large);
    CHECK(send_all(all.handles, shared_noise(40'000'000)) == 0);
    all.server.pass(1s);
    CHECK(all.server.memory() == before);
    CHECK(all.server.connections() == 10);
    CHECK(all.server.counters().cut_off.value() == 0);
}

TEST_CASE("a push over max_memory is refused, and no client is closed") {
    Subscribers all{10, {.max_memory = 4'000'000}};
    CHECK(send_all(all.handles, shared_noise(1'000'000)) == 10);
    all.server.pass(1s);
    CHECK(all.handles[0].send(noise(5'000'000)) == Sent::too_large);
    CHECK(send_all(all.handles, shared_noise(5'000'000)) == 0);
    all.server.pass(1s);
    CHECK(all.server.connections() == 10);
}

TEST_CASE("the client for which too many pushes wait is closed, and the others are not") {
    Subscribers two{2, {.max_pushes = 100'000}};
    const auto bytes = shared_noise(40'000);
    two.clients[1]->room = MemoryClient::all;
    CHECK(send_all(two.handles, bytes) == 2);
    two.server.run();
    CHECK(send_all(two.handles, bytes) == 2);
    two.server.run();
    CHECK(send_all(two.handles, bytes) == 1);
    two.server.run();
    CHECK(two.clients[0]->closed);
    CHECK((two.clients[1]->received == *bytes + *bytes + *bytes));
    CHECK(two.handles[0].send("+a\r\n") == Sent::gone);
    CHECK(two.server.counters().cut_off.value() == 1);
    CHECK(two.server.memory() == 0);
}

TEST_CASE("a push after close() is gone") {
    Subscribers one{1, {}};
    one.handles[0].close();
    CHECK(one.handles[0].send("+a\r\n") == Sent::gone);
    CHECK(one.handles[0].send(shared_noise(10)) == Sent::gone);
    CHECK(send_all(one.handles, shared_noise(10)) == 0);
    CHECK(Connection{}.send("+a\r\n") == Sent::gone);
}

TEST_CASE("queued replies do not count for max_pushes") {
    Subscribers one{1, {}};
    std::string expected;
    for (int i = 0; i != 40; ++i) {
        one.clients[0]->send(command("ECHO", noise(mib)));
        expected += bulk(noise(mib));
    }
    one.server.run();
    CHECK(one.server.memory() >= 40 * mib);
    for (int i = 0; i != 3; ++i) CHECK(one.handles[0].send(bulk(noise(10 * mib))) == Sent::queued);
    for (int i = 0; i != 3; ++i) expected += bulk(noise(10 * mib));
    one.server.run();
    one.read(0);
    CHECK((one.clients[0]->received == expected));
    CHECK(one.server.memory() == 0);
}

TEST_CASE("a subscriber that is always a little late is not closed") {
    const std::size_t size = GENERATE(std::size_t{100}, std::size_t{1'000}, std::size_t{6'000});
    Subscribers one{1, {.max_pushes = 20'000}};
    MemoryClient& client = *one.clients[0];
    client.room = size / 2;
    std::string expected;
    for (std::uint32_t i = 0; i != 300; ++i) {
        expected += noise(size, i);
        REQUIRE(one.handles[0].send(noise(size, i)) == Sent::queued);
        one.server.run();
        client.room += size;
    }
    one.read(0);
    CHECK_FALSE(client.closed);
    CHECK((client.received == expected));
    CHECK(one.server.memory() == 0);
}

TEST_CASE("short pushes do not end a connection whose replies have a low limit") {
    Subscribers one{1, {.max_reply = 1'000, .batch_output = 100}};
    one.clients[0]->send(ping);
    one.server.run();
    std::string expected{pong};
    for (std::uint32_t i = 0; i != 10; ++i) {
        CHECK(one.handles[0].send(noise(4'000, i)) == Sent::queued);
        one.server.run();
        expected += noise(4'000, i);
    }
    one.read(0);
    CHECK_FALSE(one.clients[0]->closed);
    CHECK((one.clients[0]->received == expected));
}

TEST_CASE("pushes of any length follow the reply that a coroutine has begun, in order") {
    const std::size_t room = GENERATE(std::size_t{MemoryClient::all}, std::size_t{0}, std::size_t{3'000});
    const InParts handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.room = room;
    auto push = [&, i = std::uint32_t{0}](std::size_t size) mutable {
        const std::string bytes = noise(size, ++i);
        CHECK(handler.clients->items()[0].send(bytes) == Sent::queued);
        server.run();
        return bytes;
    };
    const std::vector<std::size_t> sizes{10, 5'000, 20, 30, 100'000, 4'096, 4'097, 1};
    std::string expected;
    for (const std::size_t size : sizes) expected += push(size);
    client.send(ping);
    client.send("WAIT\r\n");
    client.send(ping);
    server.run();
    expected += "+PONG\r\n*2\r\n$4\r\npart\r\n+PONG\r\n";
    for (const std::size_t size : sizes) expected += push(size);
    if (room == MemoryClient::all) CHECK(client.received.ends_with(pong));  // nothing of what waits
    handler.open();
    server.run();
    expected += pong;
    for (const std::size_t size : sizes) expected += push(size);
    client.room = MemoryClient::all;
    server.run();
    CHECK((client.received == expected));
    CHECK(server.memory() == 0);
}

TEST_CASE("pushes of any length arrive in order while a coroutine has not begun its reply") {
    const std::size_t room = GENERATE(std::size_t{MemoryClient::all}, std::size_t{0}, std::size_t{3'000});
    struct Late : InParts {
        asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) const {
            return static_cast<const Gated&>(*this)(request, reply);
        }
    };
    const Late handler;
    MemoryServer server{{.max_reply = 1'000, .batch_output = 0}, handler};
    MemoryClient& client = server.connect();
    client.room = room;
    client.send("WAIT\r\n");
    client.send(ping);
    server.run();
    std::string expected;
    for (std::uint32_t i = 0; i != 20; ++i) {
        const std::string bytes = noise(i % 3 == 0 ? 20'000 : 3'000, i);
        CHECK(handler.clients->items()[0].send(bytes) == Sent::queued);
        server.run();
        expected += bytes;
    }
    if (room == MemoryClient::all) CHECK((client.received == expected));
    handler.open();
    server.run();
    client.room = MemoryClient::all;
    server.run();
    CHECK((client.received == expected + repeat(pong, 2)));
    CHECK(server.memory() == 0);
}

TEST_CASE("send_all() reaches the clients of two threads, and its bytes count once") {
    const PingOfKnown handler;
    RunningServer server{{.threads = 2}, handler};
    std::vector<Client> clients;
    for (int i = 0; i != 8; ++i) {
        clients.push_back(server.client());
        CHECK(clients.back().ask(ping) == pong);
    }
    const std::vector<Connection> handles = handler.clients->items();
    const std::string bytes = bulk(noise(3'000'000));
    for (int i = 0; i != 3; ++i) {
        CHECK(send_all(handles, std::make_shared<const std::string>(bytes)) == 8);
        CHECK(server.stats().memory < std::size_t(i + 1) * bytes.size() + 8 * 64 * 1024);
    }
    for (Client& client : clients) {
        for (int i = 0; i != 3; ++i) CHECK((client.reply() == bytes));
        CHECK(client.ask(ping) == pong);
    }
    CHECK(eventually([&] { return server.stats().memory == 0; }));
}
