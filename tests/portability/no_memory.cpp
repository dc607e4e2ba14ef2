// Without exceptions, a buffer that cannot grow aborts the process. The test expects SIGABRT.
#include <libresp/codec.hpp>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

int main() {
    std::signal(SIGABRT, [](int) {
        std::puts("aborted");
        std::fflush(stdout);
        std::_Exit(0);
    });
    resp::Buffer buffer;
    static_cast<void>(buffer.prepare(SIZE_MAX / 2));
    std::puts("went on without memory");
    return 1;
}
