// Everything about a server that a user can choose. Each limit has a default that is safe against clients
// that you do not trust.
#pragma once

#include <libresp/codec/limits.hpp>
#include <libresp/server/log.hpp>
#include <libresp/server/transport.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace resp {

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

/// Who may connect to a Unix socket. Connecting needs the permission to write.
struct UnixPermissions {
    /// For example 0660: the owner and the group. At most 0777. Without it, the umask of the process decides.
    std::optional<unsigned> mode{};
    /// The name or number of the file's group. The process must be a member of it, or be privileged. Empty:
    /// the group of the process.
    std::string group{};
};

/// The constructor of Server refuses a negative duration. A duration of 100 years or more, for example
/// milliseconds::max(), means "never".
struct Options {
    /// Numeric IPv4 or IPv6 addresses to listen on. May be empty if unix_path is set. The default is loopback
    /// only, because RESP has no encryption, and a handler may not ask for a password. An address with a `-`
    /// before it, for example "-::1", is left out if the machine does not have it, as in Redis.
    // Not `{"127.0.0.1"}`: with that, GCC 12 crashes on Options{…} in a template.
    std::vector<std::string> addresses = std::vector<std::string>(1, "127.0.0.1");
    /// The port of every address. Zero takes a free port; Server::local_endpoint() returns it.
    std::uint16_t port = 6379;
    /// Path of a Unix socket to listen on, at most 107 bytes. Empty: no Unix socket. A socket file at that
    /// path on which no process listens is replaced; any other file there is an error. The server removes the
    /// file when it stops, unless another file has that path then. Names in Linux' abstract namespace, which
    /// begin with a zero byte, are refused.
    std::string unix_path{};
    /// Set before a client can connect.
    UnixPermissions unix_permissions{};
    /// Sockets that listen already, for example those that systemd passes to a service. The server owns and closes
    /// them. If there are any, the default of addresses is none: `{"127.0.0.1"}` is ignored. (`{"-127.0.0.1"}` is not.)
    /// backlog and unix_permissions do not apply to them, and a stop does not remove the file of a Unix socket.
    std::vector<int> listen_descriptors{};
    /// Maximum number of connections that the kernel holds until the server accepts them.
    int backlog = 511;

    /// Threads that run() uses, at most 1,024. Each has its own io_context, and a connection stays on one
    /// thread. A server on your own executors (an embedded server) ignores it: there each executor is one thread.
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
    /// Limits for the requests of a client until a handler calls Reply::lift_limits(), so that a client that is not
    /// authenticated can send only short ones. Nothing: `limits` apply from the start.
    std::optional<Limits> first_limits{};
    /// What a request is: a command as Redis reads it, or any RESP value.
    Reads reads = Reads::commands;
    /// Limit for the bytes held for all connections together: received input, queued replies, pushes, and what
    /// your program has charged (Connection::charge()). Default 1 GiB. Below 75 % of it, a client may send as
    /// many requests as it likes before it reads the replies. Above that, the connections that hold the most
    /// are held back: they are not read, and their requests wait. If the limit is exceeded, the server closes
    /// connections until 15/16 of it are held: first those whose client has taken nothing for the longest
    /// time. It can be exceeded by one reply per thread. A limit per connection would not protect against many
    /// connections.
    std::size_t max_memory = std::size_t{1} << 30;
    /// A word of a command that is longer than this is given to a handler with on_stream() piece by piece, if its
    /// wants_stream() accepts it. At least 128 KiB.
    std::size_t stream_above = std::size_t{1} << 20;
    /// Limit for the bytes of such a word; Limits::max_bulk does not apply to it. Default 1 TiB: a stream takes the
    /// same memory whatever its length, and wants_stream() may refuse a length.
    std::uint64_t max_stream = std::uint64_t{1} << 40;
    /// Bytes that a connection may hold even if memory is short. Half of an equal share of max_memory, if that
    /// is less. With handlers that may wait: only below 15/16 of max_memory.
    std::size_t connection_memory = 256 * 1024;
    /// Limit for one reply, with a margin of batch_output + 64 KiB. A longer one becomes an error, as if the handler
    /// had thrown std::bad_alloc. Default 512 MiB + 64 KiB, the largest value that Redis' clients read.
    std::size_t max_reply = (std::size_t{512} << 20) + 64 * 1024;
    /// Minimum time between two trims of the heap (glibc only). Zero disables trimming. A trim returns freed
    /// buffers to the operating system. It takes about 1 ms for a heap of 10 MiB, and 15 ms for 200 MiB.
    std::chrono::seconds trim_interval{10};

