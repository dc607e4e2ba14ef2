// One connection: it reads requests from the transport, calls the handler and sends the replies. All of it
// runs on its worker's executor, except for the functions under "From any thread".
//
// State: the life of the connection. Only `open` reads requests and calls the handler.
//
//     open ─────► closing ─────► lingering ─────► closed
//     reads and   sends the      discards what    the transport
//     handles     queued output  still arrives    is gone
//
// `open` ends at the client's end of stream, a protocol error, an exception of the handler, a close() or the
// server's stop. An error of the transport, a missed deadline or too much memory leads to `closed` at once,
// from each state.
//
// Activity: what it does now.
//
//     ready ──continue in a later batch──► posted ──the other connections had a batch──► ready
//     ready ──a coroutine handler──► awaiting ──the handler has ended──► ready
//
// Next: what the next batch begins with.
//
//     read     everything received was handled: read from the transport
//     handle   the last batch left requests in the decoder: handle them
//     send     too many replies are queued: nothing until they are down to output_low_water
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

/// Each public function acts, then advance() continues as far as possible without waiting, then settle() asks
/// the transport for what the connection waits for. So a connection that waits is never in the middle of a
/// function.
class Session : public std::enable_shared_from_this<Session> {
public:
    /// Without an adapter, only refuse() may follow.
    Session(Worker& worker, std::unique_ptr<Transport> transport, std::unique_ptr<Adapter> adapter,
            const Peer& peer);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Serves the client.
    void start() noexcept;
    /// Sends `last_words` and closes. Reads and handles nothing.
    void refuse(std::string_view last_words) noexcept;
    /// The transport can read or write, or has failed.
    void ready(Interest ready) noexcept;
    void resume() noexcept;  ///< see Worker::resume_later()
    /// The worker drains: handles what has been received, then closes.
    void drain() noexcept;
    /// Closes without sending the queued output.
    void abort(std::error_code reason) noexcept;
    /// Closes if a deadline has passed.
    void check_deadlines(Clock::time_point now) noexcept;
    /// While paused, nothing is read, and no request is handled until the queued replies are sent.
    void pause(bool paused) noexcept;
    [[nodiscard]] bool is_paused() const noexcept { return paused_; }
    [[nodiscard]] bool is_closed() const noexcept { return state_ == State::closed; }
    [[nodiscard]] bool was_refused() const noexcept { return refused_; }
    /// Drops everything that belongs to the worker or its context, because both may be destroyed next. A
    /// Connection on another thread may own the session longer.
    void dispose() noexcept;
    /// Bytes of memory for received input and queued output.
    [[nodiscard]] std::size_t held() const noexcept { return held_; }

