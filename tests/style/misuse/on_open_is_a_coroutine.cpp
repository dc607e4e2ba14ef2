// expect: on_open of a handler must be public and have the signature: void on_open\(resp::Connection connection\)
// A hook that is a coroutine: nothing would run it.
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

struct Handler {
    void operator()(const resp::Request&, resp::Reply&) {}
#ifdef CORRECT
    void on_open(resp::Connection) {}
#else
    asio::awaitable<void> on_open(resp::Connection) { co_return; }
#endif
};

void serve() { resp::Server{{}, Handler{}}.run(); }
