// The check of the options, the text of log levels, endpoints and exceptions, and the limit on log lines.
//
// validate() refuses what the engine cannot serve. normalised() lowers durations to longest_duration, so that
// the engine can add durations and times without a check for overflow.
#include <libresp/codec/escape.hpp>
#include <libresp/server/options.hpp>

#include "shared.hpp"
#include "unix_file.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cmath>
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

// Per thread: two epoll sets (Asio's and ours), a timer and an event of Asio, and one refused client that may be
// reading its error.
constexpr std::size_t descriptors_per_thread = 5;
// Per process: standard input, output and error, and the two ends of the pipe for signals.
constexpr std::size_t descriptors_per_process = 5;
// For most_lingering refused clients, and for the program: log files, what a handler opens, a new client until it
// has been refused.
constexpr std::size_t descriptor_margin = 32;
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
    visit("reply_deadline", options.reply_deadline);
    visit("drain_deadline", options.drain_deadline);
    visit("keepalive", options.keepalive);
}

/// Whether a process may handle the signal. SIGKILL and SIGSTOP cannot be handled, and the C library keeps a
/// few signals for itself.
bool can_be_handled(int signal) noexcept {
    struct sigaction now{};
    return signal != SIGKILL && signal != SIGSTOP && ::sigaction(signal, nullptr, &now) == 0;
}

/// Whether the descriptor is a stream socket that listens, on TCP or on a Unix socket.
bool listens(int descriptor) noexcept {
    const auto option = [descriptor](int name) {
        int value = -1;
        socklen_t size = sizeof value;
        return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
    };
    const int domain = option(SO_DOMAIN);
    return option(SO_ACCEPTCONN) == 1 && option(SO_TYPE) == SOCK_STREAM &&
           (domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX);
}

}  // namespace

std::size_t reserved_descriptors(const Options& options) noexcept {
    const std::size_t listeners =
        options.listen_descriptors.size() + options.addresses.size() + (options.unix_path.empty() ? 0 : 1);
    return descriptors_per_thread * options.threads + listeners + descriptors_per_process + descriptor_margin;
}

std::size_t bounded_by_descriptors(const Options& options) noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return options.max_connections;
    const auto most = static_cast<std::size_t>(limit.rlim_cur);
    const std::size_t reserved = reserved_descriptors(options);
    return std::min(options.max_connections, most > reserved ? most - reserved : 1);
}

void validate(const Options& options) {
    require(!options.addresses.empty() || !options.unix_path.empty() || !options.listen_descriptors.empty(),
            "addresses, unix_path and listen_descriptors are all empty");
    for (const int descriptor : options.listen_descriptors) {
        require(listens(descriptor),
                fmt::format("listen_descriptors contains {}, which is not a listening stream socket",
                            descriptor));
    }
    require(options.unix_path.find('\0') == std::string::npos, "unix_path contains a zero byte");
    const UnixPermissions& permissions = options.unix_permissions;
    require(permissions.mode.value_or(0) <= 0777, "unix_permissions.mode is above 0777");
    require(permissions.group.empty() || find_group(permissions.group),
            "unix_permissions.group: there is no group \"" + permissions.group + '"');
    require(options.backlog >= 0, "backlog is negative");
    require(options.threads != 0, "threads is 0");
    require(options.threads <= most_threads, fmt::format("threads is above {}", most_threads));
    require(options.max_connections != 0, "max_connections is 0");
    require(std::isfinite(options.connection_rate.per_second) && options.connection_rate.per_second >= 0,
            "connection_rate.per_second is negative or not a number");
    require(options.max_memory != 0, "max_memory is 0");
    require(options.stream_above >= 128 * 1024, "stream_above is below 131072");
    for_each_duration(options, [](const char* name, auto duration) {
        require(duration.count() >= 0, fmt::format("{} is negative", name));
    });
    for (const int signal : options.stop_signals) {
        require(can_be_handled(signal),
                fmt::format("stop_signals contains {}, a signal that cannot be handled", signal));
    }
}

Options normalised(Options options) {
    if (!options.listen_descriptors.empty() && options.addresses == Options{}.addresses)
        options.addresses.clear();
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
    if (level < LogLevel::info || has_room(level)) log_.sink(level, line);
}

/// Counts a line. Returns whether it may be logged in this second.
bool Logger::has_room(LogLevel level) {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
    if (second_.exchange(now, std::memory_order_relaxed) != now) log_left_out();
    std::atomic<int>& lines =
        lines_[static_cast<std::size_t>(level) - static_cast<std::size_t>(LogLevel::info)];
    return lines.fetch_add(1, std::memory_order_relaxed) < most_each_second;
}

/// A new second has begun: says how many lines of which level were left out before. The line itself has the
/// most severe of these levels, and at least warn.
void Logger::log_left_out() {
    LogLevel at = LogLevel::warn;
    int all = 0;
    std::string each;
    for (std::size_t i = 0; i != levels; ++i) {
        const int left_out = lines_[i].exchange(0, std::memory_order_relaxed) - most_each_second;
        if (left_out <= 0) continue;
        const auto level = static_cast<LogLevel>(static_cast<std::size_t>(LogLevel::info) + i);
        at = std::max(at, level);
        all += left_out;
        each += fmt::format("{}{} {}", each.empty() ? "" : ", ", left_out, name(level));
    }
    if (all != 0 && enabled(at)) log_.sink(at, fmt::format("[server] {} log lines left out: {}", all, each));
}

}  // namespace detail
}  // namespace resp
