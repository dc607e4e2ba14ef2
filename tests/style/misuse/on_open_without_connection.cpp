// expect: on_open of a handler must be public and have the signature: void on_open\(resp::Connection connection\)
// A hook without its argument.
#include <libresp/server.hpp>

struct Handler {
    void operator()(const resp::Request&, resp::Reply&) {}
#ifdef CORRECT
    void on_open(resp::Connection) {}
#else
    void on_open() {}
#endif
};

void serve() { resp::Server{{}, Handler{}}.run(); }
