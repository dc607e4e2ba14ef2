// Sockets from elsewhere: Options::listen_descriptors and Server::adopt(). And a server on several executors.
#include <libresp/server/asio.hpp>

#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

#include <set>
#include <stdexcept>
#include <thread>

using resp::Connection;
using resp::Endpoint;
using support::Client;
using support::command;
using support::eventually;
using support::Ping;
using support::ping;
using support::PingOfKnown;
using support::pong;
using support::refusal;
using support::RunningServer;

namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) != -1; }

/// A listening TCP socket on a free port, as systemd would pass it.
int listening_socket() {
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor{context, {asio::ip::make_address("127.0.0.1"), 0}};
    return acceptor.release();
}

struct Pair {
    Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); }
    ~Pair() { ::close(ends[0]); }
    /// Sends PING and returns the reply, or nothing at the end.
    std::string ask() const {
        static_cast<void>(::send(ends[0], ping.data(), ping.size(), MSG_NOSIGNAL));
        char room[100];
        const auto n = ::recv(ends[0], room, sizeof room, 0);
        return {room, n > 0 ? static_cast<std::size_t>(n) : 0};
    }
    int ends[2]{};
};

}  // namespace

// ---- listening sockets

TEST_CASE("a server serves the clients of a socket that listened before, and closes it") {
    const int descriptor = listening_socket();
    {
        RunningServer server{{.listen_descriptors = {descriptor}}, Ping{}};
        REQUIRE(server->local_endpoints().size() == 1);
        CHECK(server->local_endpoint().address == "127.0.0.1");
        CHECK(server.client().ask(ping) == pong);
    }
    CHECK_FALSE(is_open(descriptor));
}

TEST_CASE("listening sockets stand before the addresses, and other addresses stay") {
    const int descriptor = listening_socket();
    const PingOfKnown handler;
    RunningServer server{{.addresses = {"127.0.0.2"}, .listen_descriptors = {descriptor}}, handler};
    const auto endpoints = server->local_endpoints();
    REQUIRE(endpoints.size() == 2);
    CHECK(endpoints[0].address == "127.0.0.1");
    CHECK(endpoints[1].address == "127.0.0.2");
    for (const Endpoint& endpoint : endpoints) {
        Client client{endpoint};
        CHECK(client.ask(ping) == pong);
        CHECK(handler.clients->items().back().local() == endpoint);
    }
}

TEST_CASE("a Unix socket that listens is served, and a stop leaves its file") {
    const std::string path = support::socket_path("given");
    ::unlink(path.c_str());
    asio::io_context context;
    asio::local::stream_protocol::acceptor acceptor{context, asio::local::stream_protocol::endpoint{path}};
    const PingOfKnown handler;
    {
        RunningServer server{{.listen_descriptors = {acceptor.release()}}, handler};
        CHECK(server->local_endpoint() == Endpoint{.path = path});
        Client client = server.client();
        CHECK(client.ask(ping) == pong);
        CHECK(handler.clients->items().front().local() == Endpoint{.path = path});
    }
    CHECK(::access(path.c_str(), F_OK) == 0);
    ::unlink(path.c_str());
}

TEST_CASE("a descriptor that is no listening socket is refused") {
    const Pair pair;
    const int listening = listening_socket();
    CHECK(refusal({.port = 0, .listen_descriptors = {pair.ends[1]}}) ==
          "listen_descriptors contains " + std::to_string(pair.ends[1]) +
              ", which is not a listening stream socket");
    CHECK(refusal({.port = 0, .listen_descriptors = {listening, -1}}) ==
          "listen_descriptors contains -1, which is not a listening stream socket");
    CHECK(refusal({.port = 0, .listen_descriptors = {STDIN_FILENO}}) != "none");
    CHECK(is_open(listening));
    ::close(listening);
    ::close(pair.ends[1]);
}

// ---- connected sockets

TEST_CASE("an adopted socket is served and counted like an accepted one") {
    const PingOfKnown handler;
    RunningServer server{{.max_connections = 2}, handler};
    const Pair first;
    const Pair second;
    const Pair third;
    for (const Pair* pair : {&first, &second}) {
        server->adopt(pair->ends[1]);
        CHECK(pair->ask() == pong);
    }
    CHECK(server.stats().accepted == 2);
    CHECK(server.stats().connections == 2);
    CHECK(handler.clients->items().front().peer() == Endpoint{});
    server->adopt(third.ends[1]);
    CHECK(third.ask() == "-ERR max number of clients reached\r\n");
    CHECK(server.stats().refused == 1);
}

