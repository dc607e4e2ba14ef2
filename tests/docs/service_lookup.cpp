// [lookup]
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>

#include <string>

std::string look_up(const std::string& key);  // blocks

// GET <key>
struct Lookup {
    asio::thread_pool* pool;

    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        if (command.size() != 2) {
            reply.simple_error(resp::wrong_number_of_arguments(command.name()));
            co_return;
        }
        const std::string key{command[1]};
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