    /// A batch ends when its replies are longer than this. They are sent, and the server counts their memory,
    /// before it handles more requests of the client. Otherwise a few bytes of requests could fill the memory
    /// with replies.
    std::size_t batch_output = 256 * 1024;
    /// Limit for the bytes of pushes that wait for one client. Connection::send() refuses a longer push. A
    /// client whose pushes exceed it together is closed: a push has no request that the server could delay.
    std::size_t max_pushes = 32 * 1024 * 1024;

    /// Closes a connection that does not complete a frame in time: within this value, plus one second for
    /// each `frame_rate` bytes received of the frame. The time begins with the frame's first byte. It does
    /// not begin again with each read, so a client cannot hold a frame open by sending single bytes. Zero
    /// disables it.
    std::chrono::milliseconds frame_deadline{10'000};
    /// Bytes that extend frame_deadline by one second. Zero counts as 1.
    std::size_t frame_rate = 1024;
    /// Closes a connection that has sent no request for this long and has no request or reply in progress. Zero
    /// disables it.
    std::chrono::milliseconds idle_timeout{0};
    /// Closes a connection that has not sent its first request this long after it was accepted. Zero disables
    /// it: connection pools open connections before they need them.
    std::chrono::milliseconds first_request_timeout{0};
    /// Closes a connection that takes its queued output too slowly: it has taken nothing for this long, or
    /// less than write_rate for a longer time. A byte counts as taken when the client's kernel has
    /// acknowledged it. Zero disables it.
    std::chrono::milliseconds write_stall{30'000};
    /// Bytes per second that a client must take while output is queued for it, on average over write_stall.
    /// If the queue is so long that this would take more than write_time, the whole queue divided by
    /// write_time.
    std::size_t write_rate = 1024;
    std::chrono::milliseconds write_time{60'000};
    /// Replies of one connection that may be deferred at a time (Reply::defer()). At the limit its further
    /// requests wait.
    std::size_t max_deferred = 1024;
    /// Answers a deferred reply with `-ERR timeout` if it is not answered within this time. Zero: never.
    std::chrono::milliseconds reply_deadline{0};
    /// Maximum time that stop() waits for the last replies. After it, the server closes all connections by
    /// force. Zero: at once, which does not leave time for any reply.
    std::chrono::milliseconds drain_deadline{5'000};
    /// Idle time after which TCP probes the client (SO_KEEPALIVE). Zero disables probing. At most 32,767 s,
    /// the maximum of Linux; a longer time is lowered to it.
    std::chrono::seconds keepalive{300};

    /// Wraps the transport of each accepted client, for example to encrypt it. Gets the socket's transport,
    /// and returns the transport that the server uses, which owns the first. Called on the connection's
    /// thread. Empty: the server uses the socket itself. If it throws or returns null, the client is closed.
    std::function<std::unique_ptr<Transport>(std::unique_ptr<Transport> socket)> wrap{};

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
    std::uint64_t bytes_skipped = 0;  ///< of these, blank lines and commands without words
    std::uint64_t bytes_sent = 0;
    std::uint64_t protocol_errors = 0;  ///< malformed input, or over a limit of Options::limits
    std::uint64_t handler_errors = 0;   ///< exceptions of handlers, and deferred replies without an answer
    std::uint64_t timeouts = 0;         ///< connections closed, and replies given up, at a deadline
    std::uint64_t cut_off = 0;          ///< connections closed because of max_pushes or max_memory
    std::uint64_t accept_errors = 0;    ///< failures to accept or to serve a client
    std::uint64_t memory = 0;           ///< bytes that count for max_memory now
};

}  // namespace resp
