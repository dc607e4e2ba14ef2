// expect: a handler must be callable with \(const resp::Request& request, resp::Reply& reply\)
// A handler that takes a request that it may change.
#include <libresp/server.hpp>

void serve() {
#ifdef CORRECT
    resp::Server server{{}, [](const resp::Request&, resp::Reply&) {}};
#else
    resp::Server server{{}, [](resp::Request&, resp::Reply&) {}};
#endif
    server.run();
}
