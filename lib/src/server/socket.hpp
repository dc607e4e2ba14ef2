// Sockets as transports, and how a thread learns which of them are ready: an epoll set of its own,
// which Asio watches as one descriptor.
#pragma once

#include "asio.hpp"
#include "transport.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

namespace resp::detail {

class SocketTransport;

/// An open file descriptor that is nobody else's.
class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor();
    [[nodiscard]] int number() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_;
};

/// The sockets of one thread.
///
///     io_context ──watches──► epoll set ──holds──► socket, socket, socket, …
///
/// Asio is asked once for all that are ready, not once for each: a request costs no operation of
/// Asio's, and an idle connection none of its memory.
class Poller {
public:
    /// `owner` is what must live while something is waited for: whose part this is.
    Poller(const asio::any_io_executor& executor, std::weak_ptr<void> owner);

    /// Changes what a socket waits for. False if there is no memory for it.
    [[nodiscard]] bool change(SocketTransport& socket, Interest from, Interest to) noexcept;
    /// Goes on if there was no memory to wait with.
    void resume();

private:
    void wait();
    void poll();
    void forget(const SocketTransport& socket) noexcept;

    static constexpr int most_events = 128;

    const std::weak_ptr<void> owner_;
    asio::posix::stream_descriptor set_;
    std::size_t sockets_ = 0;  // that wait for something
    std::size_t ready_ = 0;    // events that poll() goes through
    bool waiting_ = false;     // poll() will be called, or runs
    std::array<epoll_event, most_events> events_;
};

/// A connected socket of any family, which does not block.
class SocketTransport final : public Transport {
public:
    SocketTransport(Descriptor socket, Poller& poller) noexcept
        : poller_(poller), socket_(std::move(socket)) {}
    ~SocketTransport() override;

    std::size_t read(std::span<char> room, std::error_code& ec) noexcept override;
    std::size_t write(std::string_view bytes, std::error_code& ec) noexcept override;
    void wait(Interest interest) override;
    void finish() noexcept override;
    [[nodiscard]] std::size_t unacknowledged() const noexcept override;

private:
    friend class Poller;
    void ready(std::uint32_t events) noexcept;

    Poller& poller_;
    Descriptor socket_;
    Interest wanted_;
    Interest watched_;  // what the set knows
};

}  // namespace resp::detail
