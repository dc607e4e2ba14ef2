// docs/server.md: a log sink.
#include <libresp/server.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <string_view>

int main() {
    // [log]
    resp::Options options;
    options.log.level = resp::LogLevel::warn;
    options.log.sink = [](resp::LogLevel level, std::string_view line) {
        fmt::print(stderr, "{} {}\n", name(level), line);
    };
    // [/log]
    return options.log.enabled(resp::LogLevel::error) && !options.log.enabled(resp::LogLevel::info) ? 0 : 1;
}
