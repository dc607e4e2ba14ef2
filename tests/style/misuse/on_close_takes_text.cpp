// expect: on_close of a handler must be public and have the signature: void on_close\(std::error_code reason\)
// A hook that expects the reason as text.
#include <libresp/server.hpp>

struct Handler {
    void operator()(const resp::Request&, resp::Reply&) {}
#ifdef CORRECT
    void on_close(std::error_code) {}
#else
    void on_close(const std::string&) {}
#endif
};

void serve() { resp::Server{{}, Handler{}}.run(); }
