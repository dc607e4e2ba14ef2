// expect: on_open of a handler must be public and have the signature: void on_open\(resp::Connection connection\)
// A hook that takes a reference which it may change.
#include <libresp/server.hpp>

struct Handler {
    void operator()(const resp::Request&, resp::Reply&) {}
#ifdef CORRECT
    void on_open(const resp::Connection&) {}
#else
    void on_open(resp::Connection&) {}
#endif
};

void serve() { resp::Server{{}, Handler{}}.run(); }
