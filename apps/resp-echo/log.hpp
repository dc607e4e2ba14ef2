// Writes the log of resp-echo to standard output.
#pragma once

#include <libresp/server/options.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

/// Writes one line: the time (RFC 3339, UTC), the level, the text.
///
///     2026-01-31T12:00:00.123456Z  INFO [server] Listening on 127.0.0.1:6379
///
/// Each line is one write(), which a pipe accepts completely or not at all. So lines of several threads do not
/// mix. The function never waits: if standard output has no room, the line is lost, and the next line that is
/// written says how many were lost.
inline void write_log_line(resp::LogLevel level, std::string_view line) {
    using namespace std::chrono;
    static std::atomic<unsigned> lost{0};
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    if (::poll(&out, 1, 0) == 0) {
        ++lost;
        return;
    }
    const auto now = time_point_cast<microseconds>(system_clock::now());
    const auto micros = now.time_since_epoch().count() % 1'000'000;
    std::string label{name(level)};
    for (char& c : label) c = static_cast<char>(c - 'a' + 'A');
    std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z {:>5} {}",
                                   fmt::gmtime(system_clock::to_time_t(now)), micros, label, line);
    if (const unsigned n = lost.exchange(0); n != 0)
        text += fmt::format(" ({} lines lost before this one)", n);
    text += '\n';
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
}
