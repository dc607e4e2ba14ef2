// The part of a connection that all threads see.
#pragma once

#include "mailbox.hpp"
#include "peer.hpp"
#include "request_deadlines.hpp"

#include <libresp/codec/encoder.hpp>
#include <libresp/server/connection.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace resp::detail {

/// All functions may be called from any thread. The connection's own thread writes, except for the counts.
class Visible {
public:
    [[nodiscard]] Endpoint peer() const {
        const std::lock_guard lock{mailbox_->shared().peer_mutex};
        return peer_.endpoint();
    }
    void set_peer(const Peer& peer) {
        const std::lock_guard lock{mailbox_->shared().peer_mutex};
        peer_ = peer;
    }
    /// The address of the server that the client has connected to.
    [[nodiscard]] Endpoint local() const {
        const auto& endpoints = mailbox_->shared().endpoints;
        const bool is_unix = listener_ < endpoints.size() && !endpoints[listener_].path.empty();
        return is_unix ? endpoints[listener_] : Peer{.tcp = local_, .is_unix = local_.port() == 0}.endpoint();
    }
    [[nodiscard]] Clock::time_point opened() const noexcept { return opened_; }
    [[nodiscard]] Clock::time_point last_active() const noexcept { return deadlines_.last_active(); }
    [[nodiscard]] std::size_t queued() const noexcept { return queued_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t held() const noexcept {
        return held_.load(std::memory_order_relaxed) + charged.load(std::memory_order_relaxed);
    }
    void set_idle_timeout(std::chrono::milliseconds time) noexcept { deadlines_.set_idle_timeout(time); }
    /// The connection is about to close: it accepts no more pushes and handles no more requests.
    void end_pushes() noexcept { is_open_.store(false, std::memory_order_relaxed); }
    [[nodiscard]] Version version() const noexcept { return version_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool is_open() const noexcept { return is_open_.load(std::memory_order_relaxed); }
    [[nodiscard]] PeerState peer_state() const noexcept {
        return peer_state_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }
    void uncount_push(std::size_t size) noexcept { pushing_.fetch_sub(size, std::memory_order_relaxed); }
    /// There was no memory for the answer to a deferred reply. The next tick closes the connection.
    void close_unanswered() noexcept { is_unanswered_.store(true, std::memory_order_relaxed); }

    std::atomic<std::size_t> charged{0};  // by Charge

protected:
    Visible(std::shared_ptr<Mailbox> mailbox, const Peer& peer) noexcept
        : mailbox_(std::move(mailbox)),
          deadlines_(mailbox_->shared().options),
          peer_(peer),
          local_(peer.local),
          listener_(peer.listener) {}
    ~Visible() = default;

    /// Counts bytes until account() counts all.
    void count_held(std::size_t bytes) noexcept {
        held_.fetch_add(bytes, std::memory_order_relaxed);
        mailbox_->shared().memory.fetch_add(bytes, std::memory_order_relaxed);
    }

    const std::shared_ptr<Mailbox> mailbox_;
    std::atomic<std::size_t> pushing_{0};  // bytes of pushes that send() has counted and that were not sent
    std::atomic<bool> is_open_{true};
    std::atomic<bool> overrun_{false};        // cut_off() is posted
    std::atomic<bool> is_unanswered_{false};  // see close_unanswered()
    std::atomic<PeerState> peer_state_{PeerState::open};
    std::atomic<Version> version_{Version::resp2};
    std::atomic<std::size_t> held_{0};    // bytes of memory that account() has counted
    std::atomic<std::size_t> queued_{0};  // bytes of output, at the last account()
    RequestDeadlines deadlines_;

private:
    Peer peer_;  // guarded by Shared::peer_mutex
    const asio::ip::tcp::endpoint local_;
    const std::uint16_t listener_;
    const Clock::time_point opened_ = Clock::now();
};

}  // namespace resp::detail
