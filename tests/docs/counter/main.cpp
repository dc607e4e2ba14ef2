#include <libresp/server.hpp>

#include <csignal>
#include <cstdint>

// The server copies the handler for each connection, so each connection has its own count.
struct Counter {
    void operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        if (command.is("PING")) {
            reply.simple_string("PONG");
        } else if (command.is("INCRBY")) {
            increase(command, reply);
        } else if (command.is("QUIT")) {
            reply.simple_string("OK");
            reply.close();
        } else {
            reply.simple_error(resp::unknown_command(command));
        }
    }

    void increase(const resp::Command& command, resp::Reply& reply) {
        const auto n = command.integer(1);
        std::int64_t sum = 0;
        if (command.size() != 2) {
            reply.simple_error(resp::wrong_number_of_arguments("incrby"));
        } else if (!n) {
            reply.simple_error(resp::not_an_integer);
        } else if (__builtin_add_overflow(count, *n, &sum)) {
            reply.simple_error("ERR increment or decrement would overflow");
        } else {
            reply.integer(count = sum);
        }
    }

    std::int64_t count = 0;
};

int main() {
    resp::Server server{{.port = 6380, .stop_signals = {SIGINT, SIGTERM}}, Counter{}};
    server.run();
}
