// [lookup]
#include <libresp/server/asio.hpp>
#include <libresp/service.hpp>

#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>

#include <string>
#include <string_view>

std::string look_up(const std::string& key);  // blocks

void add_lookup(resp::Commands<>& commands, asio::thread_pool& pool) {
    commands.add("LOOKUP key", [&pool](std::string_view key) -> asio::awaitable<std::string> {
        const auto work = [key = std::string{key}]() -> asio::awaitable<std::string> {
            co_return look_up(key);
        };
        co_return co_await asio::co_spawn(pool, work, asio::use_awaitable);
    });
}
// [/lookup]

std::string look_up(const std::string& key) { return "value of " + key; }

int main() {
    asio::thread_pool pool{1};
    resp::Commands commands;
    add_lookup(commands, pool);
    resp::Server server{{.port = 6382}, resp::Service{commands}};
    server.run();
}
