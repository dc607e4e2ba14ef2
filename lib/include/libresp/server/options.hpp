// Everything about a server that a user can choose. Each limit has a default that is safe against clients
// that you do not trust.
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

/// The severity of a log line. A log shows the lines of its level and of the more severe ones.
enum class LogLevel : unsigned char { trace, debug, info, warn, error, off };

/// The name in lower case, for example "info". The view is valid for the whole program.
[[nodiscard]] std::string_view name(LogLevel level) noexcept;

/// Receives the log lines of a server. Without a sink the server logs nothing. It does not format lines below
/// the level. Of the levels info, warn and error together, it logs at most 1,000 lines per second; one more
/// line then says how many were left out.
struct Log {
    LogLevel level = LogLevel::info;
    /// Called with one line, without a line break. The server's threads may call it at the same time.
    /// Bytes from clients are escaped in the line. The sink must not throw.
    std::function<void(LogLevel level, std::string_view line)> sink{};

    [[nodiscard]] bool enabled(LogLevel at) const noexcept {
        return sink != nullptr && at >= level && at != LogLevel::off;
    }
};

/// An address that a server listens on, or the address of a client.
struct Endpoint {
    std::string address{};  ///< numeric; empty for a Unix socket
    std::uint16_t port = 0;
    std::string path{};  ///< of a Unix socket

    /// "127.0.0.1:6379", "[::1]:6379", "unix:/run/resp.sock"
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// How often something may happen: `per_second` on average, and `burst` times at once.
struct Rate {
    /// Zero: no limit. A negative or infinite number is invalid.
    double per_second = 0;
    /// Zero: `per_second`, rounded up.
    std::size_t burst = 0;
};

struct Options {
    /// Numeric IPv4 or IPv6 addresses to listen on. May be empty if unix_path is set. The default is loopback
    /// only, because RESP has no encryption, and a handler may not ask for a password.
    // Not `{"127.0.0.1"}`: with that, GCC 12 crashes on Options{…} in a template.
    std::vector<std::string> addresses = std::vector<std::string>(1, "127.0.0.1");
    /// The port of every address. Zero takes a free port; Server::local_endpoint() returns it.
    std::uint16_t port = 6379;
    /// Path of a Unix socket to listen on. Empty: no Unix socket. A socket file at that path on which no
    /// process listens is replaced; any other file there is an error.
    std::string unix_path{};
    /// Maximum number of connections that the kernel holds until the server accepts them.
    int backlog = 511;

    /// Threads that run() uses. Each has its own io_context, and a connection stays on one thread.
    /// A server on your own executor (an embedded server) ignores it.
    unsigned threads = 1;
    /// Signals that call stop(), for example SIGINT and SIGTERM. A second signal stops the server by force.
    std::vector<int> stop_signals{};

    /// Maximum number of clients at a time. A client above it gets `-ERR max number of clients reached`, and
    /// its connection is closed. If the limit of open files is too low, the server lowers it: it
    /// keeps 37 descriptors for itself, 5 more for each thread, and 1 for each address.
    std::size_t max_connections = 10'000;
    /// Maximum number of clients of one address at a time, so that one client cannot take every place. Zero: no
    /// limit. A client above it gets `-ERR max number of clients from this address reached`, and its connection
    /// is closed. All IPv6 addresses with the same first 64 bits count as one address; an IPv4 address that is
    /// written as an IPv6 address (`::ffff:192.0.2.1`) counts as IPv4. Clients of a Unix socket have no address:
    /// the limit and connection_rate do not apply to them.
    std::size_t max_connections_per_address = 0;
    /// New connections per second from one address, counted as above. Off by default. A client above it is
    /// closed at once without a reply. The server remembers max_connections addresses without clients, and at
    /// least 1,024. It forgets the oldest first, which may then connect faster.
    Rate connection_rate{};
    /// Called with the address of each new client, before anything else is done for it; return false to close
    /// it at once. For a client of a Unix socket the endpoint is empty. Calls do not overlap; they run on the
    /// thread that accepts, so a slow filter delays all clients. It must not throw. If it does, the client is
    /// refused, and the exception is logged and counted in Stats::accept_errors.
    std::function<bool(const Endpoint& client)> accept_filter{};
    /// Limits of one request; see limits.hpp.
    Limits limits{};
    /// What a request is: a command as Redis reads it, or any RESP value.
    Reads reads = Reads::commands;
    /// Limit for the bytes held for all connections together: received input, queued replies and pushes.
    /// Default 1 GiB. Above it, each thread stops reading from its largest connections. If the limit is
    /// still exceeded after a second, each thread closes its largest connection. Above twice the limit, a
    /// thread closes its largest connection at once. A limit per connection would not protect against many
    /// connections.
    std::size_t max_memory = std::size_t{1} << 30;
    /// Minimum time between two trims of the heap (glibc only). Zero disables trimming. A trim returns freed
    /// buffers to the operating system. It takes about 1 ms for a heap of 10 MiB, and 15 ms for 200 MiB.
    std::chrono::seconds trim_interval{10};

    /// Above this many bytes of queued replies the server stops reading from the client and handles none of
    /// its requests. It continues when the queue is down to output_low_water.
    std::size_t output_high_water = 256 * 1024;
    std::size_t output_low_water = 64 * 1024;
    /// Closes a connection if a push raises its queued output above this many bytes. Otherwise a client that
    /// does not read would fill the memory.
    std::size_t max_output = 32 * 1024 * 1024;

    /// Closes a connection that does not complete a frame in time: within this value, plus one second for
    /// each `frame_rate` bytes received of the frame. The time begins with the frame's first byte. It does
    /// not begin again with each read, so a client cannot hold a frame open by sending single bytes. Zero
    /// disables it.
    std::chrono::milliseconds frame_deadline{10'000};
    /// Bytes that extend frame_deadline by one second. Zero counts as 1.
    std::size_t frame_rate = 1024;
    /// Closes a connection that has sent nothing for this long and has no request or reply in progress. Zero
    /// disables it.
    std::chrono::milliseconds idle_timeout{0};
    /// Closes a connection that has not accepted a single byte of its queued output for this long. Zero
    /// disables it.
    std::chrono::milliseconds write_stall{30'000};
    /// Maximum time that stop() waits for the last replies. After it, the server closes all connections by
    /// force.
    std::chrono::milliseconds drain_deadline{5'000};
    /// Idle time after which TCP probes the client (SO_KEEPALIVE). Zero disables probing.
    std::chrono::seconds keepalive{300};

    Log log{};
};

/// Counters of a server since its construction.
struct Stats {
    std::uint64_t connections = 0;  ///< open now
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;             ///< for any reason; max_connections, or one of these three:
    std::uint64_t refused_by_address = 0;  ///< because of max_connections_per_address
    std::uint64_t refused_by_rate = 0;     ///< because of connection_rate
    std::uint64_t refused_by_filter = 0;   ///< because of accept_filter
    std::uint64_t requests = 0;            ///< for which a handler was called
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t protocol_errors = 0;  ///< malformed input, or over a limit of Options::limits
    std::uint64_t handler_errors = 0;   ///< exceptions from handlers, on_open and on_close
    std::uint64_t timeouts = 0;         ///< connections closed at a deadline
    std::uint64_t cut_off = 0;          ///< connections closed because of max_output or max_memory
    std::uint64_t accept_errors = 0;    ///< failures to accept or to serve a client
    std::uint64_t memory = 0;           ///< bytes held now for received input and queued output
};

}  // namespace resp
