// docs/server.md: a handler that waits, until its client leaves.
#include "expect.hpp"

#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

// [waiting]
// WAIT <milliseconds>: replies after that time. Ends earlier if the client leaves.
asio::awaitable<void> wait(const resp::Request& request, resp::Reply& reply) {
    const std::int64_t time = request.command().integer(1).value_or(0);
    asio::steady_timer timer{co_await asio::this_coro::executor};
    timer.expires_after(std::chrono::milliseconds{std::clamp<std::int64_t>(time, 0, 600'000)});
    const resp::Connection client = request.connection();
    if (!co_await resp::unless_gone(client, timer.async_wait(asio::use_awaitable))) co_return;
    reply.simple_string("OK");
}
// [/waiting]

int main() {
    const resp::Server server{{.port = 0}, wait};
    expect(server.local_endpoint().address, "127.0.0.1");
}
