// expect: a handler can be copied, and called with
#include <libresp/server.hpp>

struct Echo {
#ifdef CORRECT
    void operator()(const resp::Request& request, resp::Reply& reply) { reply.value(request.value()); }
#else
    void operator()(const resp::Request&) {}
#endif
};

int main() {
    resp::Server server{{.port = 0}, Echo{}};
    server.run();
}
