// What waits to be sent on a connection, and how it leaves: at once if the transport takes it, else
// when that becomes possible. One writer at a time, so pushes and replies never mix.
#include "session.hpp"
#include "worker.hpp"

namespace resp::detail {

/// What it has to send, or one of the worker's to begin with.
Output& Session::output() {
    if (out_ == nullptr) {
        out_ = worker_->take_output();
        out_->reply.set_version(version());
    }
    return *out_;
}

/// Sends as much as the transport takes.
void Session::flush() {
    if (out_ == nullptr || waiting_.write || state_ == State::closed) return;
    Output& out = *out_;
    // The reply that a coroutine is still writing stays until it is whole.
    if (!handling_) out.reply_begin = out.bytes.size();
    while (out.sent != out.reply_begin) {
        std::error_code ec;
        const std::size_t n =
            transport_->write(out.bytes.view().substr(out.sent, out.reply_begin - out.sent), ec);
        out.sent += n;
        worker_->counters().bytes_sent.add(n);
        if (n != 0) stalled_ = {};
        if (!ec || ec == std::errc::interrupted) continue;
        if (ec != std::errc::operation_would_block) return shut(ec);
        if (stalled_ == Clock::time_point{}) stalled_ = next_tick;
        waiting_.write = true;
        break;
    }
    // What is gone makes room, but moving the rest must pay.
    if (out.sent == out.bytes.size() || out.sent > out.bytes.size() / 2) {
        out.bytes.consume(out.sent);
        out.reply_begin -= out.sent;
        out.sent = 0;
    }
}

/// Queues the pushes that came, unless a reply has been begun and is not whole.
void Session::append_pushes() {
    Output& out = *out_;
    if (handling_ && out.bytes.size() != out.reply_begin) return;
    out.bytes.append(out.pushes);
    out.pushes.release();
    out.reply_begin = out.bytes.size();
    flush();
}

/// Takes a push of `size` bytes, which came too fast if they are not there.
void Session::queue_push(std::string_view bytes, std::size_t size) {
    pushing_.fetch_sub(size, std::memory_order_relaxed);
    if (state_ != State::open && state_ != State::closing) return;
    Output& out = output();
    const std::size_t waiting = queued() + out.pushes.size() + size;
    if (bytes.size() != size || waiting > mailbox_->shared().options.max_output) {
        log(LogLevel::warn, "Does not read: {} bytes wait for it", waiting);
        worker_->counters().cut_off.add();
        return shut(std::make_error_code(std::errc::no_buffer_space));
    }
    out.pushes.append(bytes);
    deliver_pushes();
}

}  // namespace resp::detail
