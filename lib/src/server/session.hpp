// One connection: from the transport to the handler and back. Everything in it runs on its worker's
// executor, but for the few members that say otherwise.
#pragma once

#include "asio.hpp"
#include "mailbox.hpp"
#include "output.hpp"
#include "shared.hpp"
#include "transport.hpp"

#include <libresp/codec/decoder.hpp>
#include <libresp/server/detail/adapter.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>

namespace resp::detail {

class Worker;

/// A client's address, small: there are many of them.
struct Peer {
    asio::ip::tcp::endpoint tcp;
    bool is_unix = false;
    [[nodiscard]] Endpoint endpoint() const;
};

/// The state of a connection.
///
///     open ──► closing ──► lingering ──► closed
///       reads and     sends what   discards what   the transport
///       handles       is queued    still comes     is gone
///
/// `open` ends with the client's end of stream, a protocol error, close(), or the server's stop. Any
/// error of the transport, and any deadline, leads to `closed` at once.
///
/// A connection is never in the middle of something while it waits: each public function does what is
/// asked, then advance() goes on as far as that allows, then settle() says what is waited for.
class Session : public std::enable_shared_from_this<Session> {
public:
    /// Without an adapter it can only be refused.
    Session(Worker& worker, std::unique_ptr<Transport> transport, std::unique_ptr<Adapter> adapter,
            const Peer& peer);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Serves the client until it is gone.
    void start() noexcept;
    /// Sends `last_words` and closes; nothing is read or handled.
    void refuse(std::string_view last_words) noexcept;
    /// What was waited for is possible, or has failed.
    void ready(Interest ready) noexcept;
    /// Handles what has been received, then closes.
    void drain() noexcept;
    /// Closes without sending what is queued.
    void abort(std::error_code reason) noexcept;
    /// Closes it if a deadline has passed.
    void check_deadlines(Clock::time_point now) noexcept;
    /// Holds it back, when all connections together hold too much: it is not read, and while a reply
    /// waits no request is handled. Or lets it go on.
    void pause(bool paused) noexcept;
    [[nodiscard]] bool is_paused() const noexcept { return paused_; }
    [[nodiscard]] bool was_refused() const noexcept { return refused_; }
    /// The worker is going, and perhaps its context: lets go of what belongs to those. A Connection may
    /// be the last owner of the rest, on a thread of its own.
    void dispose() noexcept;
    /// Bytes of memory that it holds: received input, and replies and pushes that wait.
    [[nodiscard]] std::size_t held() const noexcept { return held_; }

