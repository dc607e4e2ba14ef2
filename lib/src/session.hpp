// One connection: from the socket to the handler and back. Everything in it runs on its worker's
// executor, but for the few members that say otherwise.
#pragma once

#include "asio.hpp"
#include "shared.hpp"

#include <libresp/buffer.hpp>
#include <libresp/decoder.hpp>
#include <libresp/handler.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
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
///       reads and     sends what   discards what   the socket is
///       handles       is queued    still comes     gone
///
/// `open` ends with the client's end of stream, a protocol error, close(), or the server's stop. Any
/// error of the socket, and any deadline, leads to `closed` at once.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(std::shared_ptr<Worker> worker, Socket socket, const Peer& peer);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Serves the client until it is gone.
    void start();
    /// Sends `last_words` and closes; nothing is read or handled.
    void refuse(std::string_view last_words);
    /// Handles what has been received, then closes.
    void drain();
    /// Closes without sending what is queued.
    void abort(std::error_code reason) noexcept;
    /// Closes it if a deadline has passed.
    void check_deadlines(Clock::time_point now);
    /// Stops or resumes reading, when all connections together hold too much.
    void pause(bool paused);
    [[nodiscard]] bool is_paused() const noexcept { return paused_; }
    [[nodiscard]] bool was_refused() const noexcept { return refused_; }
    /// The server is gone, and its context is going: lets go of what belongs to that. A Connection may be
    /// the last owner of the rest, on a thread of its own.
    void dispose() noexcept;
    /// Bytes of received input that it holds.
    [[nodiscard]] std::size_t held() const noexcept { return held_; }

    // From any thread.
    void send(std::string bytes);
    void close();
    [[nodiscard]] Endpoint peer() const { return peer_.endpoint(); }
    [[nodiscard]] Version version() const noexcept { return version_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool is_open() const noexcept { return is_open_.load(std::memory_order_relaxed); }

    // In the worker's list.
    Session* previous = nullptr;
    Session* next = nullptr;

private:
    friend class Batch;
    enum class State : unsigned char { open, closing, lingering, closed };
    /// Why a turn of handling ended.
    enum class Turn : unsigned char { done, awaiting, output_full, budget_spent };
    enum class Receipt : unsigned char { bytes, nothing, end };

    // session.cpp: the way of the bytes
    asio::awaitable<void> run(std::shared_ptr<Session> self);
    void spawn();
    asio::awaitable<void> finish();
    void open();
    Receipt receive();
    std::size_t read_some(std::span<char> room, std::error_code& ec);
    void begin_turn() noexcept;
    Turn handle();
    std::optional<View> next_request();
    asio::awaitable<void> handle_awaited();
    void post_flush();
    void end_turn();
    void end_reply() noexcept;
    void hold();
    asio::awaitable<void> resumed();
    asio::awaitable<void> output_below(std::size_t mark);

    // output.cpp: what is queued, and how it leaves
    void flush();
    void wait_writable();
    void queue_push(std::string_view bytes, std::size_t size);
    void deliver_pushes();
    [[nodiscard]] std::size_t queued() const noexcept { return out_.size() - sent_; }

    // ending.cpp: the ways in which it ends
    void handler_threw() noexcept;
    void request_failed() noexcept;
    void protocol_error(const DecodeError& error);
    bool refuses_protocol(View request);
    void stop_reading(std::error_code reason) noexcept;
    void ended(const std::exception_ptr& failure) noexcept;
    void close_service() noexcept;
    void wake() noexcept;
    /// Does what another part of the loop asks for. Without memory for it, the connection ends.
    template <class Action>
    void guarded(const Action& action) noexcept try {
        action();
    } catch (...) {
        abort(std::make_error_code(std::errc::not_enough_memory));
    }
    void account(std::size_t held) noexcept;
    template <class... Arguments>
    void log(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
        if (logger().enabled(level)) {
            logger()(level, "[{}] {}", peer().to_string(),
                     fmt::format(format, std::forward<Arguments>(arguments)...));
        }
    }
    [[nodiscard]] Logger& logger() const noexcept;

    const std::shared_ptr<Worker> worker_;
    std::optional<Socket> socket_;  // until the end
    std::unique_ptr<Service> service_;
    std::unique_ptr<Decoder> decoder_;  // of the worker's pool while there is something to decode
    Connection connection_;
    Buffer out_;                   // replies; of the worker's pool while there are some
    std::size_t sent_ = 0;         // bytes of out_ that are gone
    std::size_t reply_begin_ = 0;  // in out_, of the reply that is being written
    Reply reply_{out_, Version::resp2};
    std::string pushes_;                          // that came while a reply was being written
    std::unique_ptr<asio::steady_timer> resume_;  // what run() waits for when it is not the socket

    std::uint64_t offset_ = 0;      // in the client's stream, of the next frame
    std::uint64_t turn_begin_ = 0;  // the same, when the turn began
    std::size_t held_ = 0;
    std::size_t resume_at_ = 0;            // queued bytes at which output_below() ends
    Clock::time_point active_;             // last bytes from the client
    Clock::time_point frame_begun_{};      // when the frame that is waited for was first waited for
    Clock::time_point deadline_{};         // of the frame that is waited for, or of lingering; 0: none
    Clock::time_point stalled_{};          // since when no queued byte left; 0: none is queued
    std::uint64_t waited_frame_ = 0;       // the offset of the frame that deadline_ is for
    std::error_code reason_;               // why it closed
    std::atomic<std::size_t> pushing_{0};  // bytes that send() has handed over and that are not queued

    State state_ = State::open;
    bool refused_ = false;
    bool draining_ = false;
    bool at_end_ = false;    // the client has sent its last byte
    bool handling_ = false;  // a coroutine handler has not ended
    bool flush_posted_ = false;
    Turn turn_ = Turn::done;  // why next_request() had no more
    bool waiting_to_read_ = false;
    bool waiting_to_write_ = false;
    bool paused_ = false;
    std::atomic<bool> is_open_{true};
    std::atomic<Version> version_{Version::resp2};
    const Peer peer_;
};

}  // namespace resp::detail
