// The clients of a service, and how often each command was called.
#pragma once

#include <libresp/service/client.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace resp::detail {

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

/// One client. Its own thread uses the members that are not atomic.
struct ClientRecord : Client {
    using Client::Client;

    ThreadTally* tally = nullptr;
    ReplyMode replies = ReplyMode::on;
    bool is_admin = true;
    unsigned auth_failures = 0;
    bool is_listed = false;

    /// Whether nothing special applies to its commands: is_authenticated(), and replies are on.
    [[nodiscard]] bool is_usual() const noexcept { return is_authenticated() && replies == ReplyMode::on; }
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
