// Limits for all connections together: their number, and the memory for their input.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"
#include "support/sizes.hpp"

#include <optional>

using support::bulk;
using support::Client;
using support::command;
using support::End;
using support::eventually;
using support::mib;
using support::noise;
using support::Ping;
using support::ping;
using support::pong;
using support::RunningServer;

namespace {

constexpr std::string_view too_many = "-ERR max number of clients reached\r\n";

}  // namespace

TEST_CASE("a client over max_connections gets an error and is closed") {
    const auto threads = GENERATE(1U, 3U);
    CAPTURE(threads);
    RunningServer server{{.threads = threads, .max_connections = 5}, Ping{}};
    std::vector<Client> clients;
    for (int i = 0; i != 5; ++i) {
        clients.push_back(server.client());
        REQUIRE(clients.back().ask(ping) == pong);
    }
    for (int i = 0; i != 40; ++i) {
        Client refused = server.client();
        End end{};
        REQUIRE(refused.rest(&end) == too_many);
        CHECK(end == End::orderly);
    }
    SECTION("and the others are served") {
        for (Client& client : clients) CHECK(client.ask(ping) == pong);
        CHECK(server.stats().connections == 5);
        CHECK(server.stats().accepted == 5);
        CHECK(server.stats().refused == 40);
    }
    SECTION("and a new client is accepted after one has left") {
        clients.pop_back();
        REQUIRE(eventually([&] { return server.stats().connections == 4; }));
        clients.push_back(server.client());
        CHECK(clients.back().ask(ping) == pong);
        CHECK(server.client().rest() == too_many);
    }
}

TEST_CASE("many refused clients that never read do not stop the server") {
    RunningServer server{{.max_connections = 2}, Ping{}};
    Client client = server.client();
    REQUIRE(client.ask(ping) == pong);
    std::optional<Client> second{server.client()};
    REQUIRE(second->ask(ping) == pong);
    std::vector<Client> refused;
    for (int i = 0; i != 100; ++i) {
        refused.push_back(server.client());
        refused.back().try_send(ping);
    }
    REQUIRE(eventually([&] { return server.stats().refused == 100; }));
    CHECK(client.ask(ping) == pong);
    second.reset();
    REQUIRE(eventually([&] { return server.stats().connections == 1; }));
    CHECK(server.client().ask(ping) == pong);
}

TEST_CASE("over max_memory the connection with the largest input is paused and then closed") {
    RunningServer server{{.max_memory = 4 * mib}, Ping{}};
    Client other = server.client();
    Client small = server.client();
    small.send(command("ECHO", "small").substr(0, 20));

    constexpr std::size_t size = 8 * mib;
    const std::string request = command("ECHO", noise(size));
    std::vector<Client> large;
    for (int i = 0; i != 2; ++i) large.push_back(server.client());
    {
        std::vector<std::jthread> senders;
        for (Client& client : large) {
            // All bytes except the last, so that no frame is ever complete.
            senders.emplace_back(
                [&] { client.try_send(std::string_view{request}.substr(0, request.size() - 1)); });
        }
        bool all_answered = true;
        const bool cut = eventually([&] {
            all_answered &= other.ask(ping) == pong;
            return server.stats().cut_off != 0;
        });
        CHECK(cut);
        CHECK(all_answered);
        // More than max_memory: one read may exceed it, and a growing buffer doubles.
        CHECK(server.stats().memory < 16 * mib);
        for (int i = 0; i != 20; ++i) CHECK(other.ask(ping) == pong);
        CHECK(eventually([&] { return server.stats().cut_off == 2; }));
    }
    CHECK(small.ask(command("ECHO", "small").substr(20)) == bulk("small"));
    large.clear();
    CHECK(eventually([&] { return server.stats().memory == 0; }));
}

TEST_CASE("small connections are still read if memory is short") {
    RunningServer server{{.max_memory = mib}, Ping{}};
    Client small = server.client();
    const std::string request = command("ECHO", noise(1000));
    small.send(request.substr(0, 500));
    REQUIRE(eventually([&] { return server.stats().bytes_received == 500; }));
    Client large = server.client();
    std::jthread sender{[&] { large.try_send(command("ECHO", noise(16 * mib))); }};
    REQUIRE(eventually([&] { return server.stats().memory > mib / 2; }));
    CHECK((small.ask(request.substr(500)) == bulk(noise(1000))));
}

TEST_CASE("small connections stay open if those of another thread exceed max_memory") {
    RunningServer server{{.threads = 2, .max_memory = mib}, Ping{}};
    const std::string request = command("ECHO", noise(100'000));
    std::vector<Client> large;
    std::vector<Client> small;  // on the other thread: new clients alternate
    for (int i = 0; i != 5; ++i) {
        large.push_back(server.client());
        REQUIRE(large.back().ask(ping) == pong);
        small.push_back(server.client());
        small.back().send(request.substr(0, 1'000));
    }
    {
        const std::string value = command("ECHO", noise(8 * mib));
        std::vector<std::jthread> senders;
        for (Client& client : large) senders.emplace_back([&] { client.try_send(value); });
        REQUIRE(eventually([&] { return server.stats().cut_off >= 4; }));
    }
    for (Client& client : small) CHECK((client.ask(request.substr(1'000)) == bulk(noise(100'000))));
    CHECK(eventually([&] { return server.stats().memory == 0; }));
}

TEST_CASE("a paused connection is read again when memory is free") {
    RunningServer server{{.max_memory = 3 * mib}, Ping{}};
    Client first = server.client();
    Client second = server.client();
    const std::string value = noise(1'200'000);
    const std::string request = command("ECHO", value);
    first.send(request.substr(0, 1'000'000));
    REQUIRE(eventually([&] { return server.stats().bytes_received == 1'000'000; }));
    std::jthread sender{[&] { second.try_send(request); }};
    std::jthread reader{[&] { first.send(request.substr(1'000'000)); }};
    CHECK((first.reply() == bulk(value)));
    CHECK((second.reply() == bulk(value)));
    CHECK(server.stats().cut_off == 0);
    CHECK(eventually([&] { return server.stats().memory == 0; }));
}

TEST_CASE("a frame over its limit is refused at its header") {
    RunningServer server{{.limits = {.max_bulk = 1000}}, Ping{}};
    Client client = server.client();
    client.send("*2\r\n$4\r\nECHO\r\n$1001\r\n");
    CHECK(client.rest() == "-ERR Protocol error: invalid bulk length\r\n");
    CHECK(server.client().ask(command("ECHO", std::string(1000, 'x'))) == bulk(std::string(1000, 'x')));
}
