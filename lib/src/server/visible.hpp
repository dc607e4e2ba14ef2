// The part of a connection that all threads see.
#pragma once

#include "mailbox.hpp"
#include "peer.hpp"

#include <libresp/codec/encoder.hpp>
#include <libresp/server/connection.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace resp::detail {

/// All functions may be called from any thread. The connection's own thread writes, except for the counts.
class Visible {
public:
    [[nodiscard]] Endpoint peer() const { return peer_.endpoint(); }
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
        : mailbox_(std::move(mailbox)), peer_(peer) {}
    ~Visible() = default;

    const std::shared_ptr<Mailbox> mailbox_;
    std::atomic<std::size_t> pushing_{0};  // bytes of pushes that send() has counted and that were not sent
    std::atomic<bool> is_open_{true};
    std::atomic<bool> overrun_{false};        // cut_off() is posted
    std::atomic<bool> is_unanswered_{false};  // see close_unanswered()
    std::atomic<PeerState> peer_state_{PeerState::open};
    std::atomic<Version> version_{Version::resp2};
    const Peer peer_;
};

}  // namespace resp::detail
