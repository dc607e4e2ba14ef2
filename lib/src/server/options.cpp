// The check of the options, the text of log levels, endpoints and exceptions, and the limit on log lines.
#include <libresp/codec/escape.hpp>
#include <libresp/server/options.hpp>

#include "shared.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace resp {

std::string_view name(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::trace: return "trace";
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warn: return "warn";
        case LogLevel::error: return "error";
        case LogLevel::off: return "off";
    }
    return "off";
}

std::string Endpoint::to_string() const {
    if (address.empty()) return "unix:" + path;
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]:" : address + ":") + std::to_string(port);
}

namespace detail {

namespace {

// Descriptors that a server needs beside those of its clients: listeners, epoll sets, timers, a log file.
constexpr std::size_t reserved_descriptors = 32;

}  // namespace

std::size_t bounded_by_descriptors(std::size_t connections) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return connections;
    const auto most = static_cast<std::size_t>(limit.rlim_cur);
    return std::min(connections, most > reserved_descriptors ? most - reserved_descriptors : 1);
}

void validate(const Options& options) {
    const auto require = [](bool right, const char* what) {
        if (!right) throw std::invalid_argument{what};
    };
    require(!options.addresses.empty() || !options.unix_path.empty(),
            "addresses and unix_path are both empty");
    require(options.threads != 0, "threads is 0");
    require(options.max_connections != 0, "max_connections is 0");
}

std::string current_exception_text() {
    constexpr std::size_t most_shown = 64;
    try {
        throw;
    } catch (const std::exception& error) {
        return escaped(error.what(), most_shown);
    } catch (...) {
        return "not a std::exception";
    }
}

void Logger::write(LogLevel level, std::string_view line) {
    if (level >= LogLevel::info) {
        const auto now =
            std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
        if (second_.exchange(now, std::memory_order_relaxed) != now) {
            const int left_out = lines_.exchange(0, std::memory_order_relaxed) - most_each_second;
            if (left_out > 0 && enabled(LogLevel::warn)) {
                log_.sink(LogLevel::warn, fmt::format("[server] {} log lines left out", left_out));
            }
        }
        if (lines_.fetch_add(1, std::memory_order_relaxed) >= most_each_second) return;
    }
    log_.sink(level, line);
}

}  // namespace detail
}  // namespace resp