    // From any thread.
    void send(std::string bytes);
    void close() noexcept;
    [[nodiscard]] Endpoint peer() const { return peer_.endpoint(); }
    [[nodiscard]] Version version() const noexcept { return version_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool is_open() const noexcept { return is_open_.load(std::memory_order_relaxed); }

private:
    friend class Batch;
    friend class Worker;  // its list
    enum class State : unsigned char { open, closing, lingering, closed };
    /// Why a turn of handling ended.
    enum class BatchEnd : unsigned char { done, awaiting, output_full, budget_spent };
    enum class Receipt : unsigned char { bytes, nothing, end };

    // session.cpp: asked, going on, waiting
    template <class Action>
    void enter(const Action& action) noexcept;
    void advance();
    void give_back_room();
    void settle() noexcept;
    void post(void (Session::*action)());
    void handler_ended() noexcept;

    // batch.cpp: the way of the bytes
    void read_and_handle();
    Receipt receive();
    std::size_t read_some(std::span<char> room, std::error_code& ec);
    BatchEnd handle();
    bool may_go_on();
    void end_batch(BatchEnd end);
    void resume();
    void end_reply() noexcept;
    void await_handler();
    void flush_posted();
    asio::awaitable<void> await_requests(std::shared_ptr<Worker> worker, std::shared_ptr<Session> self);
    void hold();
    void set_deadline();

    // output.cpp: what is queued, and how it leaves
    Output& output();
    void flush();
    void queue_push(std::string_view bytes, std::size_t size);
    void append_pushes();
    void deliver_pushes() {
        if (!out_->pushes.empty()) append_pushes();
    }
    [[nodiscard]] std::size_t queued() const noexcept {
        return out_ != nullptr ? out_->bytes.size() - out_->sent : 0;
    }

    // ending.cpp: the ways in which it ends
    void open();
    void handler_threw() noexcept;
    void request_failed() noexcept;
    void protocol_error(const DecodeError& error);
    bool refuses_protocol(View request);
    void notice_close();
    void keep_deadlines(Clock::time_point now);
    [[nodiscard]] bool has_stalled(Clock::time_point now) const noexcept;
    [[nodiscard]] const char* missed_deadline(Clock::time_point now) const noexcept;
    void stop_reading(std::error_code reason) noexcept;
    void finish();
    void linger(Clock::time_point now) noexcept;
    void discard();
    void shut(std::error_code reason) noexcept;
    void end() noexcept;
    void close_adapter() noexcept;
    void account() noexcept;
    template <class... Arguments>
    void log(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
        if (logger().enabled(level)) {
            logger()(level, "[{}] {}", peer().to_string(),
                     fmt::format(format, std::forward<Arguments>(arguments)...));
        }
    }
    [[nodiscard]] Logger& logger() const noexcept;

    Worker* worker_;  // until it has ended
    const std::shared_ptr<Mailbox> mailbox_;
    std::unique_ptr<Transport> transport_;  // until it is closed
    std::unique_ptr<Adapter> adapter_;      // until it has ended
    std::unique_ptr<Decoder> decoder_;      // of the worker's pool while there is something to decode
    std::unique_ptr<Output> out_;           // of the worker's pool while there is something to send
    Connection connection_;

    std::uint64_t offset_ = 0;     // in the client's stream, of the next frame
    std::uint64_t batch_end_ = 0;  // the same, where a turn ends that has more than its budget at hand
    std::size_t held_ = 0;
    Clock::time_point active_ = next_tick;   // last bytes from the client
    Clock::time_point begun_{};              // since it waits for a frame, or lingers in vain; 0: neither
    Clock::time_point stalled_{};            // since when no queued byte left; 0: none is queued
    std::chrono::milliseconds allowed_{};    // how long that may take which has begun_
    std::uint64_t waited_frame_ = 0;         // the offset of the frame that is waited for
    std::error_code reason_;                 // why it closed
    std::atomic<std::size_t> pushing_{0};    // bytes that send() has handed over and that are not queued
    std::size_t unacknowledged_ = SIZE_MAX;  // while lingering, by the last tick
    std::uint32_t discards_ = 1024 * 1024;   // bytes that it will still read meanwhile

    State state_ = State::open;
    BatchEnd batch_result_ = BatchEnd::done;  // why a batch had no more
    bool refused_ : 1 = false;
    bool draining_ : 1 = false;
    bool paused_ : 1 = false;
    bool entered_ : 1 = false;      // a public function is at work
    bool readable_ : 1 = false;     // to read may give something
    bool at_end_ : 1 = false;       // the client has sent its last byte
    bool unhandled_ : 1 = false;    // the last turn ended before what was received did
    bool output_full_ : 1 = false;  // no request is handled until enough has been sent
    bool handling_ : 1 = false;     // a coroutine handler has not ended
    bool awaiting_ : 1 = false;     // there is a coroutine that awaits it
    bool posted_ : 1 = false;       // it goes on when the others have had their turn
    bool flush_posted_ : 1 = false;
    Interest waiting_;  // what transport_ was last asked to tell
    std::atomic<bool> is_open_{true};
    std::atomic<Version> version_{Version::resp2};
    const Peer peer_;

    // In the worker's list, which owns it.
    Session* previous_ = nullptr;
    Session* next_ = nullptr;
    std::shared_ptr<Session> self_;
};

}  // namespace resp::detail
