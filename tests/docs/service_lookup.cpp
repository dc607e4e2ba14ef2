// [lookup]
#include <libresp/server.hpp>

#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <libresp/server/asio.hpp>

#include <string>

std::string look_up(const std::string& key);  // blocks

struct Lookup {
    asio::thread_pool* pool;

    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        const std::string key{request.command()[1]};
        const auto work = [key]() -> asio::awaitable<std::string> { co_return look_up(key); };
        reply.bulk_string(co_await asio::co_spawn(*pool, work, asio::use_awaitable));
    }
};
// [/lookup]

std::string look_up(const std::string& key) { return "value of " + key; }

int main() {
    asio::thread_pool pool{1};
    resp::Server server{{.port = 6382}, Lookup{&pool}};
    server.run();
}
