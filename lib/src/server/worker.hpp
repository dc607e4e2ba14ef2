// The connections of one thread, and what they share: a buffer to read into, decoders and outputs for
// those that need one just now, the clock that their deadlines are checked by.
#pragma once

#include "asio.hpp"
#include "mailbox.hpp"
#include "session.hpp"
#include "shared.hpp"
#include "socket.hpp"
#include "spares.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace resp::detail {

/// Runs on one executor, of one thread or a strand; so nothing in it is locked. What it needs of the
/// world, clients and the time, it is given: by sockets and a timer, or by a test.
class Worker : public std::enable_shared_from_this<Worker> {
public:
    Worker(std::shared_ptr<Shared> shared, asio::any_io_executor executor);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    /// Makes it ready for sockets and for ticking by itself. Throws std::system_error.
    void open();
    /// Serves a client that was accepted.
    void accept(Descriptor client, const Peer& peer) noexcept;
    /// Tells a client that there are too many already.
    void refuse(Descriptor client, const Peer& peer) noexcept;

    /// The same behind the socket.
    void adopt(std::unique_ptr<Transport> client, const Peer& peer) noexcept;
    void refuse(std::unique_ptr<Transport> client, const Peer& peer);
    /// Says what time it is, and does what is due. Five times a second, by itself after open().
    void tick(Clock::time_point now) noexcept;

    /// Drains every connection, closes at the drain deadline what is left, and calls `done` when the last
    /// one is gone.
    void drain(std::function<void()> done);
    /// Closes every connection at once.
    void abort() noexcept;
    /// The context is going, and no thread runs it any more: lets go of what belongs to it.
    void dispose() noexcept;

    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return mailbox_->executor(); }
    [[nodiscard]] Shared& shared() noexcept { return *shared_; }
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    /// Called whenever a connection has closed; the listener waits for that when descriptors ran out.
    std::function<void()> on_closed;

    // For sessions.
    /// How often deadlines are looked at.
    static constexpr std::chrono::milliseconds tick_time{200};
    void remove(Session& session) noexcept;
    /// Room to read into; its bytes hold until another connection runs.
    [[nodiscard]] std::span<char> read_room();
    [[nodiscard]] std::unique_ptr<Decoder> take_decoder(std::uint64_t offset);
    void give_back(std::unique_ptr<Decoder> decoder) noexcept;
    [[nodiscard]] std::unique_ptr<Output> take_output();
    void give_back(std::unique_ptr<Output> output) noexcept;
    /// If all connections together hold more than they may, holds back the largest that goes on; if they
    /// hold twice as much, closes the largest.
    void bound_memory();
    [[nodiscard]] Counters& counters() noexcept { return counters_; }
    [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }

private:
    void could_not_serve() noexcept;
    void add(const std::shared_ptr<Session>& session) noexcept;
    void end_drain() noexcept;
    [[nodiscard]] std::unique_ptr<Transport> make_transport(Descriptor client, const Peer& peer);
    template <class Action>
    void for_each(const Action& action);
    void wait_for_tick() noexcept;
    [[nodiscard]] bool has_something_due() const noexcept;
    [[nodiscard]] bool is_memory_over(std::size_t factor) const noexcept;
    void end_shortage();
    void give_up_spares() noexcept;
    void note_freed(std::size_t bytes) noexcept;
    void trim_heap() noexcept;
    void close_largest();
    [[nodiscard]] Session* largest(bool also_paused) noexcept;

    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<Mailbox> mailbox_;
    const std::size_t most_kept_;  // bytes of memory of what goes to the next connection
    Counters counters_;
    std::unique_ptr<char[]> read_buffer_;
    Spares<Decoder> decoders_;
    Spares<Output> outputs_;
    Session* first_ = nullptr;
    Session* following_ = nullptr;             // in for_each(): the next
    std::optional<Poller> poller_;             // from open() to dispose()
    std::optional<asio::steady_timer> timer_;  // the same
    std::function<void()> drained_;
    bool ticking_ = false;
    bool stopping_ = false;
    Clock::time_point drain_by_{};
    Clock::time_point memory_exceeded_{};   // since when, 0: it is not
    bool heap_has_holes_ = false;           // much was freed, and the heap not trimmed since
    std::size_t lingering_ = 0;             // refused clients that read their last words
    Clock::time_point now_ = Clock::now();  // of the last tick
};

}  // namespace resp::detail
