// Counting clients, in all and for each address.
#include "places.hpp"

#include <libresp/codec/encoder.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace resp::detail {

namespace {

// A server with few places still remembers this many idle addresses. Otherwise a few addresses could push each
// other out of the table, and connect faster than the rate.
constexpr std::size_t fewest_idle = 1024;

std::string encoded(std::string_view error) {
    std::string bytes;
    Encoder{bytes}.simple_error(error);
    return bytes;
}

}  // namespace

const std::string& last_words(Refusal refusal) {
    static const std::string none;
    // In Redis' words: client libraries know them.
    static const std::string server = encoded("ERR max number of clients reached");
    // In other words: the server has room, and the client's own site has to close connections.
    static const std::string address = encoded("ERR max number of clients from this address reached");
    // The others get no reply. It would cost more work than accepting them, and most of them do not read it.
    return refusal == Refusal::server ? server : refusal == Refusal::address ? address : none;
}

AddressKey::AddressKey(const asio::ip::address& address) noexcept : is_v6(address.is_v6()) {
    if (!is_v6) {
        bits = address.to_v4().to_uint();
        return;
    }
    const asio::ip::address_v6::bytes_type bytes = address.to_v6().to_bytes();
    is_v6 = !address.to_v6().is_v4_mapped();
    for (std::size_t i = is_v6 ? 0 : 12; i != (is_v6 ? 8 : 16); ++i) bits = bits << 8 | bytes[i];
}

Bucket::Size::Size(const Rate& rate) noexcept {
    if (rate.per_second == 0) return;
    using Seconds = std::chrono::duration<double>;
    // Bounds that keep the sum of both, and of the clock, far below the largest time.
    constexpr Clock::duration longest_interval = std::chrono::hours{24 * 365};
    constexpr Clock::duration longest = 20 * longest_interval;
    const Seconds exact{1 / rate.per_second};
    interval = exact < Seconds{longest_interval} ? std::chrono::duration_cast<Clock::duration>(exact)
                                                 : longest_interval;
    interval = std::max(interval, Clock::duration{1});
    const double burst =
        rate.burst != 0 ? static_cast<double>(rate.burst) : std::max(1.0, std::ceil(rate.per_second));
    const auto most = static_cast<double>(longest / interval);
    spent = interval * static_cast<Clock::rep>(std::min(burst - 1, most));
}

bool Bucket::take(const Size& size, Clock::time_point now) noexcept {
    if (full_at_ - now > size.spent) return false;
    full_at_ = std::max(full_at_, now) + size.interval;
    return true;
}

// ---- one place

void Place::free() noexcept {
    if (places_ != nullptr) std::exchange(places_, nullptr)->give_back(address_);
}

Refusal Place::move_to(const Peer& peer, Clock::time_point now) {
    assert(places_ != nullptr);
    Places::Entry to;
    const Refusal refusal = places_->enter(peer, now, to);
    if (refusal == Refusal::none) places_->leave(std::exchange(address_, to));
    return refusal;
}

// ---- all places

Places::Places(const Options& options)
    : most_(options.max_connections),
      most_per_address_(options.max_connections_per_address),
      bucket_(options.connection_rate) {}

void Places::lower_most(std::size_t most) noexcept { most_ = std::min(most_, most); }

std::size_t Places::most_idle() const noexcept { return std::max(most_, fewest_idle); }

std::size_t Places::addresses() const {
    const std::lock_guard lock{mutex_};
    return entries_.size();
}

Refusal Places::take(Place& place, const Peer& peer, Clock::time_point now) {
    assert(!place);
    Entry entry;
    const Refusal refusal = enter(peer, now, entry);
    if (refusal != Refusal::none) return refusal;
    for (std::uint64_t n = connections_.load(std::memory_order_relaxed);;) {
        if (n >= most_) {
            leave(entry);
            return Refusal::server;
        }
        if (connections_.compare_exchange_weak(n, n + 1, std::memory_order_relaxed)) break;
    }
    place.places_ = this;
    place.address_ = entry;
    return Refusal::none;
}

void Places::give_back(Entry entry) noexcept {
    leave(entry);
    [[maybe_unused]] const std::uint64_t before = connections_.fetch_sub(1, std::memory_order_relaxed);
    assert(before != 0);
}

/// Counts the client for its address, or says why not. `entry` is idle_.end() if addresses are not counted.
Refusal Places::enter(const Peer& peer, Clock::time_point now, Entry& entry) {
    entry = idle_.end();
    if (peer.is_unix || !has_limits()) return Refusal::none;
    const AddressKey key{peer.tcp.address()};
    const std::lock_guard lock{mutex_};
    drop_idle(now);
    const Entry found = find_or_add(key);
    const bool has_token = bucket_.interval == Clock::duration::zero() || found->bucket.take(bucket_, now);
    if (!has_token) return Refusal::rate;
    if (most_per_address_ != 0 && found->clients >= most_per_address_) return Refusal::address;
    if (found->clients++ == 0) used_.splice(used_.end(), idle_, found);
    entry = found;
    return Refusal::none;
}

void Places::leave(Entry entry) noexcept {
    if (entry == idle_.end()) return;
    const std::lock_guard lock{mutex_};
    assert(entry->clients != 0);
    if (--entry->clients != 0) return;
    idle_.splice(idle_.end(), used_, entry);
    if (bucket_.interval == Clock::duration::zero()) return drop(entry);
    if (idle_.size() > most_idle()) drop(idle_.begin());
}

/// The entry of the address. One without clients becomes the newest of the idle ones.
Places::Entry Places::find_or_add(const AddressKey& key) {
    if (const auto found = entries_.find(key); found != entries_.end()) {
        if (found->second->clients == 0) idle_.splice(idle_.end(), idle_, found->second);
        return found->second;
    }
    std::list<Address> added(1, Address{.key = key});
    entries_.emplace(key, added.begin());
    idle_.splice(idle_.end(), added);
    if (idle_.size() > most_idle()) drop(idle_.begin());
    return std::prev(idle_.end());
}

/// Drops addresses that the table need not remember: their bucket is full again. For each client that connects
/// it drops up to two, so it shrinks faster than it grows.
void Places::drop_idle(Clock::time_point now) noexcept {
    for (int i = 0; i != 2 && !idle_.empty() && idle_.front().bucket.is_full(now); ++i) drop(idle_.begin());
}

void Places::drop(Entry idle) noexcept {
    assert(idle->clients == 0);
    entries_.erase(idle->key);
    idle_.erase(idle);
}

}  // namespace resp::detail
