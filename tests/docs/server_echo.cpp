#include <libresp/server.hpp>

struct Echo {
    void operator()(const resp::Request& request, resp::Reply& reply) { reply.value(request.value()); }
};

int main() {
    resp::Server server{{.port = 6379}, Echo{}};
    server.run();
}
