// Coroutine handlers, timers and embedded servers need only <libresp/server.hpp> and
// <libresp/server/asio.hpp>.
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include "support/catch.hpp"
#include "support/client.hpp"

#include <chrono>
#include <optional>
#include <thread>

namespace {

/// Waits before it answers with the number of timer ticks that it has seen.
struct Ticking {
    std::optional<asio::any_io_executor> executor;

    void on_open(const resp::Connection& connection) { executor = connection.executor(); }
    asio::awaitable<void> operator()(const resp::Request&, resp::Reply& reply) {
        int ticks = 0;
        for (; ticks != 2; ++ticks) {
            asio::steady_timer timer{*executor, std::chrono::milliseconds{1}};
            co_await timer.async_wait(asio::use_awaitable);
        }
        asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::milliseconds{1}};
        co_await timer.async_wait(asio::use_awaitable);
        reply.integer(ticks + 1);
    }
};

}  // namespace

TEST_CASE("the two public headers suffice for an embedded server with a coroutine handler") {
    asio::io_context context{1};
    resp::Server server{context.get_executor(), {.port = 0}, Ticking{}};
    server.start();
    std::string reply;
    std::jthread asker{[&] {
        support::Client client{server.local_endpoint()};
        reply = client.ask("TICKS\r\n");
        server.stop();
    }};
    context.run();
    asker.join();
    CHECK(reply == ":3\r\n");
}
