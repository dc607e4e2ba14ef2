// The places of a server: how many clients it serves, in all and for each address, and how fast the clients of
// one address may connect.
//
//     session ──owns──► Place ──counts in──► Places::connections()
//                         └─────counts in──► Address ──► its clients, and the bucket of connection_rate
//
// The table of addresses is bounded, whatever addresses connect:
//
//     used    addresses with clients: at most one for each client, never dropped
//     idle    addresses without clients whose bucket is not full yet: at most most_idle(), the oldest goes first
//
// So a flood of addresses makes the server forget an idle address at worst, and never a connected client.
#pragma once

#include "asio.hpp"
#include "peer.hpp"

#include <libresp/server/options.hpp>

#include <atomic>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace resp::detail {

using Clock = std::chrono::steady_clock;

/// Why a client gets no place.
enum class Refusal : unsigned char { none, filter, rate, address, server };

/// The reply for a client that is refused for this reason, encoded. Empty: it is closed without a reply.
[[nodiscard]] const std::string& last_words(Refusal refusal);

/// The addresses that count as one: an IPv4 address, or the 2^64 IPv6 addresses with the same first 64 bits. A
/// customer gets at least that many, so a limit for each of them would not limit anyone. An IPv4 address that is
/// written as an IPv6 address (::ffff:192.0.2.1) counts as IPv4.
struct AddressKey {
    explicit AddressKey(const asio::ip::address& address) noexcept;
    friend auto operator<=>(const AddressKey&, const AddressKey&) = default;

    bool is_v6 = false;
    std::uint64_t bits = 0;
};

/// A token bucket. A full one holds `burst` tokens, and a token comes back each `interval`. It stores only when
/// it will be full again, so nothing runs while no client connects.
class Bucket {
public:
    struct Size {
        explicit Size(const Rate& rate) noexcept;
        Clock::duration interval{};  ///< 0: there is no limit
        Clock::duration spent{};     ///< the time to fill it with all tokens but one
    };
    /// Takes a token. Returns false if there is none.
    [[nodiscard]] bool take(const Size& size, Clock::time_point now) noexcept;
    [[nodiscard]] bool is_full(Clock::time_point now) const noexcept { return full_at_ <= now; }

private:
    Clock::time_point full_at_{};
};

struct Address {
    AddressKey key;
    std::size_t clients = 0;
    Bucket bucket{};
};

class Places;

/// The place of one client. It counts from Places::take() until it is destroyed. The owner also keeps the
/// Places alive.
class Place {
public:
    /// Counts nothing.
    Place() noexcept = default;
    Place(Place&& other) noexcept
        : places_(std::exchange(other.places_, nullptr)), address_(other.address_) {}
    Place& operator=(Place&& other) noexcept {
        std::swap(places_, other.places_);
        std::swap(address_, other.address_);
        return *this;
    }
    ~Place() { free(); }

    /// Counts nothing from now on.
    void free() noexcept;
    /// Counts the client for another address from now on. If that address is refused, nothing changes.
    /// Throws std::bad_alloc; then nothing changes either.
    [[nodiscard]] Refusal move_to(const Peer& peer, Clock::time_point now);
    [[nodiscard]] explicit operator bool() const noexcept { return places_ != nullptr; }

private:
    friend class Places;
    Places* places_ = nullptr;
    std::list<Address>::iterator address_{};
};

/// All of it may be called from any thread.
class Places {
public:
    explicit Places(const Options& options);
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;

    /// Lowers the maximum number of clients. Call it before the first take().
    void lower_most(std::size_t most) noexcept;
    [[nodiscard]] std::size_t most() const noexcept { return most_; }

    /// Gives the client a place, or says why it gets none. The rate is checked first, and a client that is
    /// refused for another reason has used its token: so refusing it is bounded too. A Unix socket has no
    /// address: its clients count for the server only. Throws std::bad_alloc.
    [[nodiscard]] Refusal take(Place& place, const Peer& peer, Clock::time_point now);

    /// Clients that have a place.
    [[nodiscard]] std::uint64_t connections() const noexcept {
        return connections_.load(std::memory_order_relaxed);
    }
    /// Addresses in the table.
    [[nodiscard]] std::size_t addresses() const;
    /// The maximum number of addresses without clients in the table.
    [[nodiscard]] std::size_t most_idle() const noexcept;

private:
    friend class Place;
    using Entry = std::list<Address>::iterator;

    [[nodiscard]] bool has_limits() const noexcept {
        return most_per_address_ != 0 || bucket_.interval != Clock::duration::zero();
    }
    [[nodiscard]] Refusal enter(const Peer& peer, Clock::time_point now, Entry& entry);
    void leave(Entry entry) noexcept;
    [[nodiscard]] Entry find_or_add(const AddressKey& key);
    void drop_idle(Clock::time_point now) noexcept;
    void drop(Entry idle) noexcept;
    void give_back(Entry entry) noexcept;

    std::size_t most_;
    const std::size_t most_per_address_;  // 0: no limit
    const Bucket::Size bucket_;
    std::atomic<std::uint64_t> connections_{0};

    mutable std::mutex mutex_;  // for the rest
    std::list<Address> used_;
    std::list<Address> idle_;  // the oldest first
    // A tree, because clients choose their addresses: with a hash table they could choose ones that collide.
    std::map<AddressKey, Entry> entries_;
};

}  // namespace resp::detail
