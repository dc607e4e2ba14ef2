// expect: on_start of a handler must be public and have the signature: void on_start\(resp::ServerHandle server\)
// A hook that the server cannot call.
#include <libresp/server.hpp>

class Handler {
public:
    void operator()(const resp::Request&, resp::Reply&) {}

#ifndef CORRECT
private:
#endif
    void on_start(resp::ServerHandle) {}
};

void serve() { resp::Server{{}, Handler{}}.run(); }
