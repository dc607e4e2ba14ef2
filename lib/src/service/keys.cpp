// Who hears of a change. Each stripe has its mutex, which is only held for changes of its maps and to queue pushes.
#include <libresp/service/keys.hpp>

#include "tracker.hpp"
#include "waiter.hpp"

#include <algorithm>
#include <functional>

namespace resp {

Keys::Stripe& Keys::stripe_of(std::string_view key) noexcept {
    return stripes_[std::hash<std::string_view>{}(key) % stripes_.size()];
}

/// Changes who is interested in a key, and keeps listeners_ right.
template <class Change>
void Keys::with_interest(unsigned database, std::string_view key, const Change& change) {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock{stripe.mutex};
    auto& keys = stripe.interests[database];
    auto found = keys.find(key);
    const bool existed = found != keys.end();
    if (!existed) found = keys.try_emplace(std::string{key}).first;
    change(found->second);
    const bool exists = !found->second.empty();
    if (exists && !existed) listeners_.fetch_add(1);
    if (!exists && existed) listeners_.fetch_sub(1);
    if (!exists) keys.erase(found);
}

void Keys::watch(unsigned database, std::string_view key, std::uint64_t client, const WatchFlag& flag) {
    with_interest(database, key, [&](Interest& interest) { interest.watchers.try_emplace(client, flag); });
}

void Keys::unwatch(unsigned database, std::string_view key, std::uint64_t client) noexcept {
    with_interest(database, key, [&](Interest& interest) { interest.watchers.erase(client); });
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
    with_interest(database, key, [&](Interest& interest) {
        std::erase_if(interest.waiters, [&](const auto& each) { return each.get() == &waiter; });
    });
}

void Keys::wake(unsigned database, std::string_view key, const detail::Waiter* after) {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock{stripe.mutex};
    const auto keys = stripe.interests.find(database);
    if (keys == stripe.interests.end()) return;
    const auto found = keys->second.find(key);
    if (found == keys->second.end()) return;
    bool is_after = after == nullptr;
    for (const auto& waiter : found->second.waiters) {
        if (is_after && detail::Waiter::wake(waiter)) return;
        is_after = is_after || waiter.get() == after;
    }
}

// ---- client-side caching

void Keys::track(std::string_view key, const std::shared_ptr<detail::Tracker>& tracker) {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock{stripe.mutex};
    auto found = stripe.tracked.find(key);
    if (found == stripe.tracked.end()) {
        found = stripe.tracked.try_emplace(std::string{key}).first;
        listeners_.fetch_add(1);
    }
    found->second.try_emplace(tracker->id(), tracker);
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
    if (found == prefixes_.end() || found->second.erase(client) == 0) return;
    if (found->second.empty()) prefixes_.erase(found);
    has_prefixes_.fetch_sub(1);
    listeners_.fetch_sub(1);
}

// ---- changes

void Keys::tell(unsigned database, std::string_view key, std::string_view event, KeyEvent kind,
                std::uint64_t by) {
    Trackers trackers;
    {
        Stripe& stripe = stripe_of(key);
        const std::lock_guard lock{stripe.mutex};
        if (const auto keys = stripe.interests.find(database); keys != stripe.interests.end()) {
            if (const auto found = keys->second.find(key); found != keys->second.end()) {
                for (const auto& [id, flag] : found->second.watchers) flag->store(true);
                for (const auto& waiter : found->second.waiters) {
                    if (detail::Waiter::wake(waiter)) break;
                }
            }
        }
        if (const auto found = stripe.tracked.find(key); found != stripe.tracked.end()) {
            trackers.swap(found->second);
            stripe.tracked.erase(found);
            listeners_.fetch_sub(1);
        }
    }
    for (const auto& [id, tracker] : trackers) {
        tracker->remove(key);
        tracker->invalidate(key, by);
    }
    if (has_prefixes_.load(std::memory_order_relaxed) != 0) tell_trackers(key, by);
    publish(database, key, event, kind);
}

/// Those with a prefix of this key.
void Keys::tell_trackers(std::string_view key, std::uint64_t by) {
    const std::lock_guard lock{prefix_mutex_};
    for (const auto& [prefix, trackers] : prefixes_) {
        if (!key.starts_with(prefix)) continue;
        for (const auto& [id, tracker] : trackers) tracker->invalidate(key, by);
    }
}

void Keys::all_changed(unsigned database) {
    for (Stripe& stripe : stripes_) {
        std::map<std::string, Trackers, std::less<>> tracked;
        {
            const std::lock_guard lock{stripe.mutex};
            if (const auto keys = stripe.interests.find(database); keys != stripe.interests.end()) {
                for (const auto& [key, interest] : keys->second) {
                    for (const auto& [id, flag] : interest.watchers) flag->store(true);
                }
            }
            tracked.swap(stripe.tracked);
            listeners_.fetch_sub(tracked.size());
        }
        for (const auto& [key, trackers] : tracked) {
            for (const auto& [id, tracker] : trackers) {
                tracker->remove(key);
                tracker->invalidate(key, 0);
            }
        }
    }
    const std::lock_guard lock{prefix_mutex_};
    for (const auto& [prefix, trackers] : prefixes_) {
        for (const auto& [id, tracker] : trackers) tracker->invalidate_all();
    }
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

void Tracker::invalidate(std::string_view key, std::uint64_t by) const {
    if (no_loop_ && by == id()) return;
    client_.send([&](Encoder& out) { out.push(2).bulk_string("invalidate").array(1).bulk_string(key); });
}

void Tracker::invalidate_all() const {
    client_.send([](Encoder& out) { out.push(2).bulk_string("invalidate").null(); });
}

}  // namespace detail
}  // namespace resp
