// expect: on_open of a handler must be public and have the signature: void on_open\(resp::Connection connection\)
// A hook that the server cannot call.
#include <libresp/server.hpp>

class Handler {
public:
    void operator()(const resp::Request&, resp::Reply&) {}

#ifndef CORRECT
private:
#endif
    void on_open(resp::Connection) {}
};

void serve() { resp::Server{{}, Handler{}}.run(); }
