// What all threads of one server share: options, counters and log. Everything is read-only or atomic.
#pragma once

#include "places.hpp"

#include <libresp/server/detail/adapter.hpp>
#include <libresp/server/options.hpp>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace resp::detail {

/// Stands for the time of the thread's next tick. An event between two ticks gets the time of the second one,
/// so no deadline fires early and no request has to read the clock.
inline constexpr Clock::time_point next_tick = Clock::time_point::max();

/// The longest duration in Shared::options: 100 years. Twice this duration can be added to a time of the
/// clock without overflow. A larger option, for example milliseconds::max(), is lowered to it. Its event then
/// never happens.
inline constexpr std::chrono::hours longest_duration{24 * 36'525};
/// How long one posted action of a thread may serve connections before others run: a new client, a stop, a timer.
inline constexpr std::chrono::milliseconds turn_time{5};

/// The text of the exception that is being handled, escaped and shortened for a log line.
[[nodiscard]] std::string current_exception_text();

/// Writes log lines. At the levels info, warn and error it writes at most 1000 per second of each: clients must
/// not be able to flood the log, and a flood of one level must not hide a line of another.
class Logger {
public:
    explicit Logger(const Log& log) noexcept : log_(log) {}

    [[nodiscard]] bool enabled(LogLevel level) const noexcept { return log_.enabled(level); }

    template <class... Arguments>
    void operator()(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        if (enabled(level)) write(level, fmt::format(format, std::forward<Arguments>(arguments)...));
    }

private:
    // Not applied to debug and trace lines: those levels are for a complete record.
    static constexpr int most_each_second = 1000;

    static constexpr std::size_t levels = 3;  // info, warn, error

    void write(LogLevel level, std::string_view line);
    [[nodiscard]] bool has_room(LogLevel level);
    void log_left_out();

    const Log& log_;
    std::atomic<std::int64_t> second_{0};
    std::array<std::atomic<int>, levels> lines_{};  // of this second
};

/// A counter that one thread writes and any thread may read. It needs no locked instruction.
class Counter {
public:
    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// The counters of one thread; see Stats, which is their sum.
struct Counters {
    Counter requests, bytes_received, bytes_skipped, bytes_sent, protocol_errors, handler_errors, timeouts,
        cut_off;
};

/// Throws std::invalid_argument, whose text names the option, if one is invalid.
void validate(const Options& options);

/// The options with each duration clamped to [0, longest_duration], and keepalive to what Linux accepts.
[[nodiscard]] Options normalised(Options options);

/// The file descriptors that a server needs beside those of its clients.
[[nodiscard]] std::size_t reserved_descriptors(const Options& options) noexcept;
/// Options::max_connections, lowered to what the limit of open files allows.
[[nodiscard]] std::size_t bounded_by_descriptors(const Options& options) noexcept;

/// The threads together keep at most this many refused clients open to read the error, or one for each thread if
/// that is more. They come on top of max_connections.
inline constexpr std::size_t most_lingering = 16;

class Payload;

/// The payloads that the program has handed over as shared strings: a string that is sent again is counted
/// only once.
struct PayloadTable {
    std::mutex mutex;
    std::unordered_map<const std::string*, std::weak_ptr<const Payload>> payloads;
};

struct Shared;
/// Counts and logs a client that is refused.
void count_refused(Shared& shared, Refusal refusal, const Peer& peer);

struct Shared {
    Shared(Options given, std::unique_ptr<AdapterFactory> made)
        : options(normalised(std::move(given))),
          factory(std::move(made)),
          streams(factory->streams() && options.reads == Reads::commands),
          suspends(factory->suspends() || streams),
          memory_mark(options.max_memory - options.max_memory / 4),
          log(options.log),
          places(options) {}

    /// Counts `bytes` of memory, unless that would exceed max_memory. Returns whether it did.
    [[nodiscard]] bool reserve(std::size_t bytes) noexcept;

    // A Worker begins and ends to use `factory`. The last end destroys it: the handler may own a Deferred, which owns
    // this. Until then any worker may use it.
    void worker_begins() noexcept { workers.fetch_add(1, std::memory_order_relaxed); }
    void worker_ends() noexcept {
        if (workers.fetch_sub(1, std::memory_order_acq_rel) == 1) factory.reset();
    }

    const Options options;  // normalised(): durations may be added to each other and to times
    std::unique_ptr<AdapterFactory> factory;
    std::atomic<std::size_t> workers{0};
    const bool streams;             // see AdapterFactory
    const bool suspends;            // the same
    const std::size_t memory_mark;  // above it, large connections are held back
    Logger log;
    Places places;
    std::vector<Endpoint> endpoints;  // that the server listens on; set before it starts
    mutable std::mutex peer_mutex;    // for the addresses of all clients, which set_peer() may change
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> refused{0};  // for any reason
    std::atomic<std::uint64_t> refused_by_address{0};
    std::atomic<std::uint64_t> refused_by_rate{0};
    std::atomic<std::uint64_t> refused_by_filter{0};
    std::atomic<std::uint64_t> accept_errors{0};
    std::atomic<std::uint64_t> memory{0};   // bytes held for all connections
    std::atomic<std::uint64_t> waiting{0};  // of these, large requests whose coroutine handlers wait
    PayloadTable payload_table;
    std::atomic<std::size_t> push_refused{0};  // bytes of a push that had no room since the last tick
    std::atomic<Clock::time_point> trimmed{Clock::time_point{}};  // when the heap was trimmed last
};

}  // namespace resp::detail
