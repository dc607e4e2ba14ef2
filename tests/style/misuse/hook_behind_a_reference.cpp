// expect: error: static assertion failed.*on_open of a handler must be public and have the signature
// A handler with hooks behind std::ref(): the server would never call the hooks.
#include <libresp/server.hpp>

#include <functional>

struct Handler {
    void on_open(resp::Connection) {}
    void operator()(const resp::Request&, resp::Reply& reply) { reply.simple_string("OK"); }
};

int main() {
    Handler handler;
#ifdef CORRECT
    resp::Server server{{.port = 0}, handler};
#else
    resp::Server server{{.port = 0}, std::ref(handler)};
#endif
    server.run();
}
