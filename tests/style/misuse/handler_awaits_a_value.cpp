// expect: a handler must return void, asio::awaitable<void> if it is a coroutine, or resp::Outcome
// A coroutine handler that returns a value.
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

struct Handler {
#ifdef CORRECT
    asio::awaitable<void> operator()(const resp::Request&, resp::Reply& reply) {
        reply.integer(1);
        co_return;
    }
#else
    asio::awaitable<int> operator()(const resp::Request&, resp::Reply&) { co_return 1; }
#endif
};

void serve() { resp::Server{{}, Handler{}}.run(); }
