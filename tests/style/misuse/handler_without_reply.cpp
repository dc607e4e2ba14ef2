// expect: a handler must be callable with \(const resp::Request& request, resp::Reply& reply\)
// A handler that does not take the reply.
#include <libresp/server.hpp>

struct Handler {
#ifdef CORRECT
    void operator()(const resp::Request&, resp::Reply&) {}
#else
    void operator()(const resp::Request&) {}
#endif
};

void serve() { resp::Server{{}, Handler{}}.run(); }
