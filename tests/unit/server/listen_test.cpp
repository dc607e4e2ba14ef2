// The addresses that a server listens on, and the errors if it cannot.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

#include <unistd.h>

#include <cmath>
#include <stdexcept>
#include <system_error>

using support::Client;
using support::Ping;
using support::ping;
using support::pong;
using support::refusal;
using support::RunningServer;
using support::socket_path;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A path that no other test uses.
bool has_ipv6() {
    try {
        const resp::Server probe{{.addresses = {"::1"}, .port = 0}, Ping{}};
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

}  // namespace

TEST_CASE("a server listens on loopback at a free port") {
    RunningServer server{{}, Ping{}};
    const resp::Endpoint endpoint = server->local_endpoint();
    CHECK(endpoint.address == "127.0.0.1");
    CHECK(endpoint.port != 0);
    CHECK(endpoint.to_string() == "127.0.0.1:" + std::to_string(endpoint.port));
    CHECK(server.client().ask(ping) == pong);
}

TEST_CASE("a server listens on several addresses at one port") {
    resp::Options options{.addresses = {"127.0.0.1", "127.0.0.2"}, .unix_path = socket_path("several")};
    if (has_ipv6()) options.addresses.emplace_back("::1");
    RunningServer server{options, Ping{}};
    const std::vector<resp::Endpoint> endpoints = server->local_endpoints();
    REQUIRE(endpoints.size() == options.addresses.size() + 1);
    for (const resp::Endpoint& endpoint : endpoints) {
        CAPTURE(endpoint.to_string());
        if (endpoint.path.empty()) CHECK(endpoint.port == endpoints.front().port);
        CHECK(Client{endpoint}.ask(ping) == pong);
    }
    CHECK(endpoints.back().path == options.unix_path);
    CHECK(endpoints.back().to_string() == "unix:" + options.unix_path);
}

TEST_CASE("an IPv6 client has an IPv6 peer") {
    if (!has_ipv6()) return;
    const auto peers = std::make_shared<support::Record<resp::Endpoint>>();
    RunningServer server{{.addresses = {"::1"}}, [peers](const resp::Request& request, resp::Reply& reply) {
                             peers->add(request.connection().peer());
                             reply.simple_string("PONG");
                         }};
    Client client = server.client();
    REQUIRE(client.ask(ping) == pong);
    CHECK(peers->items().front() == client.local());
    CHECK(peers->items().front().to_string() == "[::1]:" + std::to_string(client.local().port));
}

TEST_CASE("the error for a port in use names the address") {
    const resp::Server server{{.port = 0}, Ping{}};
    const std::string address = server.local_endpoint().to_string();
    const std::string text = refusal({.port = server.local_endpoint().port});
    CHECK(contains(text, address));
    CHECK(contains(text, "Address already in use"));
}

TEST_CASE("the error for an invalid address names it") {
    CHECK(contains(refusal({.addresses = {"localhost"}, .port = 0}), "\"localhost\""));
    CHECK(contains(refusal({.addresses = {"1.2.3.4.5"}, .port = 0}), "\"1.2.3.4.5\""));
    CHECK(contains(refusal({.addresses = {"192.0.2.1"}, .port = 0}), "192.0.2.1:0"));
}

TEST_CASE("an address that may be missing is left out if this machine does not have it") {
    const auto lines = std::make_shared<support::Record<std::string>>();
    // Nobody has this address: it is reserved for documentation.
    resp::Options options{.addresses = {"-192.0.2.1", "127.0.0.1"}, .port = 0};
    options.log.sink = [lines](resp::LogLevel, std::string_view line) { lines->add(std::string{line}); };
    {
        const resp::Server server{options, Ping{}};
        REQUIRE(server.local_endpoints().size() == 1);
        CHECK(server.local_endpoint().address == "127.0.0.1");
        CHECK(server.local_endpoint().port != 0);
        REQUIRE(lines->size() == 1);
        CHECK(lines->items()[0] ==
              "[server] Left out an address: cannot listen on 192.0.2.1:0: Cannot assign requested address");
    }
    SECTION("but not if it has it") {
        const resp::Server server{{.addresses = {"-127.0.0.1", "-127.0.0.2"}, .port = 0}, Ping{}};
        REQUIRE(server.local_endpoints().size() == 2);
        const std::uint16_t port = server.local_endpoint().port;
        CHECK(contains(refusal({.addresses = {"-127.0.0.1"}, .port = port}), "Address already in use"));
    }
    SECTION("nor if it is not an address") {
        CHECK(contains(refusal({.addresses = {"-localhost"}, .port = 0}), "\"localhost\""));
        CHECK(contains(refusal({.addresses = {"-"}, .port = 0}), "\"\""));
        CHECK(contains(refusal({.addresses = {"--127.0.0.1"}, .port = 0}), "\"-127.0.0.1\""));
    }
    SECTION("and a server without any address is an error, unless it has a Unix socket") {
        options.addresses = {"-192.0.2.1", "-192.0.2.1"};
        CHECK(refusal(options) == "cannot listen on 192.0.2.1:0: Cannot assign requested address");
        options.unix_path = socket_path("only");
        const resp::Server server{options, Ping{}};
        CHECK(server.local_endpoint().path == options.unix_path);
    }
}

TEST_CASE("invalid options throw") {
    const auto make = [](const resp::Options& options) { const resp::Server server{options, Ping{}}; };
    CHECK_THROWS_AS(make({.addresses = {}, .port = 0}), std::invalid_argument);
    CHECK_THROWS_AS(make({.port = 0, .threads = 0}), std::invalid_argument);
    CHECK_THROWS_AS(make({.port = 0, .max_connections = 0}), std::invalid_argument);
    for (const double rate : {-1.0, -1e-300, HUGE_VAL, std::nan("")}) {
        CHECK_THROWS_AS(make({.port = 0, .connection_rate = {.per_second = rate}}), std::invalid_argument);
    }
}

TEST_CASE("a server that never runs frees its port") {
    std::uint16_t port = 0;
    {
        const resp::Server server{{.port = 0}, Ping{}};
        port = server.local_endpoint().port;
    }
    const resp::Server again{{.port = port}, Ping{}};
    CHECK(again.local_endpoint().port == port);
}

TEST_CASE("four threads serve many clients") {
    RunningServer server{{.threads = 4}, Ping{}};
    std::vector<std::jthread> threads;
    std::atomic<int> answered{0};
    for (int i = 0; i != 20; ++i) {
        threads.emplace_back([&] {
            Client client = server.client();
            for (int n = 0; n != 50; ++n)
                answered += client.ask(support::command("ECHO", n)) == support::bulk(std::to_string(n));
        });
    }
    threads.clear();
    CHECK(answered == 1'000);
    CHECK(server.stats().requests == 1'000);
    CHECK(server.stats().accepted == 20);
}