TEST_CASE("an adopted TCP socket has its addresses") {
    const PingOfKnown handler;
    RunningServer server{{}, handler};
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor{context, {asio::ip::make_address("127.0.0.1"), 0}};
    Client client{Endpoint{.address = "127.0.0.1", .port = acceptor.local_endpoint().port()}};
    server->adopt(acceptor.accept().release());
    CHECK(client.ask(ping) == pong);
    CHECK(handler.clients->items().front().peer() == client.local());
    CHECK(handler.clients->items().front().local().port == acceptor.local_endpoint().port());
}

TEST_CASE("TCP probes a client that is idle for 300 s") {
    RunningServer server{{}, Ping{}};
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor{context, {asio::ip::make_address("127.0.0.1"), 0}};
    Client client{Endpoint{.address = "127.0.0.1", .port = acceptor.local_endpoint().port()}};
    const int socket = acceptor.accept().release();
    const int same = ::dup(socket);  // stays open for the test
    server->adopt(socket);
    CHECK(client.ask(ping) == pong);
    const auto option = [&](int level, int name) {
        int value = -1;
        socklen_t size = sizeof value;
        return ::getsockopt(same, level, name, &value, &size) == 0 ? value : -1;
    };
    CHECK(option(SOL_SOCKET, SO_KEEPALIVE) == 1);
    CHECK(option(IPPROTO_TCP, TCP_KEEPIDLE) == 300);
    ::close(same);
}

TEST_CASE("a socket that is adopted before run() waits for it") {
    const Pair pair;
    resp::Server server{{.port = 0}, Ping{}};
    server.adopt(pair.ends[1]);
    std::jthread thread{[&] { server.run(); }};
    CHECK(pair.ask() == pong);
    server.stop();
    thread.join();
    const Pair late;
    server.adopt(late.ends[1]);
    CHECK(is_open(late.ends[0]));
}

TEST_CASE("a socket that is adopted after a stop is closed") {
    asio::io_context context;
    std::optional<resp::Server<Ping>> server{std::in_place, context.get_executor(), resp::Options{.port = 0},
                                             Ping{}};
    server->start();
    server->stop();
    context.run();
    const Pair late;
    server->adopt(late.ends[1]);
    context.restart();
    context.run();
    CHECK(late.ask().empty());
}

TEST_CASE("adopt() closes and refuses what is no connected stream socket") {
    resp::Server server{{.port = 0}, Ping{}};
    const int listening = listening_socket();
    CHECK_THROWS_AS(server.adopt(listening), std::invalid_argument);
    CHECK_FALSE(is_open(listening));
    CHECK_THROWS_AS(server.adopt(-1), std::invalid_argument);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    CHECK_THROWS_AS(server.adopt(ends[0]), std::invalid_argument);
    CHECK_FALSE(is_open(ends[0]));
    ::close(ends[1]);
}

// ---- several executors

TEST_CASE("a server on several executors has a worker on each") {
    const PingOfKnown handler;
    std::vector<asio::io_context> contexts(3);
    std::vector<asio::any_io_executor> executors;
    for (asio::io_context& context : contexts) executors.push_back(context.get_executor());
    resp::Server server{executors, {.port = 0, .threads = 7}, handler};
    server.start();
    std::vector<std::jthread> threads;
    for (asio::io_context& context : contexts) {
        threads.emplace_back([&context] {
            const auto work = asio::make_work_guard(context);
            context.run_for(std::chrono::seconds{60});
        });
    }
    std::vector<Client> clients;
    for (int i = 0; i != 6; ++i) {
        clients.emplace_back(server.local_endpoint());
        CHECK(clients.back().ask(ping) == pong);
    }
    std::multiset<std::size_t> served;
    for (const Connection& client : handler.clients->items()) served.insert(client.thread());
    CHECK(served == std::multiset<std::size_t>{0, 0, 1, 1, 2, 2});
    server.stop();
    for (Client& client : clients) CHECK(client.rest().empty());
    clients.clear();
    REQUIRE(eventually([&] { return server.stats().connections == 0; }));
    for (asio::io_context& context : contexts) context.stop();
}

TEST_CASE("a server without an executor is refused") {
    const std::vector<asio::any_io_executor> none;
    CHECK_THROWS_AS((resp::Server{none, {.port = 0}, Ping{}}), std::invalid_argument);
}
