// What waits to be sent on a connection, and how it leaves: at once if the socket takes it, else when
// it becomes writable. One writer at a time, so pushes and replies never mix.
#include "session.hpp"
#include "worker.hpp"

namespace resp::detail {

/// Sends as much as the socket takes.
void Session::flush() {
    if (waiting_to_write_ || state_ == State::closed) return;
    // The reply that a coroutine is still writing stays until it is whole.
    if (!handling_) reply_begin_ = out_.size();
    while (sent_ != reply_begin_) {
        std::error_code ec;
        const std::size_t n =
            socket_->write_some(asio::buffer(out_.data() + sent_, reply_begin_ - sent_), ec);
        sent_ += n;
        worker_->counters().bytes_sent.add(n);
        if (n != 0) stalled_ = {};
        if (ec == asio::error::would_block || ec == asio::error::try_again) {
            if (stalled_ == Clock::time_point{}) stalled_ = worker_->now();
            wait_writable();
            break;
        }
        if (ec) return abort(ec);
    }
    // What is gone makes room, but moving the rest must pay.
    if (sent_ == out_.size() || sent_ > out_.size() / 2) {
        out_.consume(sent_);
        reply_begin_ -= sent_;
        sent_ = 0;
        if (!handling_ && out_.empty() && out_.capacity() != 0) worker_->give_back(std::move(out_));
    }
    if (resume_ != nullptr && queued() <= resume_at_) resume_->cancel();
}

void Session::wait_writable() {
    waiting_to_write_ = true;
    socket_->async_wait(Socket::wait_write, [self = shared_from_this()](const std::error_code&) {
        self->waiting_to_write_ = false;
        self->guarded([&] { self->flush(); });
    });
}

/// Queues the pushes that came, unless a reply has been begun and is not whole.
void Session::deliver_pushes() {
    if (handling_ && out_.size() != reply_begin_) return;
    if (out_.capacity() == 0) out_ = worker_->take_buffer();
    out_.append(pushes_);
    pushes_ = {};
    reply_begin_ = out_.size();
    flush();
}

void Session::send(std::string bytes) {
    const std::size_t size = bytes.size();
    // Where they come faster than the thread takes them, it will close when it gets to it.
    const std::size_t most = worker_->shared().options.max_output;
    if (pushing_.fetch_add(size, std::memory_order_relaxed) > most) bytes.clear();
    worker_->post([self = shared_from_this(), bytes = std::move(bytes), size] {
        self->guarded([&] { self->queue_push(bytes, size); });
    });
}

/// Takes a push of `size` bytes, which came too fast if they are not there.
void Session::queue_push(std::string_view bytes, std::size_t size) {
    pushing_.fetch_sub(size, std::memory_order_relaxed);
    if (state_ != State::open && state_ != State::closing) return;
    const std::size_t waiting = queued() + pushes_.size() + size;
    if (bytes.size() != size || waiting > worker_->shared().options.max_output) {
        log(LogLevel::warn, "Does not read: {} bytes wait for it", waiting);
        worker_->counters().cut_off.add();
        return abort(asio::error::no_buffer_space);
    }
    pushes_ += bytes;
    deliver_pushes();
}

}  // namespace resp::detail
