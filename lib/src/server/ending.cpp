// How a connection opens and ends: the hooks of the handler, and the log line and last reply of each ending.
#include "session.hpp"
#include "session_templates.hpp"
#include "stream.hpp"
#include "worker.hpp"

#include <libresp/codec/escape.hpp>

#include <algorithm>
#include <cassert>

namespace resp::detail {

namespace {

// A log line shows at most this many bytes from a client.
constexpr std::size_t most_shown = 64;

// A lingering client that acknowledges nothing for this long does not get the rest of our output.
constexpr std::chrono::seconds linger_time{1};

/// The total time in which a client must take its last bytes: first what is queued when the connection closes,
/// then what it has not acknowledged when all is sent. The other deadlines count from the last progress, so a
/// client could hold its place by taking single bytes.
std::chrono::milliseconds time_to_take(std::size_t bytes) noexcept {
    constexpr std::size_t bytes_each_second = 16 * 1024;
    return std::chrono::seconds{30 + bytes / bytes_each_second};
}

/// Redis refuses the names `POST` and `Host:`, in a line and in an array; source: securityWarningCommand. We
/// also refuse the other spellings of a Host line, and the first line of HTTP/2.
bool speaks_http(const Command& command, bool is_inline) noexcept {
    if (command.is("POST") || command.is("Host:")) return true;
    if (!is_inline) return false;
    const std::string_view name = command.name();
    constexpr std::string_view host = "Host:";
    return equals_ignoring_case(name.substr(0, host.size()), host) ||
           (command.is("Host") && command[1].starts_with(':')) ||
           (name == "PRI" && command[1] == "*" && command[2].starts_with("HTTP/"));
}

}  // namespace

// ---- opening, and ending because of the client or the handler

void Session::open() {
    log(LogLevel::info, "Accepted connection");
    try {
        adapter_->opened(connection_);
    } catch (...) {
        request_failed();
    }
}

/// Counts and logs the exception that is being handled.
void Session::handler_threw() noexcept try {
    worker_->counters().handler_errors.add();
    log(LogLevel::error, "Handler threw an exception: {}", current_exception_text());
} catch (...) {
    // No memory for the log line. The exception is counted.
}

/// Replaces the unfinished reply by an error, and ends the connection. Call it in the catch block of the
/// handler's exception.
void Session::request_failed() noexcept try {
    handler_threw();
    Output& out = output();
    out.drop_reply();
    // A deferred reply has its place already: it is answered there. After drain(), a part of a value was sent: text
    // would become a part of that value.
    if ((out.reply.state_ & (Reply::deferred | Reply::drained)) == 0)
        out.reply.simple_error("ERR internal error");
    stop_reading(std::make_error_code(std::errc::operation_canceled));
} catch (...) {
    shut(std::make_error_code(std::errc::not_enough_memory));
}

void Session::protocol_error(const DecodeError& error) {
    worker_->counters().protocol_errors.add();
    log(LogLevel::warn, "Error parsing input: {} at byte {}", error.message(), error.offset);
    queue_.output().reply.simple_error("ERR Protocol error: " + error.message());
    stop_reading(make_error_code(error.code));
}

/// Returns whether a request is the beginning of HTTP. If it is, logs that and ends the connection: a web page
/// can make a browser send a request whose body contains commands, which must not be handled.
bool Session::refuses_protocol(const Command& words, bool is_inline, std::string_view wire) {
    if (!speaks_http(words, is_inline)) return false;
    log(LogLevel::warn, "Speaks HTTP, not RESP: {}", escaped(wire, most_shown));
    stop_reading(std::make_error_code(std::errc::protocol_not_supported));
    return true;
}

// ---- because of the server

/// Ends the connection if close() had no memory for its posted action. Like close(), it continues in a posted
/// action, so that pushes that were posted earlier are sent first.
void Session::notice_close() {
    if (is_open() || state_ != State::open || activity_ != Activity::ready) return;
    stop_reading({});
    post_resume();
}

/// A tick: tries a stalled write again, gives the time `now` to the events since the last tick, and closes
/// the connection if a deadline has passed.
void Session::keep_deadlines(Clock::time_point now, Clock::duration elapsed) {
    notice_close();
    answer_late(now);
    if (progress_.stalls()) watch_progress(now, elapsed);
    if (stream_ != nullptr) stream_->tick(sleeps_for_ == SleepsFor::input, elapsed);
    deadlines_.tick(now);
    // A client that cannot act is not idle: its request or its reply is in progress.
    const bool awaits = activity_ == Activity::awaiting || queue_.holes() != 0;
    if (awaits || held_back_ || queue_.size() != 0) deadlines_.renew();
    // The replies of a handler that still runs, and deferred ones, are not queued yet.
    if (state_ == State::closing && awaits) linger_.begun = next_tick;
    if (state_ != State::open && linger_.begun == next_tick && transport_ != nullptr) {
        linger_.allowed = time_to_take(queue_.size() + transport_->unacknowledged());
        linger_.begun = now;
    }
    if (state_ == State::lingering) return linger(now);
    const char* const missed = missed_deadline(now);
    if (missed == nullptr || state_ == State::closed) return;
    worker_->counters().timeouts.add();
    log(LogLevel::info, "Timed out: {}", missed);
    shut(std::make_error_code(std::errc::timed_out));
}

/// Counts what the client has taken of the queued output since the last tick.
void Session::watch_progress(Clock::time_point now, Clock::duration elapsed) {
    // The kernel reports room only when a third of its buffer is free. With a slow client that can take
    // long. A write at every tick notices the client's progress when it happens.
    waiting_.write = false;
    flush();
    if (!progress_.stalls() || state_ == State::closed) return;
    progress_.tick(now, elapsed, sent_ - transport_->unacknowledged(), queue_.size(),
                   mailbox_->shared().options);
}

/// The deadline that has passed, in words for the log; null if none has passed.
const char* Session::missed_deadline(Clock::time_point now) const noexcept {
    const Options& options = mailbox_->shared().options;
    if (progress_.is_too_slow(options)) return "does not read its replies";
    if (state_ == State::closing && now - linger_.begun >= linger_.allowed) {
        return "reads its last replies too slowly";
    }
    if (state_ == State::open && stream_ != nullptr && stream_->is_late())
        return "does not finish its request";
    if (state_ != State::open || activity_ != Activity::ready || held_back_) return nullptr;
    if (deadlines_.is_frame_late(now)) return "does not finish its request";
    if (queue_.size() != 0 || queue_.holes() != 0 || (decoder_ != nullptr && deadlines_.is_excused())) {
        return nullptr;
    }
    return deadlines_.missed_while_idle(now, options);
}

// ---- ending

/// From open to closing: nothing more is read or handled, and the queued output will be sent.
void Session::stop_reading(std::error_code reason) noexcept {
    if (state_ != State::open) return;
    state_ = State::closing;
    reason_ = reason;
    linger_.begun = next_tick;
    is_open_.store(false, std::memory_order_relaxed);
}

/// Sends the queued output, then ends the stream to the client. Lingers until the client has ended its
/// stream too: closing a socket while the client still sends makes the client's kernel drop data that the
/// client has not read.
void Session::finish() {
    assert(state_ == State::closing && activity_ == Activity::ready);
    hold();
    if (kept_ != nullptr) worker_->give_back(std::move(kept_));  // its coroutine has not begun
    stream_.reset();                                             // the same
    flush();
    if (state_ != State::closing || queue_.size() != 0 || queue_.holes() != 0) return;
    transport_->finish();
    if (peer_state() != PeerState::open) return shut({});
    state_ = State::lingering;
    linger_.begun = next_tick;
}

/// Closes when the client has acknowledged nothing for one second, or at the end of the total time. Not
/// earlier, because closing a socket that has unread input drops the output that is still in our kernel.
void Session::linger(Clock::time_point now) noexcept {
    assert(state_ == State::lingering && transport_ != nullptr);
    if (now - linger_.begun >= linger_.allowed) return shut({});
    const std::size_t left = transport_->unacknowledged();
    if (left >= linger_.unacknowledged) {
        if (now - linger_.since >= linger_time) shut({});
        return;
    }
    linger_.unacknowledged = left;
    linger_.since = now;
}

/// Reads and drops what still arrives, up to a limit.
void Session::discard() {
    assert(state_ == State::lingering && transport_ != nullptr);
    std::error_code ec;
    const std::size_t n = transport_->read(worker_->read_room(), ec);
    linger_.discards -= std::min(linger_.discards, static_cast<std::uint32_t>(n));
    const bool nothing = ec == std::errc::operation_would_block || ec == std::errc::interrupted;
    if (n == 0 && !nothing) shut({});
}

/// To closed, from any state. `reason` counts only if the connection was open. Otherwise the reason that
/// stop_reading() was given stays, even an empty one.
void Session::shut(std::error_code reason) noexcept {
    if (state_ == State::closed) return;
    if (state_ == State::open) reason_ = reason;
    state_ = State::closed;
    is_open_.store(false, std::memory_order_relaxed);
    peer_state_.store(PeerState::gone, std::memory_order_relaxed);
    transport_.reset();
    if (activity_ != Activity::awaiting) return;
    // Only the request and the unfinished reply are still in use.
    queue_.clear();
    if (queue_.has_output()) queue_.output().drop_finished();
    if (kept_ != nullptr) put_away_decoder();
}

void Session::dispose() noexcept {
    transport_.reset();
    queue_.end_waits(std::make_error_code(std::errc::not_connected));
    if (activity_ != Activity::awaiting) adapter_.reset();  // a waiting coroutine still uses the handler
    worker_ = nullptr;
}

/// Calls on_close() and destroys the handler on this thread: a Connection on another thread may own the
/// session longer.
void Session::close_adapter() noexcept {
    assert(adapter_ != nullptr);
    const std::unique_ptr<Adapter> adapter = std::move(adapter_);
    try {
        log(LogLevel::info, "Ending connection{}{}", reason_ ? ": " : "", reason_ ? reason_.message() : "");
    } catch (const std::exception&) {
        // No memory for the text of the reason.
    }
    try {
        adapter->closed(reason_);
    } catch (...) {
        handler_threw();
    }
}

/// Leaves the worker. Only settle() calls it, so no other function of the session is running.
void Session::end() noexcept {
    assert(state_ == State::closed && activity_ != Activity::awaiting && !entered_ && worker_ != nullptr);
    if (decoder_ != nullptr) worker_->give_back(std::move(decoder_));
    if (queue_.has_output()) worker_->give_back(queue_.take_output());
    queue_.clear();
    if (kept_ != nullptr) worker_->give_back(std::move(kept_));
    outcome_ = {};  // it may refer to the handler and to the stream
    stream_.reset();
    account();
    if (adapter_ != nullptr) close_adapter();
    Worker& worker = *worker_;
    dispose();
    worker.remove(*this);
}

}  // namespace resp::detail
