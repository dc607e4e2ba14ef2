// expect: the type Turn of a handler must have the member `void end\(\)`
// A turn that cannot end.
#include <libresp/server.hpp>

struct Handler {
    struct Turn {
#ifdef CORRECT
        void end() {}
#endif
    };
    void operator()(const resp::Request&, resp::Reply&) {}
};

void serve() { resp::Server{{}, Handler{}}.run(); }
