// expect: a handler must be callable with \(const resp::Request& request, resp::Reply& reply\)
// A handler that takes a copy of the reply: the server would not see a close() of the copy.
#include <libresp/server.hpp>

void serve() {
#ifdef CORRECT
    resp::Server server{{}, [](const resp::Request&, resp::Reply& reply) { reply.close(); }};
#else
    resp::Server server{{}, [](const resp::Request&, resp::Reply reply) { reply.close(); }};
#endif
    server.run();
}
