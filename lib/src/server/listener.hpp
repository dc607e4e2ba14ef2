// A listening socket, and the loop that accepts its clients.
#pragma once

#include "asio.hpp"
#include "hand_over.hpp"
#include "shared.hpp"
#include "unix_file.hpp"

#include <memory>
#include <optional>
#include <string>

namespace resp::detail {

/// Only close() ends the loop. Every error of accept() is temporary: it belongs to one client, or descriptors
/// or memory have run out.
///
///     wait() ──a client is there──► accept_some() ──► wait()
///        ▲                               └─exhausted─► pause() ──100 ms, or a descriptor was freed──┐
///        └──────────────────────────────────────────────────────────────────────────────────────────┘
///
/// It is not a coroutine: Asio 1.22 ends the process if it has no memory to begin an operation in a coroutine.
class Listener : public std::enable_shared_from_this<Listener> {
public:
    /// `index` is that of its address in Shared::endpoints.
    Listener(std::shared_ptr<Shared> shared, asio::any_io_executor executor, NextWorker next_worker,
             std::uint16_t index = 0);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener();

    /// They throw std::system_error, whose text names the address.
    void listen(const std::string& address, std::uint16_t port);
    void listen(const std::string& unix_path);
    /// Takes a socket that listens already.
    void take(int descriptor);
    void start();
    void close();
    /// Call it when a descriptor was freed. From any thread.
    void descriptor_freed() noexcept;
    [[nodiscard]] Endpoint endpoint() const;

private:
    using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
    /// What accept() found: a client; no client; an error of one client (try the next); or no descriptor or
    /// memory left (wait).
    enum class Accepted : unsigned char { client, none, retry, exhausted };

    void open(const Acceptor::protocol_type& protocol);
    void listen();
    void go_on(Accepted last) noexcept;
    void wait();
    void pause();
    void accept_some() noexcept;
    Accepted accept() noexcept;
    void could_not_hand_over() noexcept;

    const std::shared_ptr<Shared> shared_;
    const asio::any_io_executor executor_;
    const NextWorker next_worker_;
    const std::uint16_t index_;
    Acceptor acceptor_;
    asio::steady_timer pause_;
    std::atomic<bool> exhausted_{false};
    std::optional<UnixFile> file_;  // of a Unix socket
};

}  // namespace resp::detail
