// Queued output of a connection, and how it is sent: at once if the transport accepts it, otherwise when the
// transport has room. Only flush() writes, and only up to the end of the last finished reply, so pushes and
// replies never mix.
#include "session.hpp"
#include "worker.hpp"

#include <cassert>

namespace resp::detail {

/// The connection's output; borrows one from the worker if it has none.
Output& Session::output() {
    if (out_ == nullptr) {
        out_ = worker_->take_output();
        out_->reply.set_version(version());
    }
    return *out_;
}

/// Sends as much as the transport accepts.
void Session::flush() {
    if (out_ == nullptr || waiting_.write || state_ == State::closed) return;
    Output& out = *out_;
    // The reply of a waiting coroutine is not finished: it stays.
    if (activity_ != Activity::awaiting) out.end_reply();
    assert(transport_ != nullptr && out.sent <= out.reply_begin() && out.reply_begin() <= out.bytes.size());
    while (out.sent != out.reply_begin()) {
        std::error_code ec;
        const std::size_t n =
            transport_->write(out.bytes.view().substr(out.sent, out.reply_begin() - out.sent), ec);
        out.sent += n;
        worker_->counters().bytes_sent.add(n);
        if (n != 0) stalled_ = {};
        if (!ec || ec == std::errc::interrupted) continue;
        if (ec != std::errc::operation_would_block) return shut(ec);
        if (stalled_ == Clock::time_point{}) stalled_ = next_tick;
        waiting_.write = true;
        break;
    }
    // Removing the sent bytes moves the rest to the front. Worth it only if the rest is the smaller part.
    if (out.sent == out.bytes.size() || out.sent > out.bytes.size() / 2) out.consume_sent();
}

/// Queues the pushes that have arrived, unless a waiting coroutine has begun its reply.
void Session::deliver_pushes() {
    assert(out_ != nullptr);
    Output& out = *out_;
    if (out.pushes.empty()) return;
    if (activity_ == Activity::awaiting && !out.reply.empty()) return;
    out.bytes.append(out.pushes);
    out.pushes.release();
    out.end_reply();
    flush();
}

/// Queues a push of `size` bytes. If `bytes` is empty, send() has dropped them, because too many bytes were
/// posted already. Then the connection is closed, as for a queue above max_output.
void Session::queue_push(std::string_view bytes, std::size_t size) {
    pushing_.fetch_sub(size, std::memory_order_relaxed);
    if (state_ != State::open && state_ != State::closing) return;
    Output& out = output();
    const std::size_t queue = queued() + out.pushes.size() + size;
    if (bytes.size() != size || queue > mailbox_->shared().options.max_output) {
        log(LogLevel::warn, "Closed: does not read, {} bytes are queued for it", queue);
        worker_->counters().cut_off.add();
        return shut(std::make_error_code(std::errc::no_buffer_space));
    }
    out.pushes.append(bytes);
    deliver_pushes();
}

}  // namespace resp::detail
