// The installed server: listens and stops, once with a plain handler and once with a coroutine handler.
#include <libresp/server.hpp>

#include <asio/awaitable.hpp>

#include <cstdio>
#include <thread>

struct Echo {
    void operator()(const resp::Request& request, resp::Reply& reply) { reply.value(request.value()); }
};

struct EchoLater {
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        reply.value(request.value());
        co_return;
    }
};

template <typename Handler>
void serve(Handler handler) {
    resp::Server server{{.port = 0}, handler};
    std::thread thread{[&] { server.run(); }};
    std::printf("listening on port %d\n", int{server.local_endpoint().port});
    server.stop();
    thread.join();
}

int main() {
    serve(Echo{});
    serve(EchoLater{});
}
