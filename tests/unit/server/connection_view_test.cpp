// What a Connection says about its client, and abort() and set_peer().
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"
#include "support/running_server.hpp"

#include <set>

using resp::Connection;
using resp::Endpoint;
using support::Client;
using support::command;
using support::eventually;
using support::MemoryClient;
using support::MemoryServer;
using support::noise;
using support::Noting;
using support::ping;
using support::PingOfKnown;
using support::pong;
using support::Record;
using support::RunningServer;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

struct NotingKnown : Noting {
    PingOfKnown known;
    void on_open(const Connection& connection) const { known.on_open(connection); }
    [[nodiscard]] Connection client() const { return known.clients->items().front(); }
};

}  // namespace

TEST_CASE("local() is the address that the client has connected to") {
    const PingOfKnown handler;
    const std::string path = support::socket_path("local");
    RunningServer server{{.addresses = {"0.0.0.0"}, .unix_path = path}, handler};
    const std::uint16_t port = server->local_endpoint().port;
    Client tcp{Endpoint{.address = "127.0.0.5", .port = port}};
    CHECK(tcp.ask(ping) == pong);
    Client local{Endpoint{.path = path}};
    CHECK(local.ask(ping) == pong);
    const auto clients = handler.clients->items();
    CHECK(clients[0].local() == Endpoint{.address = "127.0.0.5", .port = port});
    CHECK(clients[0].peer() == tcp.local());
    CHECK(clients[1].local() == Endpoint{.path = path});
    CHECK(clients[1].peer() == Endpoint{});
}

TEST_CASE("thread() is the index of the thread that serves the client") {
    const PingOfKnown handler;
    RunningServer server{{.threads = 3}, handler};
    std::vector<Client> clients;
    for (int i = 0; i != 6; ++i) {
        clients.push_back(server.client());
        CHECK(clients.back().ask(ping) == pong);
    }
    std::multiset<std::size_t> threads;
    for (const Connection& client : handler.clients->items()) threads.insert(client.thread());
    CHECK(threads == std::multiset<std::size_t>{0, 0, 1, 1, 2, 2});
}

TEST_CASE("opened() and last_active() are times of the steady clock") {
    const PingOfKnown handler;
    const auto before = Clock::now();
    RunningServer server{{}, handler};
    Client client = server.client();
    CHECK(client.ask(ping) == pong);
    const Connection handle = handler.clients->items().front();
    CHECK(handle.opened() >= before);
    CHECK(handle.opened() <= Clock::now());
    const auto first = handle.last_active();
    CHECK(first >= handle.opened());
    REQUIRE(eventually([&] { return Clock::now() - handle.last_active() > 500ms; }));
    CHECK(client.ask(ping) == pong);
    CHECK(Clock::now() - handle.last_active() < 500ms);
}

TEST_CASE("queued() and held() follow what a client does not take") {
    const PingOfKnown handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send(ping);
    server.run();
    const Connection handle = handler.clients->items().front();
    CHECK(handle.queued() == 0);
    CHECK(handle.held() == 0);

    client.room = 0;
    client.send(command("ECHO", noise(10'000)));
    server.run();
    CHECK(handle.queued() == 10'010);
    CHECK(handle.held() >= 10'010);
    CHECK(handle.held() == server.memory());
    CHECK(handle.send(noise(50'000)) == resp::Sent::queued);
    server.run();
    CHECK(handle.queued() == 60'010);
    const auto charge = handle.charge(1'000'000);
    CHECK(handle.held() >= 1'010'010);

    client.room = MemoryClient::all;
    server.run();
    CHECK(handle.queued() == 0);
    CHECK(handle.held() == 1'000'000);
}

TEST_CASE("abort() closes a connection without its queued output") {
    const NotingKnown handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.room = 3;
    client.send(ping);
    server.run();
    handler.client().abort();
    CHECK_FALSE(handler.client().is_open());
    client.room = MemoryClient::all;
    server.run();
    CHECK(client.closed);
    CHECK(client.received == pong.substr(0, 3));
    CHECK(handler.ends->items() ==
          std::vector<std::error_code>{std::make_error_code(std::errc::operation_canceled)});
    CHECK(handler.client().peer_state() == resp::PeerState::gone);
    handler.client().abort();
}

TEST_CASE("a connection that is gone has no view") {
    const PingOfKnown handler;
    Connection client;
    SECTION("because there never was one") {}
    SECTION("because its server is gone") {
        RunningServer server{{}, handler};
        CHECK(server.client().ask(ping) == pong);
        client = handler.clients->items().front();
    }
    CHECK(client.peer() == Endpoint{});
    CHECK(client.local() == Endpoint{});
    CHECK(client.thread() == 0);
    CHECK(client.opened() == Clock::time_point{});
    CHECK(client.last_active() == Clock::time_point{});
    CHECK(client.queued() == 0);
    CHECK(client.held() == 0);
    client.abort();
    client.set_peer({.address = "192.0.2.1"});
}

// ---- set_peer()

TEST_CASE("set_peer() replaces the address in peer() and in log lines") {
    const PingOfKnown handler;
    const auto lines = std::make_shared<Record<std::string>>();
    resp::Options options;
    options.log.level = resp::LogLevel::info;
    options.log.sink = [lines](resp::LogLevel, std::string_view line) { lines->add(std::string{line}); };
    MemoryServer server{options, handler};
    MemoryClient& client = server.connect();
    const Connection handle = handler.clients->items().front();
    handle.set_peer({.address = "192.0.2.1", .port = 77});
    CHECK(handle.peer() == Endpoint{.address = "192.0.2.1", .port = 77});
    CHECK_THROWS_AS(handle.set_peer({.address = "example.org"}), std::system_error);
    client.finish();
    server.run();
    CHECK(lines->items().back() == "[192.0.2.1:77] Ending connection");
}

TEST_CASE("set_peer() counts the client for the other address, and closes it if that is refused") {
    const NotingKnown handler;
    MemoryServer server{{.max_connections_per_address = 2}, handler};
    std::vector<MemoryClient*> clients;
    for (int i = 0; i != 4; ++i) clients.push_back(&server.connect());
    const auto handles = handler.known.clients->items();
    for (const Connection& handle : handles) handle.set_peer({.address = "192.0.2.1"});
    server.run();
    CHECK_FALSE(clients[1]->closed);
    CHECK(clients[2]->ended);
    CHECK(clients[3]->ended);
    clients[0]->finish();
    clients[2]->finish();
    clients[3]->finish();
    server.run();
    CHECK(server.connections() == 1);
    CHECK(handler.ends->items()[1] == std::make_error_code(std::errc::connection_refused));
    server.connect();
    handler.known.clients->items().back().set_peer({.address = "192.0.2.1"});
    server.run();
    CHECK(server.connections() == 2);
}
