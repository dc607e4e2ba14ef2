// Queued output of a connection, and how it is sent: at once if the transport accepts it, otherwise when the
// transport has room. Only flush() writes, and only up to the end of the last finished reply, so pushes and
// replies never mix.
#include "session.hpp"
#include "session_templates.hpp"
#include "worker.hpp"

#include <cassert>

namespace resp::detail {

/// The connection's output; borrows one from the worker if it has none.
Output& Session::output() {
    if (!queue_.has_output()) {
        queue_.lend(worker_->take_output());
        queue_.output().reply.set_version(version());
        queue_.output().reply.session_ = this;
        queue_.output().bytes.set_limit(worker_->most_output());
    }
    return queue_.output();
}

/// Sends as much as the transport accepts. With a Turn, at the end of the turn.
void Session::flush() {
    if (waiting_.write || state_ == State::closed) return;
    // The reply of a waiting coroutine is not finished: it stays.
    if (queue_.has_output() && activity_ != Activity::awaiting) queue_.output().end_reply();
    if (worker_->has_turn() && !refused_ && queue_.has_committed()) return worker_->flush_later(*this);
    send_committed();
}

void Session::send_committed() {
    if (waiting_.write) return;
    while (queue_.has_committed()) {
        assert(transport_ != nullptr);
        std::error_code ec;
        const std::size_t n = queue_.write(*transport_, ec);
        sent_ += n;
        worker_->counters().bytes_sent.add(n);
        if (!ec || ec == std::errc::interrupted) continue;
        if (ec != std::errc::operation_would_block) return shut(ec);
        waiting_.write = true;
        break;
    }
    const std::size_t pushed = queue_.tidy();
    if (pushed != 0) uncount_push(pushed);
    if (!waiting_.write) {
        progress_.end();
    } else if (!progress_.stalls()) {
        progress_.begin(sent_ - transport_->unacknowledged(), mailbox_->shared().options);
    }
    if (worker_->has_turn()) safe_ = queue_.committed();
}

/// Queues the pushes that arrived while a reply was being written, unless a reply is being written now.
void Session::deliver_pushes() {
    if (!queue_.has_waiting_pushes()) return;
    if (activity_ == Activity::awaiting && !queue_.output().reply.empty()) return;
    queue_.deliver();
    flush();
}

// ---- pushes

Sent Session::count_push(std::size_t size) noexcept {
    const std::size_t most = mailbox_->shared().options.max_pushes;
    if (size > most) return Sent::too_large;
    if (pushing_.fetch_add(size, std::memory_order_relaxed) <= most - size) return Sent::queued;
    uncount_push(size);
    cut_off();
    return Sent::gone;
}

Sent Session::send(SharedPayload push) {
    if (push == nullptr) return Sent::too_large;
    const std::size_t size = push->size();
    const Sent counted = count_push(size);
    if (counted != Sent::queued) return counted;
    try {
        mailbox_->post([self = shared_from_this(), push = std::move(push)] { self->queue_push(push); });
    } catch (...) {
        uncount_push(size);
        throw;
    }
    return Sent::queued;
}

void Session::queue_push(const SharedPayload& push) noexcept {
    enter([&] {
        if (state_ != State::open && state_ != State::closing) return;
        output();  // borrows one if there is none
        queue_.push(push, push->size());
        flush();
    });
}

/// Closes the connection: too many bytes of pushes wait for it. From any thread.
void Session::cut_off() noexcept {
    if (overrun_.exchange(true)) return;
    try {
        mailbox_->post([self = shared_from_this()] {
            self->enter([&] {
                if (self->state_ == State::closed) return;
                self->log(LogLevel::warn, "Closed: does not read, {} bytes of pushes wait for it",
                          self->pushing_.load(std::memory_order_relaxed));
                self->worker_->counters().cut_off.add();
                self->shut(std::make_error_code(std::errc::no_buffer_space));
            });
        });
    } catch (const std::exception&) {
        overrun_ = false;  // no memory for the posted action: the next push tries again
    }
}

// ---- the end of a turn

void Worker::flush_later(Session& session) {
    if (session.in_turn_) return;
    served_.push_back(session.shared_from_this());
    session.in_turn_ = true;
    if (turn_end_posted_) return;
    try {
        asio::post(executor(), [self = shared_from_this()] { self->end_turn(); });
    } catch (...) {
        served_.pop_back();
        session.in_turn_ = false;
        throw;
    }
    turn_end_posted_ = true;
}

/// Sends what the connections have produced in this turn, if the end() of the handler's Turn allows it. First
/// all connections send. Then each may go on, and what it produces belongs to the next turn. One with requests left
/// goes on in turn(), which bounds the time.
void Worker::end_turn() noexcept {
    turn_end_posted_ = false;
    const bool allowed = call_end();
    ending_.swap(served_);
    for (const auto& session : ending_) session->end_turn(allowed);
    for (const auto& session : ending_) {
        session->enter([&] {
            const bool is_ready = session->state_ == State::open && session->activity_ == Activity::ready;
            if (is_ready && session->next_ == Next::handle) session->post_resume();
        });
    }
    ending_.clear();
}

bool Worker::call_end() noexcept try {
    if (turn_ != nullptr) turn_->end();
    return true;
} catch (...) {
    counters_.handler_errors.add();
    try {
        shared_->log(LogLevel::error, "[server] Turn::end() threw an exception: {}",
                     current_exception_text());
    } catch (...) {
        // No memory for the log line. The exception is counted.
    }
    return false;
}

/// Sends the replies of the turn, or drops them and ends the connection. Calls no handler.
void Session::end_turn(bool allowed) noexcept {
    in_turn_ = false;
    if (worker_ == nullptr || state_ == State::closed) return;
    try {
        if (allowed) return send_committed();
        if (activity_ == Activity::awaiting || safe_ == 0) {
            return shut(std::make_error_code(std::errc::operation_canceled));
        }
        queue_.keep_first(safe_);
        stop_reading(std::make_error_code(std::errc::operation_canceled));
        send_committed();
    } catch (...) {
        shut(std::make_error_code(std::errc::not_enough_memory));
    }
}

}  // namespace resp::detail
