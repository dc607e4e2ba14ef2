// The clients of a service, and how often each command was called.
#pragma once

#include "client_memory.hpp"
#include "subscriptions.hpp"

#include <libresp/codec/buffer.hpp>
#include <libresp/service/client.hpp>
#include <libresp/service/keys.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resp::detail {

class Table;
class Tracker;
class Waiter;
enum class Unblocked : unsigned char;
struct Transaction;

/// A number that one thread changes and all may read.
class Tally {
public:
    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void reset() noexcept { value_.store(0, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Of one command on one thread.
struct CommandTally {
    Tally calls;
    Tally rejected;  // refused before the call
    Tally failed;    // replied with an error by its function
    Tally timed;     // calls of which the time is known
    Tally nanoseconds;
    std::array<Tally, 24> histogram;  // of the times: [i] are up to 2^i microseconds, the last one all others

    void add_time(std::chrono::nanoseconds time) noexcept;
    void reset() noexcept;
};

/// The tallies of all commands on one thread.
struct ThreadTally {
    explicit ThreadTally(std::size_t commands) : of(commands) {}
    std::vector<CommandTally> of;  // by CommandEntry::index
    Tally errors;                  // error replies, also for unknown commands

    /// Counts the first word of an error text.
    void count_code(std::string_view error);

    std::mutex codes_mutex;
    std::map<std::string, std::uint64_t, std::less<>> codes;  // at most 128; later ones are not counted
};

class Statistics {
public:
    /// The tallies of a thread. They stay where they are.
    ThreadTally& of_thread(std::size_t thread, std::size_t commands);
    struct Sum {
        std::uint64_t calls = 0, rejected = 0, failed = 0, timed = 0, nanoseconds = 0;
        std::array<std::uint64_t, 24> histogram{};
    };
    [[nodiscard]] Sum of_command(std::size_t index) const;
    [[nodiscard]] std::uint64_t calls() const;
    [[nodiscard]] std::uint64_t errors() const;
    /// How often each first word of an error text was counted.
    [[nodiscard]] std::map<std::string, std::uint64_t, std::less<>> errors_by_code() const;
    void reset();

private:
    mutable std::mutex mutex_;
    std::deque<std::unique_ptr<ThreadTally>> threads_;  // null: a thread without a client so far
};

/// What CLIENT REPLY has set.
enum class ReplyMode : unsigned char {
    on,
    off,
    skip_next,  // the reply to the next command is dropped
    skip,       // the reply to this command is dropped
};

/// Which reads CLIENT TRACKING remembers.
enum class TrackingMode : unsigned char {
    all,
    opt_in,     // those after CLIENT CACHING YES
    opt_out,    // not those after CLIENT CACHING NO
    broadcast,  // none: the client hears of all changes
};

/// One client. Its own thread uses the members that are not atomic.
struct ClientRecord : Client {
    // Out of line, for the types that are not complete here.
    explicit ClientRecord(Connection connection);
    ~ClientRecord();

    Table* table = nullptr;
    ThreadTally* tally = nullptr;
    ClientMemory memory;  // of the transaction, the watched keys and the subscriptions
    ReplyMode replies = ReplyMode::on;
    bool is_admin = true;
    bool is_listed = false;
    bool is_monitor = false;
    bool has_before = false;  // Commands::before()
    unsigned auth_failures = 0;

    // MULTI and WATCH
    std::unique_ptr<Transaction> transaction;  // null: none is open
    bool is_executing = false;                 // EXEC calls the functions
    Buffer* own_messages = nullptr;            // while it does: what the client publishes for itself
    std::set<std::pair<unsigned, std::string>> watched;
    Keys::WatchFlag watch_flag;

    // SUBSCRIBE
    Subscriptions subscriptions;
    bool is_subscribed = false;
    bool wrote_push = false;  // CLIENT REPLY OFF does not drop what the command has written

    // CLIENT TRACKING
    std::shared_ptr<Tracker> tracking;  // null: off
    TrackingMode tracking_mode = TrackingMode::all;
    std::set<std::string, std::less<>> prefixes;  // with BCAST
    bool caching = false;                         // CLIENT CACHING: for the next command that is no CLIENT
    bool is_caching_new = false;                  // that command is yet to come

    // A blocking command
    /// Null: none waits. From any thread.
    void set_waiter(std::shared_ptr<Waiter> waiter);
    /// CLIENT UNBLOCK. Returns false if no command waits. From any thread.
    bool unblock(Unblocked how);

    /// Nothing special applies to its commands.
    bool is_usual = true;
    /// Sets is_usual and what line() shows. After a change of what they depend on.
    void update() noexcept {
        update_line();
        is_usual = is_authenticated() && replies == ReplyMode::on && transaction == nullptr &&
                   !is_subscribed && tracking == nullptr && !has_before;
    }
    /// Ends a CLIENT CACHING after the command for which it was sent, or after the transaction.
    void begin_command(bool is_client_command) noexcept {
        if (!caching || transaction != nullptr || (is_caching_new && is_client_command)) return;
        caching = std::exchange(is_caching_new, false);
    }
    /// Whether CLIENT TRACKING remembers the keys of this read.
    [[nodiscard]] bool remembers_reads() const noexcept {
        if (tracking_mode == TrackingMode::opt_in) return caching;
        if (tracking_mode == TrackingMode::opt_out) return !caching;
        return tracking_mode == TrackingMode::all;
    }

private:
    void update_line() noexcept;

    std::mutex waiter_mutex_;
    std::shared_ptr<Waiter> waiter_;
};

class Clients {
public:
    void add(std::shared_ptr<ClientRecord> client);
    void remove(const ClientRecord& client) noexcept;
    /// All clients, by their numbers.
    [[nodiscard]] std::vector<std::shared_ptr<ClientRecord>> all() const;
    /// Null if there is none of this number.
    [[nodiscard]] std::shared_ptr<ClientRecord> find(std::uint64_t id) const;
    [[nodiscard]] std::size_t size() const;

private:
    mutable std::mutex mutex_;
    std::map<std::uint64_t, std::shared_ptr<ClientRecord>> clients_;
};

}  // namespace resp::detail
