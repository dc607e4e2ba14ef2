// docs/server.md: handlers that wait for some requests, and deferred replies.
#include "expect.hpp"

#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <cstdint>
#include <functional>
#include <memory>

// [outcome]
struct Cache {
    bool waits(const resp::Request& request) const { return request.command().is("LOAD"); }

    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
        if (waits(request)) return load(request, reply);
        reply.bulk_string(request.command()[1]);
        return {};
    }
    asio::awaitable<void> load(const resp::Request& request, resp::Reply& reply);
};
// [/outcome]

asio::awaitable<void> Cache::load(const resp::Request& request, resp::Reply& reply) {
    reply.bulk_string(request.command()[1]);
    co_return;
}

struct Pool {
    void run(std::function<void()> job) { job(); }
};

// [deferred]
struct Squares {
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        const std::int64_t number = request.command().integer(1).value_or(0);
        // std::function must be copyable, and a Deferred can only be moved.
        const auto later = std::make_shared<resp::Deferred>(reply.defer());
        pool->run([later, number] {
            std::move(*later).reply([&](resp::Encoder& out) { out.integer(number * number); });
        });
    }
    std::shared_ptr<Pool> pool;
};
// [/deferred]

int main() {
    const resp::Server cache{{.port = 0}, Cache{}};
    expect(cache.local_endpoint().address, "127.0.0.1");
    const resp::Server squares{{.port = 0}, Squares{std::make_shared<Pool>()}};
    expect(squares.local_endpoint().address, "127.0.0.1");
}
