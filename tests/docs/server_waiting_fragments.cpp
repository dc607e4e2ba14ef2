// docs/server.md: handlers that wait: until the client leaves, and for room to push.
#include "expect.hpp"

#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

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

const std::map<std::string, std::string> values;

// [export]
// EXPORT: pushes all values, as fast as the client reads them.
asio::awaitable<void> send_all_values(const resp::Request& request, resp::Reply& reply) {
    const resp::Connection client = request.connection();
    for (const auto& [key, value] : values) {
        std::string push;
        resp::Encoder{push, client.version()}.push(3).bulk_string("value").bulk_string(key).bulk_string(
            value);
        co_await resp::async_send(client, std::move(push), asio::use_awaitable);
    }
    reply.simple_string("OK");
}
// [/export]

int main() {
    const resp::Server server{{.port = 0}, wait};
    expect(server.local_endpoint().address, "127.0.0.1");
    const resp::Server exporter{{.port = 0}, send_all_values};
    expect(exporter.local_endpoint().address, "127.0.0.1");
}
