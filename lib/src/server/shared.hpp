// What all threads of one server share: its options, its counters, its log. Read-only or atomic.
#pragma once

#include <libresp/server/detail/adapter.hpp>
#include <libresp/server/options.hpp>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace resp::detail {

using Clock = std::chrono::steady_clock;

/// Stands for the time of a thread's next tick. What begins between two ticks is counted from the second:
/// no deadline is early, and no request asks for the time.
inline constexpr Clock::time_point next_tick = Clock::time_point::max();

/// What the exception that is being handled says; escaped, and bounded, for a log line.
[[nodiscard]] std::string current_exception_text();

/// Writes log lines, not more than a flood of bad clients deserves.
class Logger {
public:
    explicit Logger(const Log& log) noexcept : log_(log) {}

    [[nodiscard]] bool enabled(LogLevel level) const noexcept { return log_.enabled(level); }

    template <class... Arguments>
    void operator()(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        if (enabled(level)) write(level, fmt::format(format, std::forward<Arguments>(arguments)...));
    }

private:
    // Whoever asks for debug lines wants them all; from info on a second has room for so many.
    static constexpr int most_each_second = 1000;

    void write(LogLevel level, std::string_view line);

    const Log& log_;
    std::atomic<std::int64_t> second_{0};
    std::atomic<int> lines_{0};
};

/// A counter that one thread writes and any may read: no locked instruction in the way of a request.
class Counter {
public:
    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t n) noexcept { add(0 - n); }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// The counters of one thread; Stats is their sum. See there.
struct Counters {
    Counter requests, bytes_received, bytes_sent, protocol_errors, handler_errors, timeouts, cut_off;
};

struct Shared {
    Shared(Options given, std::unique_ptr<AdapterFactory> made)
        : options(std::move(given)),
          factory(std::move(made)),
          suspends(factory->suspends()),
          log(options.log) {}

    const Options options;
    const std::unique_ptr<AdapterFactory> factory;
    const bool suspends;  // see AdapterFactory
    Logger log;
    std::size_t max_connections = 0;  // of the options, and what the fd limit allows
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> accept_errors{0};
    std::atomic<std::uint64_t> memory{0};                         // bytes that all connections hold
    std::atomic<Clock::time_point> trimmed{Clock::time_point{}};  // when the heap last was
};

}  // namespace resp::detail
