// The ways in which a connection ends, and the few words that are said then.
#include "session.hpp"
#include "worker.hpp"

#include <libresp/codec/escape.hpp>

#include <algorithm>

namespace resp::detail {

namespace {

// Bytes of a client that a log line shows.
constexpr std::size_t most_shown = 64;

// How long a client that takes nothing is given to take our last words.
constexpr std::chrono::seconds linger_time{1};

}  // namespace

Endpoint Peer::endpoint() const {
    if (is_unix) return {};
    return {tcp.address().to_string(), tcp.port(), {}};
}

Logger& Session::logger() const noexcept { return mailbox_->shared().log; }

// ---- on account of the client or the handler

void Session::open() {
    log(LogLevel::info, "Accepted connection");
    try {
        adapter_->opened(connection_);
    } catch (...) {
        request_failed();
    }
}

/// Tells of the exception that is being handled.
void Session::handler_threw() noexcept try {
    worker_->counters().handler_errors.add();
    log(LogLevel::error, "Handler threw an exception: {}", current_exception_text());
} catch (...) {
    // No memory for the words: it is counted.
}

/// Called while the exception that a handler threw is being handled.
void Session::request_failed() noexcept try {
    handler_threw();
    Output& out = output();
    out.bytes.truncate(out.reply_begin);  // what it has written of its reply
    out.reply.simple_error("ERR internal error");
    stop_reading(std::make_error_code(std::errc::operation_canceled));
} catch (...) {
    shut(std::make_error_code(std::errc::not_enough_memory));
}

void Session::protocol_error(const DecodeError& error) {
    worker_->counters().protocol_errors.add();
    log(LogLevel::warn, "Error parsing input: {} at byte {}", error.message(), error.offset);
    out_->reply.simple_error("ERR Protocol error: " + error.message());
    stop_reading(make_error_code(error.code));
}

/// Whether an inline request is the beginning of HTTP: a browser that was lured to send commands in
/// the body of a request must not have them handled. Source: Redis, securityWarningCommand.
bool Session::refuses_protocol(View request) {
    const Command command{request};
    const bool http2 = command.name() == "PRI" && command[1] == "*" && command[2].starts_with("HTTP/");
    if (!http2 && !command.is("POST") && !command.is("Host:")) return false;
    log(LogLevel::warn, "Speaks HTTP, not RESP: {}", escaped(request.wire(), most_shown));
    stop_reading(std::make_error_code(std::errc::protocol_not_supported));
    return true;
}

// ---- on account of the server

/// close() had no memory to tell of it: does the same, behind the pushes that came before.
void Session::notice_close() {
    if (is_open() || state_ != State::open || handling_ || posted_) return;
    stop_reading({});
    posted_ = true;
    post(&Session::resume);
}

void Session::keep_deadlines(Clock::time_point now) {
    notice_close();
    if (stalled_ != Clock::time_point{}) {
        // A kernel tells of room when a third of its buffer is free, which can take a slow client long.
        // Asked at every tick, it does not pass off what it took long ago as progress.
        waiting_.write = false;
        flush();
    }
    for (Clock::time_point* const since : {&active_, &begun_, &stalled_}) {
        if (*since == next_tick) *since = now;
    }
    if (state_ == State::lingering) return linger(now);
    const char* const missed = missed_deadline(now);
    if (missed == nullptr || state_ == State::closed) return;
    worker_->counters().timeouts.add();
    log(LogLevel::info, "Timed out: {}", missed);
    shut(std::make_error_code(std::errc::timed_out));
}

bool Session::has_stalled(Clock::time_point now) const noexcept {
    const std::chrono::milliseconds most = mailbox_->shared().options.write_stall;
    return stalled_ != Clock::time_point{} && most.count() != 0 && now - stalled_ >= most;
}

/// Which one has passed, in words; null if none has.
const char* Session::missed_deadline(Clock::time_point now) const noexcept {
    if (has_stalled(now)) return "takes no replies";
    if (state_ != State::open || !waiting_.read) return nullptr;
    if (begun_ != Clock::time_point{} && now - begun_ >= allowed_) return "does not finish its request";
    const std::chrono::milliseconds most = mailbox_->shared().options.idle_timeout;
    if (queued() == 0 && most.count() != 0 && now - active_ >= most) return "is idle";
    return nullptr;
}

// ---- ending

/// From open to closing: nothing is read or handled any more; what is queued will be sent.
void Session::stop_reading(std::error_code reason) noexcept {
    if (state_ != State::open) return;
    state_ = State::closing;
    reason_ = reason;
    is_open_.store(false, std::memory_order_relaxed);
}

/// Sends what is queued, then closes so that it arrives: a socket that is closed while the client
/// still sends makes the client's kernel throw away what it has not read.
void Session::finish() {
    hold();
    flush();
    if (state_ != State::closing || queued() != 0) return;
    transport_->finish();
    if (at_end_) return shut({});
    state_ = State::lingering;
}

/// As long as the client takes what was sent it has a second more: what is still in our kernel is lost
/// when a socket is closed that has not been read to its end.
void Session::linger(Clock::time_point now) noexcept {
    const std::size_t left = transport_->unacknowledged();
    if (left >= unacknowledged_) {
        if (now - begun_ >= linger_time) shut({});
        return;
    }
    unacknowledged_ = left;
    begun_ = now;
}

/// Reads what still comes, for nothing, and leaves alone what is too much.
void Session::discard() {
    std::error_code ec;
    const std::size_t n = transport_->read(worker_->read_room(), ec);
    discards_ -= std::min(discards_, static_cast<std::uint32_t>(n));
    const bool nothing = ec == std::errc::operation_would_block || ec == std::errc::interrupted;
    if (n == 0 && !nothing) shut({});
}

/// Closed, from any state. A reason counts if there was none to close before.
void Session::shut(std::error_code reason) noexcept {
    if (state_ == State::closed) return;
    if (state_ == State::open) reason_ = reason;
    state_ = State::closed;
    is_open_.store(false, std::memory_order_relaxed);
    transport_.reset();
}

void Session::dispose() noexcept {
    transport_.reset();
    worker_ = nullptr;
}

/// Tells the handler, and lets go of it here: a Connection on another thread may be the last owner.
void Session::close_adapter() noexcept try {
    log(LogLevel::info, "Ending connection{}{}", reason_ ? ": " : "", reason_ ? reason_.message() : "");
    const std::unique_ptr<Adapter> adapter = std::move(adapter_);
    adapter->closed(reason_);
} catch (...) {
    handler_threw();
}

/// The end of the way.
void Session::end() noexcept {
    if (decoder_ != nullptr) worker_->give_back(std::move(decoder_));
    if (out_ != nullptr) worker_->give_back(std::move(out_));
    account();
    if (adapter_ != nullptr) close_adapter();
    Worker& worker = *worker_;
    dispose();
    worker.remove(*this);
}

}  // namespace resp::detail
