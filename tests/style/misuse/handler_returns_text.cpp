// expect: a handler must return void, asio::awaitable<void> if it is a coroutine, or resp::Outcome
// A handler that returns its reply.
#include <libresp/server.hpp>

struct Handler {
#ifdef CORRECT
    void operator()(const resp::Request&, resp::Reply& reply) { reply.simple_string("OK"); }
#else
    const char* operator()(const resp::Request&, resp::Reply&) { return "+OK\r\n"; }
#endif
};

void serve() { resp::Server{{}, Handler{}}.run(); }
