// expect: on_start of a handler must be public and have the signature: void on_start\(resp::ServerHandle server\)
// A hook without its parameter.
#include <libresp/server.hpp>

struct Handler {
    void operator()(const resp::Request&, resp::Reply&) {}
#ifdef CORRECT
    void on_start(const resp::ServerHandle&) {}
#else
    void on_start() {}
#endif
};

void serve() { resp::Server{{}, Handler{}}.run(); }
