// The smallest server: it sends every command back as it came.
//
//     ./echo 6379
//     redis-cli -p 6379 SET greeting 'Hello world!'
#include <libresp/server.hpp>

#include <cstdio>
#include <cstdlib>

struct Echo {
    void operator()(const resp::Request& request, resp::Reply& reply) { reply.value(request.value()); }
};

int main(int argc, char** argv) {
    const int port = argc > 1 ? std::atoi(argv[1]) : 6379;
    resp::Server server{{.port = static_cast<std::uint16_t>(port)}, Echo{}};
    std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
    std::fflush(stdout);
    server.run();
}
