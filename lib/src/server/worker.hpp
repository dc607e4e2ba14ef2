// The connections of one thread, and what they share: a buffer to read into, spare decoders and outputs, and
// the clock for their deadlines.
#pragma once

#include "asio.hpp"
#include "lending.hpp"
#include "mailbox.hpp"
#include "places.hpp"
#include "session.hpp"
#include "shared.hpp"
#include "socket.hpp"

#include <cassert>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace resp::detail {

/// Runs on one executor: an io_context of one thread, or a strand. So it needs no lock. It gets clients and
/// the time from outside: from sockets and a timer, or from a test.
///
///     first_ ─► session ◄─► session ◄─► session     the list owns the sessions (Session::self_)
class Worker : public std::enable_shared_from_this<Worker>, public Lending {
public:
    /// `thread` is the index of the worker.
    Worker(std::shared_ptr<Shared> shared, const asio::any_io_executor& executor, std::size_t thread = 0);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    /// Prepares for sockets and for ticks: while there are connections or memory to free, tick() is called
    /// every 200 ms. A test that does not call open() calls tick() itself. Throws std::system_error.
    void open();
    /// Serves a client that was accepted.
    void accept(Descriptor client, const Peer& peer, Place place) noexcept;
    /// Sends a client the error `last_words`, which is not empty, and closes.
    void refuse(Descriptor client, const Peer& peer, const std::string& last_words) noexcept;

    // The same for a transport of any kind.
    void adopt(std::unique_ptr<Transport> client, const Peer& peer, Place place) noexcept;
    void refuse(std::unique_ptr<Transport> client, const Peer& peer, const std::string& last_words);
    /// Sets the time, checks all deadlines and the memory limit, and frees spares.
    void tick(Clock::time_point now) noexcept;

    /// Drains every connection, aborts the remaining ones at the drain deadline, and calls `done` when the
    /// last one has closed. If `done` throws std::bad_alloc, it is called again at the next tick.
    void drain(std::function<void()> done);
    [[nodiscard]] bool is_draining() const noexcept { return draining_; }
    /// Closes every connection at once.
    void abort() noexcept;
    /// Drops everything that belongs to the context, which may be destroyed next. No thread runs the context
    /// now.
    void dispose() noexcept;

    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return mailbox_->executor(); }
    [[nodiscard]] Shared& shared() noexcept { return *shared_; }
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    /// Called after each connection has closed. The listener waits for it when descriptors have run out. It must
    /// not throw.
    std::function<void()> on_closed;

    /// The time between two ticks.
    static constexpr std::chrono::milliseconds tick_time{200};

    // For sessions.
    /// Resumes the session after the other connections had their batches, and after the actions that were posted
    /// to the executor before this call.
    void resume_later(std::shared_ptr<Session> session);
    /// Calls the session's end_turn() after the other connections that are ready had their batches.
    void flush_later(Session& session);
    /// Whether the handler has a Turn.
    [[nodiscard]] bool has_turn() const noexcept { return turn_ != nullptr; }
    [[nodiscard]] void* turn_object() const noexcept { return turn_object_; }
    /// The time when a deadline of `time` from now on passes; never if that is zero.
    [[nodiscard]] Clock::time_point deadline_in(std::chrono::milliseconds time) const noexcept;
    void remove(Session& session) noexcept;
    /// Whether so much memory is in use that large connections are held back.
    [[nodiscard]] bool is_memory_short() const noexcept {
        return shared_->memory.load(std::memory_order_relaxed) > shared_->memory_mark;
    }
    /// What each connection may take even if memory is short.
    [[nodiscard]] std::size_t share() const noexcept;
    /// While memory is short: whether a connection that has this many bytes may take more.
    [[nodiscard]] bool may_take_more(std::size_t bytes) const noexcept;
    /// While memory is short: how many bytes a connection may read at once.
    [[nodiscard]] std::size_t most_read() const noexcept;
    /// Counts a large request whose handler begins to wait. Returns false, and counts nothing, if too many bytes
    /// wait already.
    [[nodiscard]] bool may_wait_with(std::size_t bytes) noexcept;
    void wait_ended(std::size_t bytes) noexcept {
        shared_->waiting.fetch_sub(bytes, std::memory_order_relaxed);
        used_up_since_ = {};
    }
    /// The limit for an output: what a batch leaves unsent, the replies of a batch, and one more.
    [[nodiscard]] std::size_t most_output() const noexcept { return most_output_; }
    /// A connection has taken memory. The first time that more than max_memory is in use, this does nothing:
    /// it may be one reply that its client reads at once. The second time, or at the next tick, it closes
    /// connections.
    void bound_memory() {
        if (shared_->memory.load(std::memory_order_relaxed) <= shared_->options.max_memory) {
            is_over_ = false;
        } else if (std::exchange(is_over_, true)) {
            free_memory();
        }
    }
    [[nodiscard]] Counters& counters() noexcept { return counters_; }
    [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }

