// expect: the member waits of a handler must be public and have the signature: bool waits\(const resp::Request& request\) const
// A handler whose decision is no bool.
#include <libresp/server.hpp>

struct Handler {
#ifdef CORRECT
    bool waits(const resp::Request&) const { return false; }
#else
    int waits(const resp::Request&) const { return 0; }
#endif
    resp::Outcome operator()(const resp::Request&, resp::Reply&) { return {}; }
};

void serve() { resp::Server{{}, Handler{}}.run(); }
