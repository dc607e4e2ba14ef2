// expect: a handler must be callable with \(const resp::Request& request, resp::Reply& reply\)
// Something that is not callable in place of the handler.
#include <libresp/server.hpp>

void serve() {
#ifdef CORRECT
    resp::Server server{{}, [](const resp::Request&, resp::Reply&) {}};
#else
    resp::Server server{{}, 6379};
#endif
    server.run();
}
