// What connections hold while their coroutine handlers wait: as little as possible, within max_memory, and after
// the client has left only what the handler uses.
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"
#include "support/sizes.hpp"
#include "waiting.hpp"

#include <algorithm>
#include <optional>
#include <vector>

using support::bulk;
using support::command;
using support::kib;
using support::MemoryClient;
using support::MemoryServer;
using support::mib;
using support::noise;
using support::ping;
using support::pong;
using support::repeat;
using support::Waits;
using namespace std::chrono_literals;

namespace {

/// A request whose handler waits. It has `size` bytes and a few more.
std::string waiting(std::size_t size) { return command("PAUSE", noise(size)); }

/// Sends bytes as pieces that one read each takes.
void send_in_pieces(MemoryClient& client, const std::string& bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 100'000) client.send(bytes.substr(i, 100'000));
}

}  // namespace

// ---- how little a waiting handler holds

TEST_CASE("a connection whose handler waits for a request of 14 bytes holds at most 2 KiB") {
    const Waits handler;
    MemoryServer server{{}, handler};
    constexpr std::size_t clients = 100;
    std::vector<MemoryClient*> all;
    for (std::size_t i = 0; i != clients; ++i) all.push_back(&server.connect());
    const std::string wait = "*1\r\n$4\r\nWAIT\r\n";
    REQUIRE(wait.size() == 14);
    SECTION("alone") {
        for (MemoryClient* client : all) client->send(wait);
    }
    SECTION("after a long reply that was sent") {
        for (MemoryClient* client : all) client->send(command("GIVE", 300'000) + wait);
    }
    SECTION("after a long reply that the client takes later") {
        for (MemoryClient* client : all) {
            client->room = 100;
            client->send(command("GIVE", 300'000) + wait);
        }
        server.run();
        for (MemoryClient* client : all) client->room = MemoryClient::all;
    }
    SECTION("after a large request") {
        for (MemoryClient* client : all) send_in_pieces(*client, command("PING", noise(300'000)) + wait);
    }
    SECTION("after a push that was sent") {
        for (std::size_t i = 0; i != clients; ++i) {
            all[i]->send(wait);
            server.run();
            handler.client(i).send(bulk(noise(3'000)));
        }
    }
    server.run();
    REQUIRE(handler.waiting() == clients);
    CHECK(server.memory() <= 2 * kib * clients);
    handler.open();
    server.run();
    CHECK(server.memory() == 0);
}

TEST_CASE("a handler that has begun a short reply does not hold the room of a long one before it") {
    const Waits handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.room = 100;
    client.send(command("GIVE", 300'000) + command("BEGIN", 20));
    server.run();
    client.room = MemoryClient::all;
    server.pass(200ms);
    REQUIRE(handler.waiting() == 1);
    CHECK((client.received == bulk(noise(300'000))));
    CHECK(server.memory() <= 2 * kib);
    handler.open();
    server.run();
    CHECK((client.received == bulk(noise(300'000)) + "*2\r\n" + bulk(noise(20)) + "+PONG\r\n"));
}

// ---- large requests

TEST_CASE("large requests begin to wait up to 75 % of max_memory, and all are answered in the end") {
    const Waits handler;
    constexpr std::size_t most = 16 * mib;
    constexpr std::size_t clients = 2'000;
    constexpr std::size_t size = 90'000;  // one read takes all of it
    MemoryServer server{{.max_memory = most}, handler};
    std::vector<MemoryClient*> all;
    std::uint64_t peak = 0;
    const auto run = [&] {
        while (server.step()) peak = std::max(peak, server.memory());
    };
    for (std::size_t i = 0; i != clients; ++i) {
        all.push_back(&server.connect());
        all.back()->send(waiting(size));
    }
    run();
    CHECK(handler.waiting() * size > most / 2);
    CHECK(handler.waiting() * size <= most * 3 / 4);
    std::ptrdiff_t answered = 0;
    for (int i = 0; i != 100 && answered != clients; ++i) {
        handler.open();
        run();
        server.tick(200ms);
        run();
        answered =
            std::count_if(all.begin(), all.end(), [](auto* client) { return client->received == pong; });
    }
    CHECK(answered == clients);
    CHECK(peak <= most);
    CHECK(server.counters().cut_off.value() == 0);
    CHECK(server.memory() == 0);
}

TEST_CASE("requests that many reads receive begin to wait up to 75 % of max_memory") {
    const Waits handler;
    constexpr std::size_t most = 16 * mib;
    constexpr std::size_t size = 700'000;
    MemoryServer server{{.max_memory = most}, handler};
    std::uint64_t peak = 0;
    for (int i = 0; i != 100; ++i) {
        send_in_pieces(server.connect(), waiting(size));
        while (server.step()) peak = std::max(peak, server.memory());
    }
    CHECK(handler.waiting() * size > most / 2);
    CHECK(handler.waiting() * size <= most * 3 / 4);
    CHECK(peak <= most);
    const std::size_t first = handler.waiting();
    handler.open();
    server.pass(400ms);
    CHECK(handler.ends().size() == first);
    CHECK(handler.waiting() > 0);
    CHECK(handler.waiting() * size <= most * 3 / 4);
    for (int i = 0; i != 100 && server.memory() != 0; ++i) {
        handler.open();
        server.pass(1s);
    }
    CHECK(server.memory() == 0);
}

TEST_CASE("small requests are handled while large ones wait for memory") {
    const Waits handler;
    MemoryServer server{{.max_memory = 4 * mib}, handler};
    MemoryClient& small = server.connect();
    std::vector<MemoryClient*> all;
    for (int i = 0; i != 30; ++i) {
        all.push_back(&server.connect());
        all.back()->send(waiting(120'000));
        server.run();
    }
    const std::size_t waits = handler.waiting();
    CHECK(waits > 20);
    CHECK(waits * 120'000 <= 3 * mib);
    for (int i = 0; i != 10; ++i) {
        small.send(repeat(ping, 3));
        server.run();
        CHECK(small.received == repeat(pong, 3));
        small.received.clear();
    }
    CHECK(handler.waiting() == waits);
    CHECK(server.memory() <= 4 * mib);
    for (int i = 0; i != 100; ++i) {
        handler.open();
        server.pass(200ms);
    }
    for (MemoryClient* client : all) CHECK((client->received == pong || client->closed));
    CHECK(server.memory() == 0);
}

TEST_CASE("a short request is handled even if only the last 1/16 of max_memory is free") {
    const Waits handler;
    constexpr std::size_t most = 16 * mib;
    constexpr int clients = 100;
    MemoryServer server{{.max_memory = most}, handler};
    MemoryClient& small = server.connect();
    server.run();
    std::optional<resp::Charge> charge = handler.client(0).charge(most * 15 / 16);
    REQUIRE(charge);
    std::vector<MemoryClient*> all;
    for (int i = 0; i != clients; ++i) {
        all.push_back(&server.connect());
        all.back()->send(waiting(90'000));
    }
    server.run();
    CHECK(server.memory() < most);
    SECTION("at once") { small.send(repeat(ping, 3)); }
    SECTION("in pieces") {
        for (const char byte : ping) {
            small.send({&byte, 1});
            server.run();
        }
    }
    server.run();
    CHECK(small.received.starts_with(pong));
    CHECK(server.counters().cut_off.value() == 0);
    charge.reset();
    server.pass(1s);
    CHECK(small.received.size() % pong.size() == 0);
    CHECK(handler.waiting() == clients);
}

TEST_CASE("one request may wait however large it is") {
    const Waits handler;
    MemoryServer server{{.max_memory = mib, .connection_memory = mib}, handler};
    MemoryClient& client = server.connect();
    client.send(waiting(850'000) + waiting(1));
    server.pass(1s);
    CHECK(handler.waiting() == 1);
    handler.open();
    server.run();
    handler.open();
    server.run();
    CHECK(client.received == repeat(pong, 2));
}

TEST_CASE("a request that waits for memory goes with its client") {
    const Waits handler;
    MemoryServer server{{.max_memory = mib}, handler};
    MemoryClient& first = server.connect();
    send_in_pieces(first, waiting(500'000));
    server.run();
    REQUIRE(handler.waiting() == 1);
    MemoryClient& second = server.connect();
    send_in_pieces(second, waiting(300'000) + std::string{ping});
    server.run();
    REQUIRE(handler.waiting() == 1);
    const std::uint64_t held = server.memory();
    REQUIRE(held > 800'000);
    SECTION("that resets") {
        second.fail();
        server.run();
    }
    SECTION("whose connection the program closes") {
        handler.client(1).close();
        server.run();
        CHECK(second.ended);
        second.finish();
        server.run();
    }
    SECTION("at a stop by force") {
        server.abort();
        server.run();
        CHECK(first.closed);
    }
    CHECK(second.closed);
    CHECK(second.received.empty());
    CHECK(server.memory() <= held - 300'000);
    handler.open();
    server.run();
    CHECK(server.memory() == 0);
}

TEST_CASE("a request that waits for memory is handled at a stop") {
    const Waits handler;
    MemoryServer server{{.max_memory = mib}, handler};
    MemoryClient& first = server.connect();
    MemoryClient& second = server.connect();
    send_in_pieces(first, waiting(500'000));
    server.run();
    send_in_pieces(second, waiting(300'000));
    server.run();
    server.stop();
    server.pass(1s);
    CHECK(handler.waiting() == 1);
    for (int i = 0; i != 2; ++i) {
        handler.open();
        server.pass(400ms);
    }
    CHECK(first.received == pong);
    CHECK(second.received == pong);
    for (MemoryClient* client : {&first, &second}) client->finish();
    server.run();
    CHECK(server.has_stopped());
}

// ---- a client that is gone

TEST_CASE("the reset of a client whose handler waits frees what is queued for it at once") {
    const Waits handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.room = 0;
    SECTION("replies") { client.send(repeat(command("GIVE", 300'000), 5) + command("PAUSE")); }
    SECTION("replies before one that was begun") {
        client.send(repeat(command("GIVE", 300'000), 5) + command("BEGIN", 500));
    }
    SECTION("pushes") {
        client.send(command("PAUSE"));
        server.run();
        for (const std::size_t size : {100U, 300'000U}) {
            CHECK(handler.client(0).send(bulk(noise(size))) == resp::Sent::queued);
        }
    }
    SECTION("pushes that wait for the end of a reply") {
        client.send(command("BEGIN", 500));
        server.run();
        for (const std::size_t size : {100U, 300'000U}) {
            CHECK(handler.client(0).send(bulk(noise(size))) == resp::Sent::queued);
        }
    }
    SECTION("requests after it") { client.send(command("PAUSE") + command("PING", noise(80'000))); }
    server.pass(400ms);
    REQUIRE(handler.waiting() == 1);
    CHECK(server.memory() > 80'000);
    client.fail();
    server.run();
    CHECK(client.closed);
    CHECK(server.memory() <= 2 * kib);
    CHECK(handler.waiting() == 1);
    handler.open();
    server.run();
    CHECK(server.memory() == 0);
    CHECK(server.connections() == 0);
}

TEST_CASE("a handler may complete and extend a reply whose client is gone") {
    const Waits handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send(command("GIVE", 10) + command("BEGIN", 100'000));
    server.run();
    client.fail();
    server.run();
    CHECK(server.memory() > 100'000);
    handler.open();
    server.run();
    CHECK(server.memory() == 0);
}

TEST_CASE("memory that only a waiting handler can free closes no connection") {
    const Waits handler;
    MemoryServer server{{.max_memory = mib}, handler};
    MemoryClient& waits = server.connect();
    waits.send(waiting(700'000));
    server.run();
    REQUIRE(handler.waiting() == 1);
    std::optional<resp::Charge> charge = handler.client(0).charge(mib - server.memory());
    REQUIRE(charge);
    MemoryClient& reader = server.connect();
    reader.send(ping);
    server.pass(3s);
    CHECK_FALSE(waits.closed);
    CHECK_FALSE(reader.closed);
    CHECK(server.counters().cut_off.value() == 0);
    handler.open();
    server.pass(200ms);
    CHECK(waits.received == pong);
    CHECK(reader.received == pong);
    charge.reset();
    CHECK(server.memory() == 0);
}
