// Limits for one address, over sockets: max_connections_per_address, connection_rate and accept_filter.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

#include <unistd.h>

#include <optional>
#include <stdexcept>
#include <vector>

using support::Client;
using support::End;
using support::eventually;
using support::Ping;
using support::ping;
using support::pong;
using support::RunningServer;
using support::socket_path;

namespace {

constexpr std::string_view too_many_from_address = "-ERR max number of clients from this address reached\r\n";

/// Connects from an address; true if it is served, false if it is closed without a reply.
bool is_served(const RunningServer<Ping>& server, const char* from) {
    Client client = server.client({.from = from});
    if (client.try_send(ping)) client.finish();
    End end{};
    const std::string reply = client.rest(&end);
    REQUIRE((reply.empty() || reply == pong));
    return !reply.empty();
}

}  // namespace

TEST_CASE("a client over max_connections_per_address gets an error, and other addresses are served") {
    const auto threads = GENERATE(1U, 3U);
    RunningServer server{{.threads = threads, .max_connections_per_address = 2}, Ping{}};
    std::vector<Client> clients;
    for (int i = 0; i != 2; ++i) {
        clients.push_back(server.client({.from = "127.0.0.2"}));
        REQUIRE(clients.back().ask(ping) == pong);
    }
    for (int i = 0; i != 40; ++i) {
        Client refused = server.client({.from = "127.0.0.2"});
        End end{};
        REQUIRE(refused.rest(&end) == too_many_from_address);
        CHECK(end == End::orderly);
        CHECK(server.client({.from = "127.0.0.3"}).ask(ping) == pong);
    }
    CHECK(server.stats().refused == 40);
    CHECK(server.stats().refused_by_address == 40);
    for (Client& client : clients) CHECK(client.ask(ping) == pong);
    clients.pop_back();
    REQUIRE(eventually([&] { return server.stats().connections == 1; }));
    CHECK(server.client({.from = "127.0.0.2"}).ask(ping) == pong);
}

TEST_CASE("one address cannot take every place") {
    RunningServer server{{.max_connections = 5, .max_connections_per_address = 3}, Ping{}};
    std::vector<Client> greedy;
    for (int i = 0; i != 20; ++i) greedy.push_back(server.client({.from = "127.0.0.2"}));
    REQUIRE(eventually([&] { return server.stats().refused == 17; }));
    Client other = server.client();
    CHECK(other.ask(ping) == pong);
    CHECK(server.stats().connections == 4);
}

TEST_CASE("clients of a Unix socket have no address, so no limit for it") {
    const std::string path = socket_path("places");
    RunningServer server{{.unix_path = path,
                          .max_connections_per_address = 1,
                          .connection_rate = {.per_second = 0.01, .burst = 1}},
                         Ping{}};
    std::vector<Client> clients;
    for (int i = 0; i != 5; ++i) {
        clients.emplace_back(resp::Endpoint{.path = path});
        CHECK(clients.back().ask(ping) == pong);
    }
}

TEST_CASE("a client over connection_rate is closed, and other addresses are served") {
    RunningServer server{{.connection_rate = {.per_second = 0.01, .burst = 3}}, Ping{}};
    for (int i = 0; i != 3; ++i) CHECK(is_served(server, "127.0.0.2"));
    for (int i = 0; i != 5; ++i) CHECK_FALSE(is_served(server, "127.0.0.2"));
    CHECK(is_served(server, "127.0.0.3"));
    CHECK(server.stats().refused == 5);
    CHECK(server.stats().refused_by_rate == 5);
    CHECK(server.stats().accepted == 4);
}

TEST_CASE("the filter sees each client first, and those that it refuses are closed") {
    const auto seen = std::make_shared<support::Record<resp::Endpoint>>();
    const std::string path = socket_path("filter");
    RunningServer server{{.unix_path = path,
                          .max_connections = 1,
                          .connection_rate = {.per_second = 1'000},
                          .accept_filter =
                              [seen](const resp::Endpoint& client) {
                                  seen->add(client);
                                  return client.address != "127.0.0.2";
                              }},
                         Ping{}};
    std::optional<Client> first{server.client()};
    REQUIRE(first->ask(ping) == pong);
    // Although there are too many clients, it gets no reply: the filter is asked first.
    CHECK_FALSE(is_served(server, "127.0.0.2"));
    CHECK(seen->items().front() == first->local());
    CHECK(server.stats().refused_by_filter == 1);
    first.reset();
    REQUIRE(eventually([&] { return server.stats().connections == 0; }));
    CHECK(Client{resp::Endpoint{.path = path}}.ask(ping) == pong);
    CHECK(seen->items().back() == resp::Endpoint{});
}

TEST_CASE("a filter that throws refuses the client, and is counted and logged") {
    const auto lines = std::make_shared<support::Record<std::string>>();
    resp::Options options;
    options.accept_filter = [](const resp::Endpoint& client) {
        if (client.address == "127.0.0.2") throw std::runtime_error{"no\nfilter"};
        if (client.address == "127.0.0.3") throw 42;
        return true;
    };
    options.log.sink = [lines](resp::LogLevel level, std::string_view line) {
        if (level == resp::LogLevel::error) lines->add(std::string{line.substr(line.find(']'))});
    };
    RunningServer server{options, Ping{}};
    CHECK_FALSE(is_served(server, "127.0.0.2"));
    CHECK_FALSE(is_served(server, "127.0.0.3"));
    CHECK(is_served(server, "127.0.0.4"));
    CHECK(lines->items() == std::vector<std::string>{"] accept_filter threw an exception: no\\x0afilter",
                                                     "] accept_filter threw an exception: not a "
                                                     "std::exception"});
    CHECK(server.stats().refused_by_filter == 2);
    CHECK(server.stats().accept_errors == 2);
}

TEST_CASE("a refused client makes no handler") {
    struct Copied : Ping {
        std::shared_ptr<std::atomic<int>> opened = std::make_shared<std::atomic<int>>(0);
        void on_open(const resp::Connection&) const { ++*opened; }
    };
    const Copied handler;
    RunningServer server{{.max_connections_per_address = 1}, handler};
    Client first = server.client();
    REQUIRE(first.ask(ping) == pong);
    CHECK(server.client().rest() == too_many_from_address);
    CHECK(*handler.opened == 1);
}
