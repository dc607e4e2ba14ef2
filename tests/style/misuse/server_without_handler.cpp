// expect: deduction
// A server without a handler.
#include <libresp/server.hpp>

void serve() {
#ifdef CORRECT
    resp::Server server{{.port = 6379}, [](const resp::Request&, resp::Reply&) {}};
#else
    resp::Server server{{.port = 6379}};
#endif
    server.run();
}
