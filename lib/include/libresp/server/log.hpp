// The log of a server.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <functional>
#include <string_view>

namespace resp {

/// The severity of a log line. A log shows the lines of its level and of the more severe ones.
enum class LogLevel : unsigned char { trace, debug, info, warn, error, off };

/// The name in lower case, for example "info". The view is valid for the whole program.
[[nodiscard]] std::string_view name(LogLevel level) noexcept;

/// Receives the log lines of a server. Without a sink the server logs nothing. It does not format lines below
/// the level. Of each of the levels info, warn and error, it logs at most 1,000 lines per second. One more line
/// says how many were left out.
struct Log {
    LogLevel level = LogLevel::info;
    /// Called with one line, without a line break. The server's threads may call it at the same time.
    /// Bytes from clients are escaped in the line. The sink must not throw.
    std::function<void(LogLevel level, std::string_view line)> sink{};

    [[nodiscard]] bool enabled(LogLevel at) const noexcept {
        return sink != nullptr && at >= level && at != LogLevel::off;
    }
};

}  // namespace resp
