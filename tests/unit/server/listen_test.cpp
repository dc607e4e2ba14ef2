// The addresses that a server listens on, and the errors if it cannot.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <stdexcept>
#include <system_error>

using support::Client;
using support::Ping;
using support::ping;
using support::pong;
using support::RunningServer;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A path that no other test uses.
std::string socket_path(const char* name) {
    return "/tmp/libresp-" + std::to_string(::getpid()) + "-" + name + ".sock";
}

bool exists(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0;
}

bool has_ipv6() {
    try {
        const resp::Server probe{{.addresses = {"::1"}, .port = 0}, Ping{}};
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

std::string refusal(const resp::Options& options) {
    try {
        const resp::Server server{options, Ping{}};
        return "none";
    } catch (const std::exception& error) {
        return error.what();
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

TEST_CASE("a server on a Unix socket removes the file at its end") {
    const std::string path = socket_path("unix");
    {
        RunningServer server{{.addresses = {}, .unix_path = path}, Ping{}};
        CHECK(server->local_endpoint().path == path);
        Client client = server.client();
        CHECK(client.ask(ping) == pong);
        client.finish();
        CHECK(client.rest().empty());
        CHECK(exists(path));
    }
    CHECK_FALSE(exists(path));
}

TEST_CASE("a stale Unix socket is replaced, and one in use is not") {
    const std::string path = socket_path("stale");
    {
        // A stale socket: bound, and closed without removing the file.
        const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_storage address{AF_UNIX, {}, 0};
        path.copy(reinterpret_cast<char*>(&address) + sizeof(sa_family_t), path.size());
        REQUIRE(::bind(left, reinterpret_cast<const sockaddr*>(&address),
                       static_cast<socklen_t>(sizeof(sa_family_t) + path.size() + 1)) == 0);
        ::close(left);
        REQUIRE(exists(path));
    }
    RunningServer server{{.addresses = {}, .unix_path = path}, Ping{}};
    CHECK(server.client().ask(ping) == pong);
    CHECK(contains(refusal({.addresses = {}, .unix_path = path}), path));
    CHECK(server.client().ask(ping) == pong);
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
    CHECK(contains(refusal({.addresses = {}, .unix_path = std::string(300, 'x')}), "xxx"));
    CHECK(contains(refusal({.addresses = {}, .unix_path = "/nonexistent/resp.sock"}),
                   "/nonexistent/resp.sock"));
}

TEST_CASE("invalid options throw") {
    const auto make = [](const resp::Options& options) { const resp::Server server{options, Ping{}}; };
    CHECK_THROWS_AS(make({.addresses = {}, .port = 0}), std::invalid_argument);
    CHECK_THROWS_AS(make({.port = 0, .threads = 0}), std::invalid_argument);
    CHECK_THROWS_AS(make({.port = 0, .max_connections = 0}), std::invalid_argument);
    for (const double rate : {-1.0, -1e-300, HUGE_VAL, std::nan("")}) {
        CHECK_THROWS_AS(make({.port = 0, .connection_rate = {.per_second = rate}}), std::invalid_argument);
    }
    CHECK_THROWS_AS(make({.port = 0, .output_high_water = 10, .output_low_water = 11}),
                    std::invalid_argument);
    CHECK_THROWS_AS(make({.port = 0, .output_high_water = 10, .output_low_water = 5, .max_output = 9}),
                    std::invalid_argument);
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
