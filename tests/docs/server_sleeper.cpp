#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

// SLEEP <milliseconds> <word>: replies with the word after that time.
struct Sleeper {
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        const auto time = command.integer(1);
        if (!command.is("SLEEP") || command.size() != 3 || !time) {
            reply.simple_error(resp::syntax_error);
            co_return;
        }
        asio::steady_timer timer{co_await asio::this_coro::executor};
        timer.expires_after(std::chrono::milliseconds{std::clamp<std::int64_t>(*time, 0, 60'000)});
        co_await timer.async_wait(asio::use_awaitable);
        reply.bulk_string(command[2]);  // the request is still valid
    }
};

int main() {
    resp::Server server{{.port = 6381}, Sleeper{}};
    server.run();
}
