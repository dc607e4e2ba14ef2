// Clients that write all of their requests before they read the first reply: they get every reply, also beside
// clients that never read, and the memory stays within its limit.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"
#include "support/sizes.hpp"

#include <algorithm>
#include <charconv>
#include <map>
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
using namespace std::chrono_literals;

namespace {

/// SET and GET of one connection; GIVE <size> answers with so many bytes; anything else gets PONG.
struct Store {
    std::map<std::string, std::string, std::less<>> values{};

    void operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        if (command.is("SET")) {
            values.insert_or_assign(std::string{command[1]}, std::string{command[2]});
            reply.simple_string("OK");
        } else if (command.is("GET")) {
            reply.bulk_string(values.find(command[1])->second);
        } else if (command.is("GIVE")) {
            std::size_t size = 0;
            std::from_chars(command[1].data(), command[1].data() + command[1].size(), size);
            reply.bulk_string(noise(size));
        } else {
            reply.simple_string("PONG");
        }
    }
};

std::string give(std::size_t size) { return command("GIVE", std::to_string(size)); }

/// Serves until nothing is left, and checks the held memory after each step.
void run_within(MemoryServer& server, std::size_t most) {
    std::uint64_t worst = server.memory();
    while (server.step()) worst = std::max(worst, server.memory());
    INFO(worst);
    CHECK(worst <= most);
}

/// The client writes its requests, reads nothing until the server has read all of them, and then reads.
void write_then_read(MemoryServer& server, MemoryClient& client, std::string_view requests) {
    constexpr std::size_t segment = 64 * kib;
    client.room = 0;
    for (std::size_t i = 0; i < requests.size(); i += segment) client.send(requests.substr(i, segment));
    server.run();
    REQUIRE(client.unread() == 0);
    client.room = MemoryClient::all;
    server.run();
}

}  // namespace

TEST_CASE("a client that writes its whole pipeline before it reads gets every reply") {
    const std::size_t replies = GENERATE(1 * mib, 10 * mib, 100 * mib);
    constexpr std::size_t size = 50 * kib;
    MemoryServer server{{.max_memory = 256 * mib}, Store{}};
    MemoryClient& client = server.connect();
    const std::size_t n = replies / size;
    write_then_read(server, client, repeat(give(size), n));
    CHECK((client.received == repeat(bulk(noise(size)), n)));
    CHECK(server.memory() == 0);
}

TEST_CASE("a pipeline of 1,000 times SET and GET of 10 kB works") {
    MemoryServer server{{}, Store{}};
    MemoryClient& client = server.connect();
    std::string requests;
    std::string expected;
    for (std::uint32_t i = 0; i != 1'000; ++i) {
        const std::string value = noise(10'000, i);
        requests += command("SET", "key", value) + command("GET", "key");
        expected += "+OK\r\n" + bulk(value);
    }
    write_then_read(server, client, requests);
    CHECK((client.received == expected));
    CHECK(server.memory() == 0);
}

TEST_CASE("a large request after 40 MiB of unread replies is received") {
    MemoryServer server{{}, Store{}};
    MemoryClient& client = server.connect();
    const std::string value = noise(30 * mib);
    write_then_read(server, client, repeat(give(mib), 40) + command("SET", "key", value));
    CHECK((client.received == repeat(bulk(noise(mib)), 40) + "+OK\r\n"));
    CHECK(server.memory() == 0);
}

TEST_CASE("a pipeline beside 100 clients that never read gets every reply, within max_memory") {
    constexpr std::size_t most = 32 * mib;
    constexpr std::size_t one_batch = mib + 256 * kib;
    MemoryServer server{{.max_memory = most}, Store{}};
    std::vector<MemoryClient*> never_reading;
    for (int i = 0; i != 100; ++i) {
        never_reading.push_back(&server.connect());
        never_reading.back()->room = 0;
        never_reading.back()->send(repeat(give(mib), 20));
    }
    run_within(server, most + one_batch);
    server.pass(1s);  // so their time to read ends before that of the pipeline
    const std::size_t size = GENERATE(100 * kib, 6 * mib);
    MemoryClient& pipeline = server.connect();
    MemoryClient& small = server.connect();
    pipeline.room = 0;
    const std::size_t n = size / (50 * kib);
    for (std::size_t i = 0; i != n; ++i) pipeline.send(give(50 * kib));
    for (int tick = 0; tick != 5 * 35; ++tick) {
        small.send(ping);
        run_within(server, most + one_batch);
        server.tick(200ms);
        REQUIRE(server.memory() <= most);
        run_within(server, most + one_batch);
        REQUIRE(small.received == pong);
        small.received.clear();
        // Like a blocking client: reads when all is written.
        if (pipeline.unread() == 0) pipeline.room = MemoryClient::all;
    }
    CHECK_FALSE(pipeline.closed);
    CHECK((pipeline.received == repeat(bulk(noise(50 * kib)), n)));
    const auto is_closed = [](const MemoryClient* client) { return client->closed; };
    CHECK(std::all_of(never_reading.begin(), never_reading.end(), is_closed));
    CHECK(server.memory() == 0);
    CHECK(server.connections() == 2);
}

TEST_CASE("a reply counts as many bytes as it has, and is not cut") {
    constexpr std::size_t size = 12 * mib;
    MemoryServer server{{.max_memory = 20 * mib}, Store{}};
    MemoryClient& client = server.connect();
    client.room = 1 * mib;
    client.send(give(size));
    run_within(server, size + 256 * kib);
    CHECK(server.memory() >= 11 * mib);
    server.pass(1s);
    CHECK(server.memory() <= size + 256 * kib);
    client.room = MemoryClient::all;
    server.pass(1s);
    CHECK((client.received == bulk(noise(size))));
    CHECK(server.memory() == 0);
}

TEST_CASE("after replies over max_memory, one tick later less is held") {
    MemoryServer server{{.max_memory = 10 * mib}, Store{}};
    std::vector<MemoryClient*> clients;
    for (int i = 0; i != 4; ++i) {
        clients.push_back(&server.connect());
        clients.back()->room = 0;
        clients.back()->send(give(3 * mib));
    }
    run_within(server, 13 * mib + 256 * kib);
    server.tick(200ms);
    server.run();
    CHECK(server.memory() <= 10 * mib);
    CHECK(server.connections() == 3);
}

TEST_CASE("no more clients than necessary are closed if the first is the one that has taken memory") {
    MemoryServer server{{.max_memory = 1'000'000}, Store{}};
    MemoryClient* const clients[] = {&server.connect(), &server.connect(), &server.connect()};
    const std::size_t sizes[] = {100'000, 550'000, 360'000};
    for (std::size_t i = 0; i != 3; ++i) {
        clients[i]->room = 0;
        clients[i]->send(give(sizes[i]));
        server.run();
        if (i != 2) server.tick(1s);
    }
    const std::uint64_t before = server.memory();
    CHECK(before > 1'000'000);
    CHECK_FALSE(clients[0]->closed);
    clients[0]->send(give(300'000));
    server.run();
    CHECK(clients[0]->closed);
    CHECK_FALSE(clients[1]->closed);
    CHECK_FALSE(clients[2]->closed);
    CHECK(server.memory() <= before - 100'000);
}
