// The log lines of resp-echo, on standard output.
#pragma once

#include <libresp/options.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

/// Writes "2026-01-31T12:00:00.123456Z  INFO [server] Listening on 127.0.0.1:6379": the time is
/// RFC 3339, UTC. A line is one write, so that lines of several threads do not mix; what standard
/// output does not take is lost, rather than that clients wait for it or the server ends.
inline void write_log_line(resp::LogLevel level, std::string_view line) {
    using namespace std::chrono;
    const auto now = time_point_cast<microseconds>(system_clock::now());
    const auto micros = now.time_since_epoch().count() % 1'000'000;
    std::string label{name(level)};
    for (char& c : label) c = static_cast<char>(c - 'a' + 'A');
    const std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z {:>5} {}\n",
                                         fmt::gmtime(system_clock::to_time_t(now)), micros, label, line);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}
