// The check of the options, the text of log levels, endpoints and exceptions, and the limit on log lines.
//
// validate() refuses what the engine cannot serve. normalised() lowers durations to longest_duration, so that
// the engine can add durations and times without a check for overflow.
#include <libresp/codec/escape.hpp>
#include <libresp/server/options.hpp>

#include "shared.hpp"
#include "unix_file.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
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
// A thread takes four descriptors and, usually, 8 MiB of address space.
constexpr unsigned most_threads = 1024;
// The most that Linux accepts for TCP_KEEPIDLE.
constexpr std::chrono::seconds most_keepalive{32'767};

void require(bool right, const std::string& what) {
    if (!right) throw std::invalid_argument{what};
}

/// Calls visit(name, duration) for each duration. A new one belongs here.
template <class AnyOptions, class Visit>
void for_each_duration(AnyOptions& options, const Visit& visit) {
    visit("trim_interval", options.trim_interval);
    visit("frame_deadline", options.frame_deadline);
    visit("idle_timeout", options.idle_timeout);
    visit("first_request_timeout", options.first_request_timeout);
    visit("write_stall", options.write_stall);
    visit("write_time", options.write_time);
    visit("drain_deadline", options.drain_deadline);
    visit("keepalive", options.keepalive);
}

/// Whether a process may handle the signal. SIGKILL and SIGSTOP cannot be handled, and the C library keeps a
/// few signals for itself.
bool can_be_handled(int signal) noexcept {
    struct sigaction now{};
    return signal != SIGKILL && signal != SIGSTOP && ::sigaction(signal, nullptr, &now) == 0;
}

}  // namespace

std::size_t bounded_by_descriptors(std::size_t connections) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return connections;
    const auto most = static_cast<std::size_t>(limit.rlim_cur);
    return std::min(connections, most > reserved_descriptors ? most - reserved_descriptors : 1);
}

void validate(const Options& options) {
    require(!options.addresses.empty() || !options.unix_path.empty(),
            "addresses and unix_path are both empty");
    require(options.unix_path.find('\0') == std::string::npos, "unix_path contains a zero byte");
    const UnixPermissions& permissions = options.unix_permissions;
    require(permissions.mode.value_or(0) <= 0777, "unix_permissions.mode is above 0777");
    require(permissions.group.empty() || find_group(permissions.group),
            "unix_permissions.group: there is no group \"" + permissions.group + '"');
    require(options.backlog >= 0, "backlog is negative");
    require(options.threads != 0, "threads is 0");
    require(options.threads <= most_threads, fmt::format("threads is above {}", most_threads));
    require(options.max_connections != 0, "max_connections is 0");
    require(options.max_memory != 0, "max_memory is 0");
    for_each_duration(options, [](const char* name, auto duration) {
        require(duration.count() >= 0, fmt::format("{} is negative", name));
    });
    for (const int signal : options.stop_signals) {
        require(can_be_handled(signal),
                fmt::format("stop_signals contains {}, a signal that cannot be handled", signal));
    }
}

Options normalised(Options options) {
    for_each_duration(options, [](const char*, auto& duration) {
        using Duration = std::remove_reference_t<decltype(duration)>;
        duration =
            std::clamp(duration, Duration::zero(), std::chrono::duration_cast<Duration>(longest_duration));
    });
    options.keepalive = std::min(options.keepalive, most_keepalive);
    return options;
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
