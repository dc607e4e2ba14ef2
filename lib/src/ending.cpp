// The ways in which a connection ends, and the few words that are said then.
#include "escape.hpp"
#include "session.hpp"
#include "worker.hpp"

#include <exception>

namespace resp::detail {

namespace {

// Bytes of a client that a log line shows.
constexpr std::size_t most_shown = 64;

}  // namespace

Endpoint Peer::endpoint() const {
    if (is_unix) return {};
    return {tcp.address().to_string(), tcp.port(), {}};
}

Logger& Session::logger() const noexcept { return worker_->shared().log; }

// ---- on account of the client or the handler

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
    out_.truncate(reply_begin_);  // what it has written of its reply
    reply_.simple_error("ERR internal error");
    stop_reading(std::make_error_code(std::errc::operation_canceled));
} catch (...) {
    abort(std::make_error_code(std::errc::not_enough_memory));
}

void Session::protocol_error(const DecodeError& error) {
    worker_->counters().protocol_errors.add();
    log(LogLevel::warn, "Error parsing input: {} at byte {}", error.message(), error.offset);
    reply_.simple_error("ERR Protocol error: " + error.message());
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

void Session::drain() {
    draining_ = true;
    wake();
}

void Session::close() {
    is_open_.store(false, std::memory_order_relaxed);  // next_request() sees it at once
    worker_->post([self = shared_from_this()] {
        self->stop_reading({});
        self->wake();
    });
}

void Session::pause(bool paused) {
    paused_ = paused;
    wake();
}

void Session::check_deadlines(Clock::time_point now) {
    const Options& options = worker_->shared().options;
    const auto passed = [&](std::chrono::milliseconds time, Clock::time_point since) {
        return time.count() != 0 && now - since >= time;
    };
    const char* missed = nullptr;
    if (stalled_ != Clock::time_point{} && passed(options.write_stall, stalled_)) missed = "takes no replies";
    if (waiting_to_read_ && deadline_ != Clock::time_point{} && now >= deadline_) {
        if (state_ == State::lingering) return abort(reason_);
        missed = "does not finish its request";
    }
    const bool idle = waiting_to_read_ && state_ == State::open && queued() == 0;
    if (idle && passed(options.idle_timeout, active_)) missed = "is idle";
    if (missed == nullptr) return;
    worker_->counters().timeouts.add();
    log(LogLevel::info, "Timed out: {}", missed);
    abort(asio::error::timed_out);
}

// ---- ending

/// From open to closing: nothing is read or handled any more; what is queued will be sent.
void Session::stop_reading(std::error_code reason) noexcept {
    if (state_ != State::open) return;
    state_ = State::closing;
    reason_ = reason;
    is_open_.store(false, std::memory_order_relaxed);
}

void Session::abort(std::error_code reason) noexcept {
    if (state_ == State::closed) return;
    if (state_ == State::open) reason_ = reason;
    state_ = State::closed;
    is_open_.store(false, std::memory_order_relaxed);
    std::error_code ignored;
    socket_->close(ignored);  // ends every wait on it
    wake();
}

void Session::dispose() noexcept {
    resume_.reset();
    socket_.reset();
}

/// Makes run() look at the state again.
void Session::wake() noexcept {
    std::error_code ignored;
    if (waiting_to_read_ && state_ != State::closed) socket_->cancel(ignored);
    if (resume_ != nullptr) resume_->cancel();
}

/// Tells the handler, and lets go of it here: a Connection on another thread may be the last owner.
void Session::close_service() noexcept try {
    log(LogLevel::info, "Ending connection{}{}", reason_ ? ": " : "", reason_ ? reason_.message() : "");
    const std::unique_ptr<Service> service = std::move(service_);
    service->closed(reason_);
} catch (...) {
    handler_threw();
}

/// The end of run(), by itself or by an exception.
void Session::ended(const std::exception_ptr& failure) noexcept {
    if (failure) reason_ = std::make_error_code(std::errc::not_enough_memory);
    abort(reason_);
    if (decoder_ != nullptr) worker_->give_back(std::move(decoder_));
    account(0);
    if (service_ != nullptr) close_service();
    dispose();
    worker_->remove(*this);
}

void Session::account(std::size_t held) noexcept {
    std::atomic<std::uint64_t>& total = worker_->shared().input_memory;
    total.fetch_add(held - held_, std::memory_order_relaxed);
    held_ = held;
    if (held != 0 && total.load(std::memory_order_relaxed) > worker_->shared().options.max_input_memory) {
        worker_->input_memory_exceeded();
    }
}

}  // namespace resp::detail
