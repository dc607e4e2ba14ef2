// resp-echo: sends every received RESP value back to the client, and logs it at the level debug.
#include "echo.hpp"
#include "flags.hpp"

#include <libresp/server.hpp>

#include <fmt/format.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/resource.h>

#include <csignal>

namespace {

/// Each connection needs a descriptor, so the limit of open files becomes the highest that is allowed.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Gives each value of 128 KiB and more its own pages, so that freeing it returns them to the system. Without
/// this call glibc raises that size when a larger value is freed; then large values fragment the heap.
void keep_heap_small() {
#ifdef __GLIBC__
    constexpr int large = 128 * 1024;
    ::mallopt(M_MMAP_THRESHOLD, large);
#endif
}

void serve(const Settings& settings) {
    raise_descriptor_limit();
    keep_heap_small();
    std::signal(SIGPIPE, SIG_IGN);  // standard output may be a pipe that nothing reads any more
    resp::Server server{settings.options, Echo{settings.options.log, settings.verbatim}};
    server.run();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (const auto settings = read_flags(argc, argv)) serve(*settings);
        return 0;
    } catch (const UsageError& error) {
        fmt::print(stderr, "resp-echo: {}\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "resp-echo: {}\n", error.what());
        return 1;
    }
}
