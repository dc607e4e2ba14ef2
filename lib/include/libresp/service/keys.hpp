// Which keys have changed: the one place from which WATCH, client-side caching, keyspace notifications and blocking
// commands hear of it.
#pragma once

#include <libresp/service/pubsub.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resp {

namespace detail {
class Tracker;
class Waiter;
}  // namespace detail

/// The kind of a change, as the letters of notify-keyspace-events group them.
enum class KeyEvent : unsigned {
    generic = 1U << 0,   ///< g: del, expire, rename, …
    string = 1U << 1,    ///< $
    list = 1U << 2,      ///< l
    set = 1U << 3,       ///< s
    hash = 1U << 4,      ///< h
    sorted = 1U << 5,    ///< z
    stream = 1U << 6,    ///< t
    module = 1U << 7,    ///< d: your own types
    expired = 1U << 8,   ///< x
    evicted = 1U << 9,   ///< e
    created = 1U << 10,  ///< n
};

/// The keys of a service. A program that calls changed() for each change of a key gets WATCH, CLIENT TRACKING, keyspace
/// notifications and blocking commands.
///
///     commands.add("SET key value", [&](std::string_view key, std::string_view value, resp::Call& call) {
///         store.set(key, value);
///         call.changed(key, "set", resp::KeyEvent::string);
///         return resp::ok;
///     });
///
/// All members may be called from any thread. If no client listens, changed() takes a few instructions.
class Keys {
public:
    explicit Keys(const PubSub& pubsub) : pubsub_(pubsub) {}
    Keys(const Keys&) = delete;
    Keys& operator=(const Keys&) = delete;

    /// A key has changed, or is gone. Call it under the lock that protects the key, after the change. `by`: the client
    /// that has changed it; see CLIENT TRACKING NOLOOP.
    void changed(unsigned database, std::string_view key, std::string_view event, KeyEvent kind,
                 std::uint64_t by = 0) {
        if (listeners_.load(std::memory_order_relaxed) != 0) tell(database, key, event, kind, by);
    }
    /// All keys of a database may have changed (FLUSHDB, SWAPDB), or of all databases (FLUSHALL).
    void all_changed(unsigned database) { tell_all(database); }
    void all_changed() { tell_all(std::nullopt); }

    /// What notify-keyspace-events is set to: bits of KeyEvent, and these two.
    static constexpr unsigned by_key = 1U << 16;    ///< K: publish to __keyspace@<db>__:<key>
    static constexpr unsigned by_event = 1U << 17;  ///< E: publish to __keyevent@<db>__:<event>
    static constexpr unsigned missed = 1U << 18;    ///< m: accepted, but the service publishes nothing for it
    void notify(unsigned events) noexcept;
    [[nodiscard]] unsigned notified() const noexcept { return notified_.load(std::memory_order_relaxed); }

    // For the commands of the service.
    /// Set when a watched key changes.
    using WatchFlag = std::shared_ptr<std::atomic<bool>>;
    void watch(unsigned database, std::string_view key, std::uint64_t client, const WatchFlag& flag);
    void unwatch(unsigned database, std::string_view key, std::uint64_t client) noexcept;
    /// A client remembers the value of a key, in any database. It hears of the next change once. Returns false if there is
    /// no memory for that.
    [[nodiscard]] bool track(std::string_view key, const std::shared_ptr<detail::Tracker>& tracker);
    void untrack(std::string_view key, std::uint64_t client) noexcept;
    /// A client wants to hear of all changes of keys with this prefix.
    void track_prefix(std::string_view prefix, const std::shared_ptr<detail::Tracker>& tracker);
    void untrack_prefix(std::string_view prefix, std::uint64_t client) noexcept;
    /// A command waits for a change of a key. The first waiter is woken first. Returns whether one before it is awake
    /// already, and has not tried yet.
    bool wait(unsigned database, std::string_view key, const std::shared_ptr<detail::Waiter>& waiter);
    void stop_waiting(unsigned database, std::string_view key, const detail::Waiter& waiter) noexcept;
    /// Wakes the next waiter of a key: the first one, or the first one after `after`.
    void wake(unsigned database, std::string_view key, const detail::Waiter* after = nullptr);

private:
    struct Interest {
        std::map<std::uint64_t, WatchFlag> watchers;
        std::vector<std::shared_ptr<detail::Waiter>> waiters;  // the first one is woken first
        [[nodiscard]] bool empty() const noexcept { return watchers.empty() && waiters.empty(); }
    };
    using Trackers = std::map<std::uint64_t, std::shared_ptr<detail::Tracker>>;
    /// A part of the keys, with its own mutex.
    struct Stripe {
        std::mutex mutex;
        std::map<unsigned, std::map<std::string, Interest, std::less<>>> interests;  // by the database
        std::map<std::string, Trackers, std::less<>> tracked;
    };

    [[nodiscard]] Stripe& stripe_of(std::string_view key) noexcept;
    void tell(unsigned database, std::string_view key, std::string_view event, KeyEvent kind,
              std::uint64_t by);
    void tell_all(std::optional<unsigned> database);
    void tell_trackers(std::string_view key, std::uint64_t by);
    void publish(unsigned database, std::string_view key, std::string_view event, KeyEvent kind) const;
    template <class Change>
    void with_interest(unsigned database, std::string_view key, const Change& change);
    template <class Change>
    void without_interest(unsigned database, std::string_view key, const Change& change) noexcept;

    const PubSub& pubsub_;
    std::array<Stripe, 16> stripes_;
    std::mutex prefix_mutex_;
    std::map<std::string, Trackers, std::less<>> prefixes_;
    std::atomic<std::size_t> has_prefixes_{0};
    std::atomic<std::uint64_t> listeners_{0};  // interests, tracked keys, prefixes, and 1 for notifications
    std::atomic<unsigned> notified_{0};
};

}  // namespace resp
