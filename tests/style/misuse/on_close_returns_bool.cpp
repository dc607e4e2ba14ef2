// expect: on_close of a handler must be public and have the signature: void on_close\(std::error_code reason\)
// A hook that returns something.
#include <libresp/server.hpp>

struct Handler {
    void operator()(const resp::Request&, resp::Reply&) {}
#ifdef CORRECT
    void on_close(std::error_code) {}
#else
    bool on_close(std::error_code) { return true; }
#endif
};

void serve() { resp::Server{{}, Handler{}}.run(); }
