// The clients of a service, and how often each command was called.
#pragma once

#include "client_memory.hpp"
#include "subscriptions.hpp"

#include <libresp/service/client.hpp>
#include <libresp/service/keys.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace resp::detail {

class Table;
class Tracker;
struct Transaction;

/// A number that one thread changes and all may read.
class Tally {
public:
    void add() noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
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
};

/// The tallies of all commands on one thread.
struct ThreadTally {
    explicit ThreadTally(std::size_t commands) : of(commands) {}
    std::vector<CommandTally> of;  // by CommandEntry::index
    Tally errors;                  // error replies, also for unknown commands
};

class Statistics {
public:
    /// The tallies of a thread. They stay where they are.
    ThreadTally& of_thread(std::size_t thread, std::size_t commands);
    struct Sum {
        std::uint64_t calls = 0, rejected = 0, failed = 0;
    };
    [[nodiscard]] Sum of_command(std::size_t index) const;
    [[nodiscard]] std::uint64_t calls() const;
    [[nodiscard]] std::uint64_t errors() const;
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
    bool has_before = false;  // Commands::before()
    unsigned auth_failures = 0;

    // MULTI and WATCH
    std::unique_ptr<Transaction> transaction;  // null: none is open
    std::vector<std::pair<unsigned, std::string>> watched;
    Keys::WatchFlag watch_flag;

    // SUBSCRIBE
    Subscriptions subscriptions;
    bool is_subscribed = false;

    // CLIENT TRACKING
    std::shared_ptr<Tracker> tracking;  // null: off
    TrackingMode tracking_mode = TrackingMode::all;
    std::vector<std::string> prefixes;  // with BCAST
    bool caching = false;               // CLIENT CACHING, for the next command

    /// Nothing special applies to its commands.
    bool is_usual = true;
    /// Sets is_usual. After a change of what it depends on.
    void update() noexcept {
        is_usual = is_authenticated() && replies == ReplyMode::on && transaction == nullptr &&
                   !is_subscribed && tracking == nullptr && !has_before;
    }
    /// Whether CLIENT TRACKING remembers the keys of this read. Ends a CLIENT CACHING.
    [[nodiscard]] bool remembers_reads() noexcept {
        const bool changes = std::exchange(caching, false);
        if (tracking_mode == TrackingMode::opt_in) return changes;
        if (tracking_mode == TrackingMode::opt_out) return !changes;
        return tracking_mode == TrackingMode::all;
    }
};

class Clients {
public:
    void add(std::shared_ptr<ClientRecord> client);
    void remove(const ClientRecord& client) noexcept;
    /// All clients, by their numbers.
    [[nodiscard]] std::vector<std::shared_ptr<ClientRecord>> all() const;
    [[nodiscard]] std::size_t size() const;

private:
    mutable std::mutex mutex_;
    std::map<std::uint64_t, std::shared_ptr<ClientRecord>> clients_;
};

}  // namespace resp::detail
