// Who hears of a change. Each stripe has its mutex, which is only held for changes of its maps and to queue pushes.
#include <libresp/service/keys.hpp>

#include "tracker.hpp"
#include "waiter.hpp"

#include <algorithm>
#include <functional>

namespace resp {

namespace {

/// Who is interested in a key. Null: no client. The types are private to Keys.
template <class Stripe>
auto find_interest(Stripe& stripe, unsigned database, std::string_view key) noexcept {
    const auto keys = stripe.interests.find(database);
    using Found = decltype(&keys->second.find(key)->second);
    if (keys == stripe.interests.end()) return Found{nullptr};
    const auto found = keys->second.find(key);
    return found != keys->second.end() ? &found->second : Found{nullptr};
}

}  // namespace

Keys::Stripe& Keys::stripe_of(std::string_view key) noexcept {
    return stripes_[std::hash<std::string_view>{}(key) % stripes_.size()];
}

/// Adds to those who are interested in a key.
template <class Change>
void Keys::with_interest(unsigned database, std::string_view key, const Change& change) {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock{stripe.mutex};
    auto& keys = stripe.interests[database];
    auto found = keys.find(key);
    if (found == keys.end()) {
        found = keys.try_emplace(std::string{key}).first;
        listeners_.fetch_add(1);
    }
    change(found->second);
}

/// Removes from them. Allocates nothing.
template <class Change>
void Keys::without_interest(unsigned database, std::string_view key, const Change& change) noexcept {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock{stripe.mutex};
    const auto keys = stripe.interests.find(database);
    if (keys == stripe.interests.end()) return;
    const auto found = keys->second.find(key);
    if (found == keys->second.end()) return;
    change(found->second);
    if (!found->second.empty()) return;
    keys->second.erase(found);
    listeners_.fetch_sub(1);
}

void Keys::watch(unsigned database, std::string_view key, std::uint64_t client, const WatchFlag& flag) {
    with_interest(database, key, [&](Interest& interest) { interest.watchers.try_emplace(client, flag); });
}

void Keys::unwatch(unsigned database, std::string_view key, std::uint64_t client) noexcept {
    without_interest(database, key, [&](Interest& interest) { interest.watchers.erase(client); });
}

bool Keys::wait(unsigned database, std::string_view key, const std::shared_ptr<detail::Waiter>& waiter) {
    bool is_late = false;
    with_interest(database, key, [&](Interest& interest) {
        for (const auto& each : interest.waiters) is_late = is_late || each->is_woken();
        interest.waiters.push_back(waiter);
    });
    return is_late;
}

void Keys::stop_waiting(unsigned database, std::string_view key, const detail::Waiter& waiter) noexcept {
    without_interest(database, key, [&](Interest& interest) {
        std::erase_if(interest.waiters, [&](const auto& each) { return each.get() == &waiter; });
    });
}

void Keys::wake(unsigned database, std::string_view key, const detail::Waiter* after) {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock{stripe.mutex};
    auto* const interest = find_interest(stripe, database, key);
    if (interest == nullptr) return;
    bool is_after = after == nullptr;
    for (const auto& waiter : interest->waiters) {
        if (is_after && detail::Waiter::wake(waiter)) return;
        is_after = is_after || waiter.get() == after;
    }
}

// ---- client-side caching

/// The tracker and the stripe change together, under the mutex of the stripe.
bool Keys::track(std::string_view key, const std::shared_ptr<detail::Tracker>& tracker) {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock{stripe.mutex};
    if (!tracker->add(key)) return false;
    auto found = stripe.tracked.find(key);
    if (found == stripe.tracked.end()) {
        found = stripe.tracked.try_emplace(std::string{key}).first;
        listeners_.fetch_add(1);
    }
    found->second.try_emplace(tracker->id(), tracker);
    return true;
}

void Keys::untrack(std::string_view key, std::uint64_t client) noexcept {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock{stripe.mutex};
    const auto found = stripe.tracked.find(key);
    if (found == stripe.tracked.end()) return;
    found->second.erase(client);
    if (!found->second.empty()) return;
    stripe.tracked.erase(found);
    listeners_.fetch_sub(1);
}

void Keys::track_prefix(std::string_view prefix, const std::shared_ptr<detail::Tracker>& tracker) {
    const std::lock_guard lock{prefix_mutex_};
    auto found = prefixes_.find(prefix);
    if (found == prefixes_.end()) found = prefixes_.try_emplace(std::string{prefix}).first;
    if (!found->second.try_emplace(tracker->id(), tracker).second) return;
    has_prefixes_.fetch_add(1);
    listeners_.fetch_add(1);
}

void Keys::untrack_prefix(std::string_view prefix, std::uint64_t client) noexcept {
    const std::lock_guard lock{prefix_mutex_};
    const auto found = prefixes_.find(prefix);
    if (found == prefixes_.end()) return;
    const bool was_tracked = found->second.erase(client) != 0;
    if (found->second.empty())
        prefixes_.erase(found);  // perhaps left by a track_prefix() that found no memory
    if (!was_tracked) return;
    has_prefixes_.fetch_sub(1);
    listeners_.fetch_sub(1);
}

// ---- changes

void Keys::tell(unsigned database, std::string_view key, std::string_view event, KeyEvent kind,
                std::uint64_t by) {
    // The change itself has its own call: no client should hear of it twice.
    if (kind == KeyEvent::created) return publish(database, key, event, kind);
    Trackers trackers;
    {
        Stripe& stripe = stripe_of(key);
        const std::lock_guard lock{stripe.mutex};
        if (auto* const interest = find_interest(stripe, database, key)) {
            for (const auto& [id, flag] : interest->watchers) flag->store(true);
            for (const auto& waiter : interest->waiters) {
                if (detail::Waiter::wake(waiter)) break;
            }
        }
        if (const auto found = stripe.tracked.find(key); found != stripe.tracked.end()) {
            trackers.swap(found->second);
            stripe.tracked.erase(found);
            listeners_.fetch_sub(1);
            for (const auto& [id, tracker] : trackers) tracker->remove(key);
        }
    }
    for (const auto& [id, tracker] : trackers) tracker->invalidate(key, by);
    if (has_prefixes_.load(std::memory_order_relaxed) != 0) tell_trackers(key, by);
    publish(database, key, event, kind);
}

/// Those with a prefix of this key. Of all prefixes it looks only at those that are the nearest before a prefix of the
/// key, for example for "abcd":
///
///     "" "aa" "ab" "abca"     "abca" is not: what it shares with the key, "abc", is next; then "ab"; then "aa", and ""
void Keys::tell_trackers(std::string_view key, std::uint64_t by) {
    const std::lock_guard lock{prefix_mutex_};
    for (auto at = prefixes_.upper_bound(key); at != prefixes_.begin();) {
        --at;
        const auto [end, stop] = std::mismatch(at->first.begin(), at->first.end(), key.begin(), key.end());
        if (end == at->first.end()) {
            for (const auto& [id, tracker] : at->second) tracker->invalidate(key, by);
        } else {
            at = prefixes_.upper_bound(key.substr(0, static_cast<std::size_t>(stop - key.begin())));
        }
    }
}

/// Each client that has something to forget hears of it once.
void Keys::tell_all(std::optional<unsigned> database) {
    Trackers told;
    for (Stripe& stripe : stripes_) {
        const std::lock_guard lock{stripe.mutex};
        for (const auto& [number, keys] : stripe.interests) {
            if (database && number != *database) continue;
            for (const auto& [key, interest] : keys) {
                for (const auto& [id, flag] : interest.watchers) flag->store(true);
                for (const auto& waiter : interest.waiters) static_cast<void>(detail::Waiter::wake(waiter));
            }
        }
        for (const auto& [key, trackers] : stripe.tracked) {
            for (const auto& [id, tracker] : trackers) tracker->remove(key);
            told.insert(trackers.begin(), trackers.end());
        }
        listeners_.fetch_sub(stripe.tracked.size());
        stripe.tracked.clear();
    }
    const std::lock_guard lock{prefix_mutex_};
    for (const auto& [prefix, trackers] : prefixes_) told.insert(trackers.begin(), trackers.end());
    for (const auto& [id, tracker] : told) tracker->invalidate_all();
}

void Keys::notify(unsigned events) noexcept {
    const bool did = notified_.exchange(events) != 0;
    const bool does = events != 0;
    if (does && !did) listeners_.fetch_add(1);
    if (!does && did) listeners_.fetch_sub(1);
}

void Keys::publish(unsigned database, std::string_view key, std::string_view event, KeyEvent kind) const {
    const unsigned events = notified_.load(std::memory_order_relaxed);
    if ((events & static_cast<unsigned>(kind)) == 0) return;
    const std::string number = std::to_string(database);
    if ((events & by_key) != 0) {
        pubsub_.publish("__keyspace@" + number + "__:" + std::string{key}, event);
    }
    if ((events & by_event) != 0) {
        pubsub_.publish("__keyevent@" + number + "__:" + std::string{event}, key);
    }
}

// ---- Tracker

namespace detail {

void Tracker::set_redirect(const std::shared_ptr<Client>& target) {
    const std::lock_guard lock{mutex_};
    target_ = target;
    redirect_.store(target != nullptr ? target->id() : 0);
    broken_.store(false);
}

/// A client that misses a push would keep an old value: it must connect again.
template <class Write>
void Tracker::send(const Write& write_keys) {
    if (redirect() != 0) return send_elsewhere(write_keys);
    if (client_.version() != Version::resp3) return;
    const auto write = [&](Encoder& out) {
        out.push(2).bulk_string("invalidate");
        write_keys(out);
    };
    if (client_.send(write) == Sent::too_large) client_.abort();
}

/// In RESP2 it is a message, and only a subscriber gets it.
template <class Write>
void Tracker::send_elsewhere(const Write& write_keys) {
    std::shared_ptr<Client> target;
    {
        const std::lock_guard lock{mutex_};
        target = target_.lock();
    }
    if (target == nullptr || !target->connection().is_open()) {
        broken_.store(true);
        if (client_.version() != Version::resp3) return;
        const auto id = static_cast<std::int64_t>(redirect());
        client_.send([&](Encoder& out) { out.push(2).bulk_string("tracking-redir-broken").integer(id); });
        return;
    }
    const bool has_pushes = target->connection().version() == Version::resp3;
    if (!has_pushes && !target->is_subscriber()) return;
    const auto write = [&](Encoder& out) {
        has_pushes ? out.push(2).bulk_string("invalidate")
                   : out.array(3).bulk_string("message").bulk_string("__redis__:invalidate");
        write_keys(out);
    };
    if (target->connection().send(write) == Sent::too_large) client_.abort();
}

void Tracker::invalidate(std::string_view key, std::uint64_t by) {
    if (has_no_loop() && by == id()) return;
    send([&](Encoder& out) { out.array(1).bulk_string(key); });
}

void Tracker::invalidate_all() {
    send([](Encoder& out) { out.version() == Version::resp3 ? out.null() : out.null_array(); });
}

}  // namespace detail
}  // namespace resp
