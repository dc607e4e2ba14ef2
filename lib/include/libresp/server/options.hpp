// Everything about a server that a user may choose. Each bound has a default that is safe against
// untrusted clients, and its reason beside it.
#pragma once

#include <libresp/codec/limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace resp {

/// How much a log line matters. A log level shows its own lines and those of every later one.
enum class LogLevel : unsigned char { trace, debug, info, warn, error, off };

/// "info"; lives for ever.
[[nodiscard]] std::string_view name(LogLevel level) noexcept;

/// Where a server's log lines go. Without a sink it is silent, and below the level it formats nothing.
struct Log {
    LogLevel level = LogLevel::info;
    /// Called with one line, without a line break, from any of the server's threads, several at a
    /// time. Bytes from clients are escaped in it. Must not throw.
    std::function<void(LogLevel level, std::string_view line)> sink{};

    [[nodiscard]] bool enabled(LogLevel at) const noexcept {
        return sink != nullptr && at >= level && at != LogLevel::off;
    }
};

/// An address that a server listens on, or that a client has.
struct Endpoint {
    std::string address{};  ///< numeric; empty for a Unix socket
    std::uint16_t port = 0;
    std::string path{};  ///< of a Unix socket

    /// "127.0.0.1:6379", "[::1]:6379", "unix:/run/resp.sock"
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Options {
    /// Numeric addresses to listen on, IPv4 or IPv6; none for a Unix socket only. Loopback unless told
    /// otherwise, since RESP has no encryption and a handler need not have passwords.
    std::vector<std::string> addresses = {"127.0.0.1"};
    /// 0 takes a free one, the same for every address; Server::local_endpoint() tells which.
    std::uint16_t port = 6379;
    /// A Unix socket to listen on; a stale socket file at that path is replaced. Empty for none.
    std::string unix_path{};
    /// Connections that the kernel may hold before they are accepted.
    int backlog = 511;

    /// Threads that run() uses, each with its own io_context; a connection stays on one. Not used when
    /// embedded.
    unsigned threads = 1;
    /// Signals that stop() the server, SIGINT and SIGTERM for example; a second one ends it at once.
    std::vector<int> stop_signals{};

    /// The next one reads `-ERR max number of clients reached` and the end. Kept 32 below the limit of
    /// file descriptors.
    std::size_t max_connections = 10'000;
    /// What a client may send; see limits.hpp.
    Limits limits{};
    /// What a request is: a command as Redis reads it, or any RESP value.
    Reads reads = Reads::commands;
    /// Bytes of memory that all connections may hold together, for received input, and for replies and
    /// pushes that wait: a bound per connection is no bound. Over it the largest holders, of each thread,
    /// are held back; after a second, or at once at twice as much, the largest is closed.
    std::size_t max_memory = std::size_t{1} << 30;
    /// At most so often, where large buffers were freed, the heap of the process is trimmed, so that what
    /// they took goes back to the system. It takes a moment that grows with the heap: a millisecond for
    /// 10 MiB, 15 for 200. 0: never. With glibc only.
    std::chrono::seconds trim_interval{10};

    /// Bytes of replies waiting for one client above which its requests are not handled, and it is not
    /// read, until they are down to the low mark.
    std::size_t output_high_water = 256 * 1024;
    std::size_t output_low_water = 64 * 1024;
    /// Bytes waiting for a client at which a push cuts it off: a silent reader must not fill memory.
    std::size_t max_output = 32 * 1024 * 1024;

    /// A frame must be whole this long after its first byte, plus one second for each `frame_rate`
    /// bytes received of it: a deadline per frame, so that dripping bytes does not help. 0: none.
    std::chrono::milliseconds frame_deadline{10'000};
    std::size_t frame_rate = 1024;
    /// A client from which nothing comes this long is closed. 0: never.
    std::chrono::milliseconds idle_timeout{0};
    /// A client that takes none of what waits for it this long is closed. 0: never.
    std::chrono::milliseconds write_stall{30'000};
    /// How long stop() waits for the last replies before it closes by force.
    std::chrono::milliseconds drain_deadline{5'000};
    /// Silence after which TCP asks whether the client still lives. 0: never.
    std::chrono::seconds keepalive{300};

    Log log{};
};

/// Counters of a server, since it was made.
struct Stats {
    std::uint64_t connections = 0;  ///< open now
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;   ///< over max_connections
    std::uint64_t requests = 0;  ///< that a handler was called with
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t protocol_errors = 0;
    std::uint64_t handler_errors = 0;  ///< exceptions out of handlers
    std::uint64_t timeouts = 0;        ///< connections closed for a deadline
    std::uint64_t cut_off = 0;         ///< connections closed for what they held or did not take
    std::uint64_t accept_errors = 0;
    std::uint64_t memory = 0;  ///< bytes held now for received input, and for what waits to be sent
};

}  // namespace resp
