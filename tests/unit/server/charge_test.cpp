// What a handler charges for its client counts against max_memory, and a reply over max_reply is refused.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"
#include "support/running_server.hpp"

#include <optional>
#include <utility>
#include <vector>

using resp::Charge;
using resp::Connection;
using support::bulk;
using support::command;
using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::ping;
using support::PingOfKnown;
using support::pong;
using support::repeat;
using support::RunningServer;
using namespace std::chrono_literals;

namespace {

/// GIVE answers with 300,000 bytes. KEEP charges 400,000 bytes, or answers -OOM if there is no room. The charge
/// ends with the connection.
struct Keeping {
    std::shared_ptr<std::vector<Charge>> charges{};

    void on_open(const Connection&) { charges = std::make_shared<std::vector<Charge>>(); }
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        if (request.command().is("GIVE")) return void(reply.bulk_string(noise(300'000)));
        if (!request.command().is("KEEP")) return support::Ping{}(request, reply);
        std::optional<Charge> charge = request.connection().charge(400'000);
        if (!charge) {
            reply.simple_error("OOM command not allowed");
            return;
        }
        charges->push_back(*std::move(charge));
        reply.simple_string("OK");
    }
};

}  // namespace

TEST_CASE("a charge counts as long as it exists") {
    const PingOfKnown handler;
    MemoryServer server{{.max_memory = 1'000'000}, handler};
    static_cast<void>(server.connect());
    const Connection client = handler.clients->items()[0];
    {
        std::optional<Charge> first = client.charge(600'000);
        REQUIRE(first);
        CHECK(first->bytes() == 600'000);
        CHECK(server.memory() == 600'000);
        CHECK_FALSE(client.charge(400'001));
        CHECK(server.memory() == 600'000);
        std::optional<Charge> second = client.charge(400'000);
        REQUIRE(second);
        CHECK(server.memory() == 1'000'000);
        *first = *std::move(second);
        CHECK(first->bytes() == 400'000);
        CHECK(second->bytes() == 0);
        CHECK(server.memory() == 400'000);
        Charge moved{*std::move(first)};
        CHECK(server.memory() == 400'000);
        Charge& self = moved;
        moved = std::move(self);
        CHECK(moved.bytes() == 400'000);
    }
    CHECK(server.memory() == 0);
    CHECK_FALSE(client.charge(SIZE_MAX));
    CHECK(client.charge(1'000'000));
}

TEST_CASE("a handler may answer OOM where it has no room to keep something") {
    MemoryServer server{{.max_memory = 1'000'000}, Keeping{}};
    MemoryClient& client = server.connect();
    client.send(repeat("KEEP\r\n", 3) + std::string{ping});
    server.run();
    CHECK(client.received == "+OK\r\n+OK\r\n-OOM command not allowed\r\n+PONG\r\n");
    CHECK(server.memory() == 800'000);
    CHECK_FALSE(client.closed);
    client.fail();
    server.run();
    CHECK(server.memory() == 0);
}

TEST_CASE("a charge outlives its connection and counts until it is destroyed") {
    const PingOfKnown handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    const Connection connection = handler.clients->items()[0];
    std::optional<Charge> charge = connection.charge(1'000);
    client.fail();
    server.run();
    CHECK(server.connections() == 0);
    CHECK(server.memory() == 1'000);
    CHECK_FALSE(connection.charge(1));
    CHECK_FALSE(Connection{}.charge(1));
    charge.reset();
    CHECK(server.memory() == 0);
}

TEST_CASE("a charge outlives the server") {
    std::optional<Charge> charge;
    Connection connection;
    {
        const PingOfKnown handler;
        RunningServer server{{}, handler};
        auto client = server.client();
        REQUIRE(client.ask(ping) == pong);
        connection = handler.clients->items()[0];
        charge = connection.charge(1'000);
        CHECK(server.stats().memory >= 1'000);
    }
    CHECK_FALSE(connection.charge(1));
    REQUIRE(charge);
    CHECK(charge->bytes() == 1'000);
    charge.reset();
}

TEST_CASE(
    "of clients that read nothing for equally long, the one whose charges are the largest is closed first") {
    MemoryServer server{{.max_memory = 1'000'000}, Keeping{}};
    MemoryClient* const clients[] = {&server.connect(), &server.connect(), &server.connect()};
    for (MemoryClient* client : clients) client->room = 0;
    clients[1]->send("KEEP\r\n");
    server.run();
    clients[0]->send("GIVE\r\n");
    clients[2]->send("GIVE\r\n");
    server.run();
    REQUIRE(server.memory() > 1'000'000);
    server.pass(1s);
    CHECK_FALSE(clients[0]->closed);
    CHECK(clients[1]->closed);
    CHECK_FALSE(clients[2]->closed);
}

TEST_CASE("a client whose charges make memory short is served, and its end is noticed") {
    MemoryServer server{{.max_memory = 1'000'000}, Keeping{}};
    MemoryClient& client = server.connect();
    client.send(repeat("KEEP\r\n", 2));
    server.run();
    REQUIRE(server.memory() == 800'000);
    client.send(ping);
    server.run();
    CHECK(client.received == "+OK\r\n+OK\r\n+PONG\r\n");
    client.finish();
    server.run();
    CHECK(client.closed);
    CHECK(server.memory() == 0);
}

TEST_CASE("the reset of a client that is held back frees its memory at once") {
    MemoryServer server{{.max_memory = 1'000'000}, Keeping{}};
    MemoryClient& keeping = server.connect();
    keeping.send("KEEP\r\n");
    MemoryClient& held_back = server.connect();
    held_back.send("*2\r\n$4\r\nECHO\r\n$500000\r\n" + noise(490'000));
    server.run();
    held_back.send("more");
    server.run();
    REQUIRE(server.memory() > 600'000);
    REQUIRE(held_back.unread() != 0);
    held_back.fail();
    server.run();
    CHECK(held_back.closed);
    CHECK(server.memory() == 400'000);
}

TEST_CASE("a reply over max_reply is replaced by an error, and only its connection is closed") {
    MemoryServer server{{.max_reply = 100'000, .batch_output = 1'000}, support::Ping{}};
    MemoryClient& large = server.connect();
    MemoryClient& other = server.connect();
    large.send(command("ECHO", noise(90'000)) + command("ECHO", noise(200'000)) + std::string{ping});
    other.send(ping);
    server.run();
    CHECK((large.received == bulk(noise(90'000)) + "-ERR internal error\r\n"));
    CHECK(large.ended);
    CHECK(other.received == pong);
    CHECK(server.counters().handler_errors.value() == 1);
    large.finish();
    server.pass(1s);
    CHECK(large.closed);
    CHECK_FALSE(other.closed);
    CHECK(server.memory() == 0);
}