    // From any thread.
    void send(std::string bytes);
    void close() noexcept;
    [[nodiscard]] Endpoint peer() const { return peer_.endpoint(); }
    [[nodiscard]] Version version() const noexcept { return version_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool is_open() const noexcept { return is_open_.load(std::memory_order_relaxed); }
    [[nodiscard]] asio::any_io_executor executor() const { return mailbox_->copy_executor(); }

private:
    friend class Batch;
    friend class Worker;  // its list
    enum class State : unsigned char { open, closing, lingering, closed };
    enum class Activity : unsigned char { ready, posted, awaiting };
    enum class Next : unsigned char { read, handle, send };
    enum class Receipt : unsigned char { bytes, nothing, end };

    // session.cpp: act, continue, wait
    template <class Action>
    void enter(const Action& action) noexcept;
    void advance();
    void account() noexcept;
    void settle() noexcept;
    void post(void (Session::*action)());
    [[nodiscard]] bool handler_ended() noexcept;

    // batch.cpp: from received bytes to replies
    void read_and_handle();
    [[nodiscard]] bool has_room_for_replies();
    Receipt receive();
    std::size_t read_some(std::span<char> room, std::error_code& ec);
    BatchEnd handle();
    bool may_go_on(Batch& batch);
    void end_batch(BatchEnd end);
    void post_resume();
    void end_reply() noexcept;
    void await_handler();
    void flush_soon();
    void flush_posted();
    asio::awaitable<void> await_requests(std::shared_ptr<Worker> worker, std::shared_ptr<Session> self);
    void hold();
    void set_deadline();

    // output.cpp: queued output
    Output& output();
    void flush();
    void queue_push(std::string_view bytes, std::size_t size);
    void deliver_pushes();
    [[nodiscard]] std::size_t queued() const noexcept {
        return out_ != nullptr ? out_->bytes.size() - out_->sent : 0;
    }

    // ending.cpp: how a connection opens and ends
    void open();
    void handler_threw() noexcept;
    void request_failed() noexcept;
    void protocol_error(const DecodeError& error);
    bool refuses_protocol(View request);
    void notice_close();
    void keep_deadlines(Clock::time_point now);
    [[nodiscard]] const char* missed_deadline(Clock::time_point now) const noexcept;
    void stop_reading(std::error_code reason) noexcept;
    void finish();
    void linger(Clock::time_point now) noexcept;
    void discard();
    void shut(std::error_code reason) noexcept;
    void end() noexcept;
    void close_adapter() noexcept;
    template <class... Arguments>
    void log(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
        if (logger().enabled(level)) {
            logger()(level, "[{}] {}", peer().to_string(),
                     fmt::format(format, std::forward<Arguments>(arguments)...));
        }
    }
    [[nodiscard]] Logger& logger() const noexcept { return mailbox_->shared().log; }

    Worker* worker_;  // null after the end
    const std::shared_ptr<Mailbox> mailbox_;
    Place place_;                           // set and freed by the worker; empty if the client was refused
    std::unique_ptr<Transport> transport_;  // null when closed
    std::unique_ptr<Adapter> adapter_;      // null after the end, and if the client was refused
    std::unique_ptr<Decoder> decoder_;      // borrowed from the worker while bytes of a frame are buffered
    std::unique_ptr<Output> out_;           // borrowed from the worker while bytes are queued
    Connection connection_;

    std::uint64_t offset_ = 0;      // of the next frame in the client's stream
    std::uint64_t budget_end_ = 0;  // the offset at which the batch ends, even if more was received
    std::size_t held_ = 0;
    Clock::time_point active_ = next_tick;  // when the last bytes arrived
    Clock::time_point begun_{};             // since when a frame is incomplete, or no ACK arrives; 0: neither
    Clock::time_point stalled_{};           // since when no queued byte was sent; 0: none is queued
    std::chrono::milliseconds allowed_{};   // the time limit that belongs to begun_
    std::uint64_t waited_frame_ = 0;        // the offset of the frame that it waits for
    std::error_code reason_;                // why it closed
    std::atomic<std::size_t> pushing_{0};   // bytes that send() has posted and that are not queued yet
    std::size_t unacknowledged_ = SIZE_MAX;  // at the last tick, while lingering
    std::uint32_t discards_ = 1024 * 1024;   // bytes that it will still read while lingering

    State state_ = State::open;
    Activity activity_ = Activity::ready;
    Next next_ = Next::read;
    const bool refused_;             // set by the constructor
    bool paused_ : 1 = false;        // set and cleared by pause(), cleared by drain()
    bool entered_ : 1 = false;       // set and cleared by enter(): a public function runs
    bool readable_ : 1 = false;      // set by ready(): a read may return something; cleared by settle()
    bool at_end_ : 1 = false;        // set by receive(): the client has ended its stream; never cleared
    bool flush_posted_ : 1 = false;  // set by flush_soon(), cleared by flush_posted()
    Interest waiting_;               // what it waits for; settle() passes it to transport_->wait()
    std::atomic<bool> is_open_{true};
    std::atomic<Version> version_{Version::resp2};
    const Peer peer_;

    // In the list of the worker, which owns it.
    Session* previous_in_list_ = nullptr;
    Session* next_in_list_ = nullptr;
    std::shared_ptr<Session> self_;
};

}  // namespace resp::detail
