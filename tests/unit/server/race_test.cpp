// Starting, stopping and destroying a server at any moment of its clients' traffic. The sanitizers find
// the errors; the checks are that everything ends.
#include <libresp/server.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"

#include <optional>
#include <thread>

using resp::Connection;
using support::Client;
using support::Ping;
using support::ping;
using support::pong;

namespace {

struct RacingCoroutine {
    asio::awaitable<void> operator()(const resp::Request&, resp::Reply& reply) {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        reply.simple_string("PONG");
    }
};

struct RacingSharing : Ping {
    std::shared_ptr<support::Record<Connection>> connections =
        std::make_shared<support::Record<Connection>>();
    void on_open(const Connection& connection) { connections->add(connection); }
};

/// Sends requests until the server is gone. Each reply must be complete.
void ask_until_the_end(const resp::Endpoint& server) try {
    Client client{server};
    for (int i = 0; i != 1'000'000; ++i) {
        if (client.ask(ping) != pong) std::terminate();
    }
} catch (const std::runtime_error&) {
    // the server has stopped
}

void let_pass(int round) {
    std::this_thread::sleep_for(std::chrono::microseconds{round % 6 * 1000 + round * 7});
}

template <class H>
void run_and_stop(int round, unsigned threads, H handler) {
    resp::Server server{{.port = 0, .threads = threads}, std::move(handler)};
    const resp::Endpoint endpoint = server.local_endpoint();
    std::jthread runner{[&] { server.run(); }};
    std::vector<std::jthread> clients;
    for (int i = 0; i != 3; ++i) clients.emplace_back([=] { ask_until_the_end(endpoint); });
    let_pass(round);
    std::jthread stopper{[&] { server.stop(); }};
    if (round % 3 == 0) server.stop();
    runner.join();
}

}  // namespace

TEST_CASE("a server may be stopped and destroyed at any moment") {
    for (int round = 0; round != 50; ++round) {
        const unsigned threads = round % 2 == 0 ? 1 : 3;
        if (round % 4 < 2) {
            run_and_stop(round, threads, Ping{});
        } else {
            run_and_stop(round, threads, RacingCoroutine{});
        }
    }
    SUCCEED();
}

TEST_CASE("an embedded server may be destroyed at any moment") {
    for (int round = 0; round != 50; ++round) {
        asio::io_context context;
        std::optional<resp::Server<RacingCoroutine>> server;
        server.emplace(context.get_executor(), resp::Options{.port = 0}, RacingCoroutine{});
        const resp::Endpoint endpoint = server->local_endpoint();
        server->start();
        std::vector<std::jthread> threads;
        for (int i = 0; i != 1 + round % 3; ++i) threads.emplace_back([&] { context.run(); });
        std::vector<std::jthread> clients;
        for (int i = 0; i != 3; ++i) clients.emplace_back([=] { ask_until_the_end(endpoint); });
        let_pass(round);
        if (round % 2 == 0) server->stop();
        server.reset();
        threads.clear();  // joins: run() returns because no work is left
    }
    SUCCEED();
}

TEST_CASE("other threads may use handles while the server is destroyed") {
    for (int round = 0; round != 30; ++round) {
        const RacingSharing handler;
        std::atomic<bool> gone{false};
        std::vector<std::jthread> pushers;
        std::vector<std::jthread> clients;
        {
            resp::Server server{{.port = 0, .threads = 2}, handler};
            const resp::Endpoint endpoint = server.local_endpoint();
            std::jthread runner{[&] { server.run(); }};
            for (int i = 0; i != 2; ++i) {
                clients.emplace_back([=] {
                    try {
                        Client{endpoint}.rest();
                    } catch (const std::system_error&) {
                    }
                });
            }
            support::eventually([&] { return handler.connections->size() == 2; });
            for (int i = 0; i != 2; ++i) {
                pushers.emplace_back([&, i, connections = handler.connections->items()] {
                    while (!gone) {
                        for (const Connection& connection : connections) {
                            connection.send("+x\r\n");
                            (void)connection.peer();
                            (void)connection.version();
                            if (i == 1 && round % 5 == 0) connection.close();
                        }
                    }
                });
            }
            let_pass(round);
            server.stop();
            if (round % 2 == 0) server.stop();
            runner.join();
        }
        support::pause_briefly();
        gone = true;
    }
    SUCCEED();
}
