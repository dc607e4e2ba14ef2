// One connection: it reads requests from the transport, calls the handler and sends the replies. All of it
// runs on its worker's executor, except for the functions under "From any thread".
#pragma once

#include "asio.hpp"
#include "batch_limits.hpp"
#include "handler_wait.hpp"
#include "listed.hpp"
#include "send_queue.hpp"
#include "session_state.hpp"
#include "shared.hpp"
#include "visible.hpp"
#include "write_progress.hpp"

#include <libresp/codec/decoder.hpp>
#include <libresp/codec/value.hpp>
#include <libresp/server/detail/adapter.hpp>
#include <libresp/server/transport.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace resp::detail {

class Worker;

/// Each public function acts, then advance() continues as far as possible without waiting, then settle() asks the
/// transport for what the connection waits for. So a connection never waits in the middle of a function.
class Session final : public std::enable_shared_from_this<Session>,
                      public Visible,
                      public Transport::Owner,
                      private Listed,
                      private HandlerWait {
public:
    /// Without an adapter, only refuse() may follow.
    Session(Worker& worker, std::unique_ptr<Transport> transport, std::unique_ptr<Adapter> adapter,
            const Peer& peer);

    /// Serves the client.
    void start() noexcept;
    /// Sends `last_words` and closes. Reads and handles nothing.
    void refuse(std::string_view last_words) noexcept;
    /// The transport can read or write, or has failed.
    void ready(Interest ready) noexcept override;
    void resume() noexcept;  ///< see Worker::resume_later()
    /// Goes on: the worker drains, or a turn has ended.
    void go_on() noexcept;
    /// Closes without sending the queued output.
    void abort(std::error_code reason) noexcept;
    /// Closes if a deadline has passed. `elapsed` is the time since the last call.
    void check_deadlines(Clock::time_point now, Clock::duration elapsed) noexcept;
    [[nodiscard]] bool is_closed() const noexcept { return state_ == State::closed; }
    [[nodiscard]] bool was_refused() const noexcept { return refused_; }
    /// Drops everything that belongs to the worker or its context, because both may be destroyed next. A
    /// Connection on another thread may own the session longer.
    void dispose() noexcept;
    /// Bytes of memory that closing it frees: input, output, its part of shared pushes, charges.
    [[nodiscard]] std::size_t weight() const noexcept;
    /// Whether memory is so short that its request cannot be completed, or its handler not be called.
    [[nodiscard]] bool is_stuck() const noexcept;
    /// Since when its client has taken nothing of the queued output; the future if none is queued.
    [[nodiscard]] Clock::time_point stalled_since() const noexcept { return progress_.since(); }

    // deferred.cpp: for a handler, for a Deferred (from any thread), for the worker
    [[nodiscard]] Deferred defer(std::optional<std::chrono::milliseconds> deadline);
    void share(std::shared_ptr<const std::string> bytes);
    void rollback(std::size_t size);
    [[nodiscard]] std::size_t shared_since(std::size_t size) const noexcept;
    static bool answer(const std::shared_ptr<Session>& session, std::uint64_t hole, std::string_view reply,
                       bool is_dropped);
    bool fill(std::uint64_t hole, std::string_view reply, bool is_dropped);
    bool fill(std::uint64_t hole, SharedPayload answer);
    void end_turn(bool allowed) noexcept;

    // From any thread.
    [[nodiscard]] static std::shared_ptr<Session> of(const Connection& connection) noexcept {
        return connection.session_.lock();
    }
    Sent send(SharedPayload push);  // null: max_memory has no room for it
    /// The first half of send(): counts the push, or says why not. queue_push() on the executor must follow.
    Sent count_push(std::size_t size) noexcept;
    void queue_push(const SharedPayload& push) noexcept;
    /// Queues a push, and a wait for room; see start_send(). Null: max_memory has no room for it.
    bool send_paced(SharedPayload push, const SendResult& result, SendWaiter& waiter);
    void cancel_send(const SendResult& result) noexcept { queue_.cancel_wait(result); }  // on the executor
    void close() noexcept;
    /// On the executor: counts the client for this address, and closes if that is refused.
    void move_place(const Peer& peer) noexcept;
    /// For unless_gone(), on the executor: whether a wait of the handler may begin or go on.
    [[nodiscard]] bool may_wait() const noexcept { return is_open() && peer_state() == PeerState::open; }
    /// While set, the engine cancels the handler's wait when may_wait() becomes false. Returns what it was.
    bool set_cancellable(bool cancellable) noexcept { return std::exchange(cancellable_, cancellable); }

private:
    friend class Batch;
    friend class Streaming;
    friend class Worker;  // its list
    friend class resp::Incoming;

    template <class Action>  // session.cpp
    void enter(const Action& action) noexcept;
    void advance();
    void account() noexcept;
    void settle() noexcept;
    void post(void (Session::*action)());
    void post_ready(Interest possible);

    // batch.cpp: from received bytes to replies
    void read_and_handle();
    [[nodiscard]] bool is_held_back() const noexcept;
    Receipt receive();
    std::size_t read_some(std::span<char> room, std::error_code& ec);
    BatchEnd handle();
    bool may_go_on(Batch& batch);
    void end_batch(BatchEnd end);
    void post_resume();
    void end_reply();
    void end_special_reply();
    void take_decoder();
    void limit_requests(bool by_first_limits) noexcept;
    [[nodiscard]] bool has_most_deferred() const noexcept;
    Receipt received(std::size_t n, std::error_code ec);
    Receipt received_nothing(std::error_code ec);
    void hold();
    void put_away_decoder();

    // awaiting.cpp, streaming.cpp: coroutine handlers
    bool declines_stream();
    View keep(View request);
    void begin_wait();
    void await_handler();
    void end_wait() noexcept;
    void flush_soon();
    void flush_posted();
    asio::awaitable<void> await_requests(std::shared_ptr<Worker> worker, std::shared_ptr<Session> self);
    [[nodiscard]] bool handler_ended() noexcept;
    void notice_leaving(Interest ready) noexcept;

    // sending.cpp: queued output
    Output& output();
    void flush();
    void send_committed();
    void deliver_pushes();
    void cut_off() noexcept;
    void queue_paced(SharedPayload push, std::unique_ptr<SendWait> wait) noexcept;  // async_send.cpp

    // ending.cpp: how a connection opens and ends
    void open();
    void handler_threw() noexcept;
    void request_failed() noexcept;
    void protocol_error(const DecodeError& error);
    bool refuses_protocol(const Command& words, bool is_inline, std::string_view wire);
    void notice_close();
    void keep_deadlines(Clock::time_point now, Clock::duration elapsed);
    void answer_late(Clock::time_point now);  // deferred.cpp
    void watch_progress(Clock::time_point now, Clock::duration elapsed);
    [[nodiscard]] const char* missed_deadline(Clock::time_point now) const noexcept;
    void stop_reading(std::error_code reason) noexcept;
    void finish();
    void linger(Clock::time_point now) noexcept;
    void discard();
    void shut(std::error_code reason) noexcept;
    void end() noexcept;
    void close_adapter() noexcept;
    template <class... Values>
    void log(LogLevel level, fmt::format_string<Values...> format, Values&&... values) const noexcept;
    [[nodiscard]] Logger& logger() const noexcept { return mailbox_->shared().log; }
    Worker* worker_;                        // null after the end
    std::unique_ptr<Transport> transport_;  // null when closed
    std::unique_ptr<Adapter> adapter_;      // null after the end, and if the client was refused
    std::unique_ptr<Decoder> decoder_;      // borrowed from the worker while bytes of a frame are buffered
    SendQueue queue_;
    Connection connection_;

    std::uint64_t offset_ = 0;  // of the next frame in the client's stream
    BatchLimits limits_;
    std::uint64_t sent_ = 0;  // bytes
    std::size_t safe_ = 0;    // bytes of the queue from before this turn; 0 without a Turn
    WriteProgress progress_;
    std::error_code reason_;  // why it closed
    Linger linger_;

    State state_ = State::open;
    Activity activity_ = Activity::ready;
    Next next_ = Next::read;
    const bool refused_;             // set by the constructor
    bool entered_ : 1 = false;       // set and cleared by enter(): a public function runs
    bool readable_ : 1 = false;      // set by ready(): a read may return something; cleared by settle()
    bool held_back_ : 1 = false;     // memory is short: it reads and handles nothing; see is_held_back()
    bool in_turn_ : 1 = false;       // see Worker::flush_later()
    bool flush_posted_ : 1 = false;  // set by flush_soon(), cleared by flush_posted()
    bool limited_ : 1;               // Options::first_limits apply
    Interest waiting_;               // what it waits for; settle() passes it to transport_->wait()
};

}  // namespace resp::detail
