// expect: incomplete type.*any_io_executor
// The executor of a connection in a file that does not include Asio.
#include <libresp/server.hpp>

struct Echo {
    void on_open(resp::Connection connection) {
#ifdef CORRECT
        connection.close();
#else
        connection.executor().target_type();
#endif
    }
    void operator()(const resp::Request& request, resp::Reply& reply) { reply.value(request.value()); }
};

int main() {
    resp::Server server{{.port = 0}, Echo{}};
    server.run();
}
