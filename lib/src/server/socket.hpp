// Sockets as transports, and the epoll set that reports which of them are ready. Asio watches the epoll set
// as one descriptor.
#pragma once

#include "asio.hpp"

#include <libresp/server/transport.hpp>

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

namespace resp::detail {

class SocketTransport;

/// Owns an open file descriptor.
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
/// One operation of Asio reports all sockets that are ready. So a request needs no separate operation of
/// Asio, and an idle connection uses no memory of Asio.
class Poller {
public:
    /// The owner contains this Poller. A pending wait keeps the owner alive.
    Poller(const asio::any_io_executor& executor, std::weak_ptr<void> owner);

    /// Changes the interest of a socket. Returns false if the system has no memory for it.
    [[nodiscard]] bool change(SocketTransport& socket, Interest from, Interest to) noexcept;
    /// Starts the wait again if it failed for lack of memory.
    void resume();

private:
    void wait();
    void poll();
    void handle_events();
    void forget(const SocketTransport& socket) noexcept;

    static constexpr int most_events = 128;

    const std::weak_ptr<void> owner_;
    asio::posix::stream_descriptor set_;
    std::size_t sockets_ = 0;  // in the set
    std::size_t ready_ = 0;    // events of the last epoll_wait()
    std::size_t next_ = 0;     // the first of them that poll() has not handled
    bool waiting_ = false;     // poll() is scheduled or running
    std::array<epoll_event, most_events> events_;
};

/// A connected, non-blocking socket of any family.
class SocketTransport final : public Transport {
public:
    SocketTransport(Descriptor socket, Poller& poller) noexcept
        : poller_(poller), socket_(std::move(socket)) {}
    ~SocketTransport() override;

    std::size_t read(std::span<char> room, std::error_code& ec) noexcept override;
    std::size_t write(std::span<const std::string_view> pieces, std::error_code& ec) noexcept override;
    Interest wait(Interest interest) override;
    void finish() noexcept override;
    [[nodiscard]] std::size_t unacknowledged() const noexcept override;

private:
    friend class Poller;
    void ready(std::uint32_t events) noexcept;

    Poller& poller_;
    Descriptor socket_;
    Interest wanted_;   // what the session waits for
    Interest watched_;  // what the epoll set reports
};

}  // namespace resp::detail