private:
    // worker.cpp: connections, time
    void could_not_serve() noexcept;
    void add(const std::shared_ptr<Session>& session) noexcept;
    void end_drain() noexcept;
    [[nodiscard]] std::unique_ptr<Transport> make_transport(Descriptor client, const Peer& peer);
    template <class Action>
    void for_each(const Action& action);
    void post_turn();
    void turn() noexcept;
    void end_turn() noexcept;  // sending.cpp
    [[nodiscard]] bool call_end() noexcept;
    void wait_for_tick() noexcept;
    [[nodiscard]] bool has_something_due() const noexcept;

    // memory.cpp: the memory limit
    void free_memory();
    enum class Which : unsigned char { all, stalled, stuck };
    [[nodiscard]] bool free_memory(std::uint64_t target, Which which);
    void make_room_for_push();
    void end_stuck_request();
    void end_standstill();
    [[nodiscard]] std::uint64_t memory_target() const noexcept;
    [[nodiscard]] bool is_used_up() const noexcept;
    void close_for_memory(Session& session);
    void trim_heap() noexcept;

    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<Mailbox> mailbox_;
    const std::size_t most_output_;
    Counters counters_;
    std::unique_ptr<AnyTurn> turn_;  // null if the handler has none
    void* turn_object_ = nullptr;    // the user's object in it
    Session* first_ = nullptr;
    Session* following_ = nullptr;             // the next session of for_each(); null outside of it
    std::optional<Poller> poller_;             // from open() to dispose()
    std::optional<asio::steady_timer> timer_;  // from open() to dispose()
    std::function<void()> drained_;
    std::vector<std::shared_ptr<Session>> due_;     // the posted turn() resumes them, from due_[resumed_] on
    std::vector<std::shared_ptr<Session>> later_;   // a later turn() resumes them
    std::vector<std::shared_ptr<Session>> served_;  // for end_turn()
    std::vector<std::shared_ptr<Session>> ending_;  // used by end_turn()
    std::size_t resumed_ = 0;
    bool turn_end_posted_ = false;
    bool turn_posted_ = false;
    bool ticking_ = false;   // a tick is scheduled
    bool draining_ = false;  // set by drain(), never cleared
    bool disposed_ = false;  // set by dispose(), never cleared
    Clock::time_point drain_by_{};
    Clock::time_point short_since_{};    // memory is short since this tick; 0: it is not
    Clock::time_point used_up_since_{};  // no large wait has ended since this tick, when memory was used up
    bool is_over_ = false;               // the next memory taken above max_memory closes connections
    bool cannot_free_ = false;           // since the last tick, free_memory() has found nothing to close
    std::size_t lingering_ = 0;          // refused clients that may be reading the error
    Clock::time_point now_ = Clock::now();  // the time of the last tick
};

}  // namespace resp::detail
