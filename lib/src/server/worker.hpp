// The connections of one thread, and what they share: a buffer to read into, spare decoders and outputs, and
// the clock for their deadlines.
#pragma once

#include "asio.hpp"
#include "mailbox.hpp"
#include "places.hpp"
#include "session.hpp"
#include "shared.hpp"
#include "socket.hpp"
#include "spares.hpp"

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
class Worker : public std::enable_shared_from_this<Worker> {
public:
    Worker(std::shared_ptr<Shared> shared, asio::any_io_executor executor);
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
    void remove(Session& session) noexcept;
    /// Room to read into. Its bytes are valid until another connection runs.
    [[nodiscard]] std::span<char> read_room();
    /// Whether a byte is in the room.
    [[nodiscard]] bool is_in_read_room(const char* byte) const noexcept;
    [[nodiscard]] std::unique_ptr<Decoder> take_decoder(std::uint64_t offset) {
        std::unique_ptr<Decoder> decoder = decoder_ != nullptr ? std::move(decoder_) : take_spare_decoder();
        decoder->reset(offset, most_decoder_kept);
        return decoder;
    }
    void give_back(std::unique_ptr<Decoder> decoder) noexcept {
        assert(decoder != nullptr);
        if (decoder_ == nullptr && decoder->memory() <= most_next) [[likely]] {
            decoder_ = std::move(decoder);
        } else {
            keep_spare(std::move(decoder));
        }
    }
    [[nodiscard]] std::unique_ptr<Output> take_output() {
        return output_ != nullptr ? std::move(output_) : take_spare_output();
    }
    void give_back(std::unique_ptr<Output> output) noexcept {
        assert(output != nullptr);
        if (output_ == nullptr && output->bytes.capacity() <= most_next_output_) [[likely]] {
            output->reset(most_next);
            output_ = std::move(output);
        } else {
            keep_spare(std::move(output));
        }
    }
    /// A value whose memory the next copy of a request can use; or null.
    [[nodiscard]] std::unique_ptr<Value> take_value() noexcept { return std::move(value_); }
    void give_back(std::unique_ptr<Value> value) noexcept {
        if (value_ == nullptr && value->memory() <= most_value_kept) value_ = std::move(value);
    }
    /// Whether so much memory is in use that large connections are held back.
    [[nodiscard]] bool is_memory_short() const noexcept {
        return shared_->memory.load(std::memory_order_relaxed) > shared_->memory_mark;
    }
    /// While memory is short: whether a connection that has this many bytes may take more.
    [[nodiscard]] bool may_take_more(std::size_t bytes) const noexcept;
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
    void wait_for_tick() noexcept;
    [[nodiscard]] bool has_something_due() const noexcept;

    // memory.cpp: spares, the memory limit
    void free_memory();
    enum class Which : unsigned char { all, stalled, stuck };
    [[nodiscard]] bool free_memory(std::uint64_t target, Which which);
    void make_room_for_push();
    void end_stuck_request();
    void end_standstill();
    [[nodiscard]] std::size_t share() const noexcept;
    [[nodiscard]] std::uint64_t memory_target() const noexcept;
    void close_for_memory(Session& session);
    [[nodiscard]] std::unique_ptr<Decoder> take_spare_decoder();
    void keep_spare(std::unique_ptr<Decoder> decoder) noexcept;
    [[nodiscard]] std::unique_ptr<Output> take_spare_output();
    void keep_spare(std::unique_ptr<Output> output) noexcept;
    void give_up_spares() noexcept;
    void note_freed(std::size_t bytes) noexcept;
    void trim_heap() noexcept;

    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<Mailbox> mailbox_;
    // Bytes of memory of a decoder or output that is kept for the next connection, and of a spare one.
    static constexpr std::size_t most_next = 64 * 1024;
    static constexpr std::size_t most_decoder_kept = (1024 + 64) * 1024;  // room for a value of 1 MiB
    static constexpr std::size_t most_value_kept = 1024;
    const std::size_t most_output_;
    const std::size_t most_output_kept_;
    const std::size_t most_next_output_;
    Counters counters_;
    std::unique_ptr<char[]> read_buffer_;
    std::unique_ptr<Decoder> decoder_;  // for the next connection; or null
    std::unique_ptr<Output> output_;    // the same
    std::unique_ptr<Value> value_;      // the same
    Spares<Decoder> decoders_;
    Spares<Output> outputs_;
    Session* first_ = nullptr;
    Session* following_ = nullptr;             // the next session of for_each(); null outside of it
    std::optional<Poller> poller_;             // from open() to dispose()
    std::optional<asio::steady_timer> timer_;  // from open() to dispose()
    std::function<void()> drained_;
    std::vector<std::shared_ptr<Session>> due_;    // the posted turn() resumes them, from due_[resumed_] on
    std::vector<std::shared_ptr<Session>> later_;  // a later turn() resumes them
    std::size_t resumed_ = 0;
    bool turn_posted_ = false;
    bool ticking_ = false;   // a tick is scheduled
    bool draining_ = false;  // set by drain(), never cleared
    Clock::time_point drain_by_{};
    Clock::time_point short_since_{};    // memory is short since this tick; 0: it is not
    Clock::time_point used_up_since_{};  // no large wait has ended since this tick, when memory was used up
    bool is_over_ = false;               // the next memory taken above max_memory closes connections
    bool cannot_free_ = false;           // since the last tick, free_memory() has found nothing to close
    bool heap_has_holes_ = false;        // large buffers were freed after the last trim
    std::size_t lingering_ = 0;          // refused clients that may be reading the error
    Clock::time_point now_ = Clock::now();  // the time of the last tick
};

}  // namespace resp::detail
