// A handle on one client, for what happens outside of its requests: pushes, closing, telling who.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/server/options.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace resp {

namespace detail {
class Session;
}

/// A weak handle: copying it is cheap, keeping it does not keep the connection open, and each member
/// may be called from any thread, at any time, also when the connection or the server is gone.
class Connection {
public:
    /// A handle on nothing.
    Connection() = default;

    /// A number that no other connection of this process has had; from 1.
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    /// The client's address; of a Unix socket without address or path. Empty when it is gone.
    [[nodiscard]] Endpoint peer() const;
    /// The RESP version that its replies are written in; RESP2 until a handler chooses RESP3.
    [[nodiscard]] Version version() const noexcept;
    /// Whether it can still be sent to.
    [[nodiscard]] bool is_open() const noexcept;

    /// Sends whole RESP values, a push usually: after the replies to what was received so far, or, while
    /// a coroutine handler waits, after the reply that it is writing, if any. False if the connection is
    /// gone. One that lets more than Options::max_output bytes pile up is closed. Throws std::bad_alloc
    /// if there is no memory to hand them over; then nothing is sent.
    bool send(std::string bytes) const;
    /// The same, encoded in the connection's version:
    ///
    ///     connection.send([](resp::Encoder& out) { out.push(2).bulk_string("tick").integer(7); });
    template <std::invocable<Encoder&> Write>
    bool send(Write&& write) const {
        std::string bytes;
        Encoder out{bytes, version()};
        std::forward<Write>(write)(out);
        return send(std::move(bytes));
    }

    /// Closes it when what is queued for it has been sent. Requests that are not being handled yet are
    /// dropped.
    void close() const;

    friend bool operator==(const Connection& a, const Connection& b) noexcept { return a.id_ == b.id_; }

private:
    friend class detail::Session;
    Connection(std::weak_ptr<detail::Session> session, std::uint64_t id) noexcept
        : session_(std::move(session)), id_(id) {}

    std::weak_ptr<detail::Session> session_;
    std::uint64_t id_ = 0;
};

}  // namespace resp
