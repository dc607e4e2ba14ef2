// The smallest server: it sends every command back unchanged.
//
//     ./echo 6379
//     redis-cli -p 6379 SET greeting 'Hello world!'
//     1) "SET"
//     2) "greeting"
//     3) "Hello world!"
#include <libresp/server.hpp>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string_view>

struct Echo {
    void operator()(const resp::Request& request, resp::Reply& reply) { reply.value(request.value()); }
};

int main(int argc, char** argv) {
    const std::string_view text = argc > 1 ? argv[1] : "6379";
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) {
        std::fprintf(stderr, "echo: \"%s\" is not a port (0 to 65535)\n", text.data());
        return 2;
    }

    resp::Server server{{.port = port}, Echo{}};
    std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
    std::fflush(stdout);
    server.run();
}
