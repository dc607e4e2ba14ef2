// work-echo PORT THREADS: an echo whose handler first works for some microseconds, as that of a real service does.
// So the server's threads, and not the load generator, need most of the machine.
#include <libresp/server.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace {

/// Each step waits for the one before, so it takes the time of a multiplication, some nanoseconds at most.
void work() {
    constexpr int steps = 5'000;
    std::uint64_t value = 1;
    for (int i = 0; i != steps; ++i) {
        value = value * 6'364'136'223'846'793'005U + 1;
        asm volatile("" : "+r"(value));  // else it might be worked out beforehand
    }
}

struct WorkingEcho {
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        work();
        reply.value(request.value());
    }
};

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 3) {
        std::fputs("usage: work-echo PORT THREADS\n", stderr);
        return 2;
    }
    resp::Options options;
    options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    options.threads = static_cast<unsigned>(std::atoi(argv[2]));
    resp::Server server{std::move(options), WorkingEcho{}};
    server.run();
} catch (const std::exception& error) {
    std::fprintf(stderr, "work-echo: %s\n", error.what());
    return 1;
}
