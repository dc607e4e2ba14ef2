// A handle on one client, for work outside a request: pushes, closing, asking for the address.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/server/awaitable.hpp>
#include <libresp/server/options.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace resp {

namespace detail {
class Session;
struct Shared;
}  // namespace detail

/// What became of a push.
enum class Sent : unsigned char {
    queued,     ///< the client gets it if it stays connected and reads
    too_large,  ///< dropped: it is longer than Options::max_pushes, or Options::max_memory has no room for it
    gone,       ///< dropped: the connection is closed, or is closed now because too many pushes wait for it
};

/// Whether the client is still there.
enum class PeerState : unsigned char {
    open,         ///< it can send and receive
    half_closed,  ///< it has ended its stream, and may still read replies
    gone,         ///< the connection is closed, or the client has reset it
};

/// Counts memory for a connection as long as it exists, beside what the server counts itself. Get one from
/// Connection::charge(). It may outlive the connection and the server.
class Charge {
public:
    Charge() = default;
    Charge(Charge&& other) noexcept;
    Charge& operator=(Charge&& other) noexcept;
    ~Charge();
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    friend class Connection;
    Charge(std::shared_ptr<detail::Shared> shared, std::weak_ptr<detail::Session> session,
           std::size_t bytes) noexcept;
    void release() noexcept;

    std::shared_ptr<detail::Shared> shared_;
    std::weak_ptr<detail::Session> session_;
    std::size_t bytes_ = 0;
};

/// A handle on one client. Copying it is cheap, and it does not keep the connection open.
/// Each member may be called from any thread at any time, even after the connection or the server is gone.
class Connection {
public:
    /// A handle that refers to no client.
    Connection() = default;

    /// The number of the connection, from 1. No other connection of this process gets the same number. 0 for
    /// a handle that refers to no client.
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    /// The client's address. Address and path are empty for a client of a Unix socket and after the
    /// connection is gone.
    [[nodiscard]] Endpoint peer() const;
    /// Replaces the client's address in peer() and in log lines, for example by the one that a proxy has sent. From
    /// then on the client counts for that address in Options::max_connections_per_address and connection_rate. If
    /// these refuse it, the connection closes. accept_filter is not asked. An empty address stands for a client that
    /// has none. Throws std::system_error if the address is not numeric.
    void set_peer(const Endpoint& peer) const;
    /// The address of the server that the client has connected to. Empty after the connection is gone.
    [[nodiscard]] Endpoint local() const;
    /// The index of the server's thread that serves the client, from 0. With several executors, that of its executor.
    [[nodiscard]] std::size_t thread() const noexcept;
    /// When the connection was accepted. The clock's zero after the connection is gone.
    [[nodiscard]] std::chrono::steady_clock::time_point opened() const noexcept;
    /// When its last request arrived, or its last reply was in progress. The server notes it every 200 ms. For a
    /// client without a request: when it was accepted. The clock's zero after the connection is gone.
    [[nodiscard]] std::chrono::steady_clock::time_point last_active() const noexcept;
    /// Bytes of replies and pushes that were not sent yet. Zero after the connection is gone.
    [[nodiscard]] std::size_t queued() const noexcept;
    /// Bytes of memory that count for this client: received input, queued output, and charge(). Long strings that it
    /// may share with others are not included. Zero after the connection is gone.
    [[nodiscard]] std::size_t held() const noexcept;
    /// The RESP version of the replies. RESP2 until a handler calls set_version() on a Reply; the new version
    /// is returned here when that reply is finished. RESP2 again after the connection is gone.
    [[nodiscard]] Version version() const noexcept;
    /// Whether the connection still accepts pushes.
    [[nodiscard]] bool is_open() const noexcept;

    /// The executor that runs this connection's handler and hooks. Needs <libresp/server/asio.hpp>. Use it in
    /// on_open() to start timers or coroutines that share state with the handler without a lock. Empty
    /// (converts to false) if the connection is gone.
    ///
    /// The completion handler of a timer may run after the connection's handler is destroyed, even if
    /// on_close() cancelled the timer. So let the completion handler, or the coroutine, own the state that it
    /// uses (std::shared_ptr), and do not capture `this`. Do not keep a copy of the executor longer than the
    /// server or, if the server is embedded (on your own executor), longer than its context.
    [[nodiscard]] asio::any_io_executor executor() const;

    /// Queues one or more whole RESP values for the client, usually a push. They are sent between two
    /// replies, never inside one.
    ///
    /// If a handler pushes to its own client and does not wait afterwards, the push follows the reply to the
    /// current request, and usually the replies to all requests that arrived in the same read. The server may
    /// pause between these requests: after 64 KiB of requests, after 1 ms, above Options::batch_output, or if
    /// memory is short. Then the push comes before the replies to the remaining requests. While a coroutine
    /// handler waits, a push is sent after the reply that the handler has begun, or at once if it has written
    /// nothing yet.
    ///
    /// The bytes count for Options::max_memory and Options::max_pushes from now on, until they are sent. If
    /// the pushes that wait for the client exceed max_pushes together, the server closes the connection:
    /// its client does not read. Throws std::bad_alloc; then nothing is sent.
    Sent send(std::string bytes) const;
    /// The same without a copy. The connections that get the same string share it, and it counts once.
    Sent send(std::shared_ptr<const std::string> bytes) const;
    /// The same, encoded in the connection's version:
    ///
    ///     connection.send([](resp::Encoder& out) { out.push(2).bulk_string("tick").integer(7); });
    template <std::invocable<Encoder&> Write>
    Sent send(Write&& write) const {
        std::string bytes;
        Encoder out{bytes, version()};
        std::forward<Write>(write)(out);
        return send(std::move(bytes));
    }

    /// Closes the connection after its queued output is sent. Requests that no handler has seen yet are
    /// dropped.
    void close() const;
    /// Closes the connection at once, without sending its queued output.
    void abort() const;

    /// Whether the client is still there. An end of stream is noticed when everything before it was read, or
    /// while a coroutine handler waits.
    [[nodiscard]] PeerState peer_state() const noexcept;
    /// Replaces Options::idle_timeout for this connection. Zero: it is never closed for being idle. Use that
    /// for subscribers.
    void set_idle_timeout(std::chrono::milliseconds time) const noexcept;
    /// Counts `bytes` of memory that your program keeps for this client, for Options::max_memory. Returns
    /// nothing if that would exceed max_memory, or if the connection is gone: then keep nothing, and answer
    /// `-OOM` as Redis does.
    [[nodiscard]] std::optional<Charge> charge(std::size_t bytes) const;

    friend bool operator==(const Connection& a, const Connection& b) noexcept { return a.id_ == b.id_; }

private:
    friend class detail::Session;
    Connection(std::weak_ptr<detail::Session> session, std::uint64_t id) noexcept
        : session_(std::move(session)), id_(id) {}

    std::weak_ptr<detail::Session> session_;
    std::uint64_t id_ = 0;
};

/// Sends one push to many clients. They share the bytes, which count once for Options::max_memory, and each
/// thread of the server gets one notification for all of its connections. Otherwise the same as send() of
/// each. Returns for how many clients it was queued.
std::size_t send_all(std::span<const Connection> connections, std::shared_ptr<const std::string> bytes);

}  // namespace resp
