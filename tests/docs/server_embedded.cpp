#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <chrono>
#include <cstdio>

struct Pong {
    void operator()(const resp::Request&, resp::Reply& reply) { reply.simple_string("PONG"); }
};

int main() {
    asio::io_context context;
    resp::Server server{context.get_executor(), {.port = 0}, Pong{}};
    server.start();
    std::printf("port %d\n", int{server.local_endpoint().port});

    asio::steady_timer timer{context, std::chrono::milliseconds{100}};
    timer.async_wait([&](const std::error_code&) { server.stop(); });
    context.run();  // returns when the server has stopped
}
