// From received bytes to replies. A batch is one pass over four steps: receive() reads bytes into the
// decoder, handle() calls the handler for each request in them, flush() (output.cpp) sends the replies, and
// hold() gives back the decoder if it is empty, so that another connection can use it. If the last batch left
// requests, the next batch begins with handle().
#include "session.hpp"
#include "worker.hpp"

#include <algorithm>
#include <cassert>

namespace resp::detail {

namespace {

// Bytes of input that one connection handles in one batch, so that no client delays the others for long.
constexpr std::uint64_t batch_budget = 64 * 1024;
constexpr std::uint64_t no_end = UINT64_MAX;

// Room for a read inside an unfinished frame: as many bytes as were received of it, within these limits. So
// memory follows what was received, not what a header announced.
constexpr std::size_t least_room = 16 * 1024;
constexpr std::size_t most_room = 128 * 1024;

// The first byte of a TLS ClientHello.
constexpr char tls_handshake = 0x16;

}  // namespace

/// One batch: the requests that the last batch left, or else those of one read.
void Session::read_and_handle() {
    assert(state_ == State::open && activity_ == Activity::ready);
    if (!has_room_for_replies()) return;
    if (next_ == Next::read) {
        const bool drains = worker_->is_draining();
        if (!drains && (paused_ || !readable_)) return;
        const Receipt receipt = receive();
        if (receipt == Receipt::end || (receipt == Receipt::nothing && drains)) stop_reading({});
        if (receipt != Receipt::bytes) return hold();
    }
    // Usually everything received fits the budget. The end is then `no_end`, and no request compares its
    // offset with it.
    budget_end_ = decoder_->pending() > batch_budget ? decoder_->offset() + batch_budget : no_end;
    if (paused_) budget_end_ = decoder_->offset() + 1;  // one request, because its reply may have to wait
    end_batch(handle());
    if (activity_ == Activity::awaiting) await_handler();
}

/// Returns whether the queue of replies is short enough for another batch. If the connection waited for that,
/// sets what the batch begins with.
bool Session::has_room_for_replies() {
    if (next_ == Next::send) {
        if (queued() > mailbox_->shared().options.output_low_water) return false;
        next_ = decoder_ != nullptr ? Next::handle : Next::read;
        begun_ = {};  // the deadline of the frame begins again: meanwhile we did not read
    }
    return !paused_ || queued() == 0;
}

void Session::end_batch(BatchEnd end) {
    if (end == BatchEnd::awaiting_handler) return flush_soon();
    assert(activity_ == Activity::ready);
    hold();
    const bool is_full =
        end == BatchEnd::output_full && queued() > mailbox_->shared().options.output_low_water;
    const bool left_requests = end != BatchEnd::all_handled && decoder_ != nullptr;
    next_ = is_full ? Next::send : left_requests ? Next::handle : Next::read;
    // Two more reasons to continue later. While the server drains, the connection waits for no input: it
    // reads again until a read returns nothing. A closing connection lets the pushes that its handler has
    // posted arrive first, so that they are sent too.
    const bool has_more = end != BatchEnd::all_handled && !is_full;
    if (has_more || worker_->is_draining() || state_ == State::closing) post_resume();
}

/// Continues after the other connections had their batches.
void Session::post_resume() {
    assert(activity_ == Activity::ready);
    worker_->resume_later(shared_from_this());
    activity_ = Activity::posted;
}

// ---- receiving

/// Reads what has arrived and gives it to the decoder.
Session::Receipt Session::receive() {
    assert(transport_ != nullptr);
    std::error_code ec;
    std::size_t n = 0;
    if (decoder_ == nullptr && !mailbox_->shared().suspends) {
        // Between two frames: reads into the thread's buffer and decodes there, without a copy.
        const std::span<char> room = worker_->read_room();
        n = read_some(room, ec);
        if (n != 0) {
            decoder_ = worker_->take_decoder(offset_);
            decoder_->feed(room.first(n));
        }
    } else {
        // Inside a frame, or for a coroutine that keeps the request while others run: reads into the
        // decoder's buffer.
        if (decoder_ == nullptr) decoder_ = worker_->take_decoder(offset_);
        const std::size_t missing = decoder_->missing();
        const std::size_t room = std::clamp(decoder_->pending(), least_room, most_room);
        n = read_some(decoder_->prepare(missing > 1 ? std::min(room, missing) : room), ec);
        decoder_->commit(n);
    }
    if (n == 0) {
        if (ec == std::errc::operation_would_block || ec == std::errc::interrupted) return Receipt::nothing;
        at_end_ = true;
        if (ec) shut(ec);
        return Receipt::end;
    }
    active_ = next_tick;
    worker_->counters().bytes_received.add(n);
    log(LogLevel::debug, "Received {} bytes", n);
    return Receipt::bytes;
}

/// Reads. If the client's first byte is that of TLS, logs this and reports an error instead.
std::size_t Session::read_some(std::span<char> room, std::error_code& ec) {
    const bool first = offset_ == 0 && (decoder_ == nullptr || decoder_->pending() == 0);
    const std::size_t n = transport_->read(room, ec);
    if (first && n != 0 && room[0] == tls_handshake) {
        log(LogLevel::warn, "Speaks TLS, not RESP");
        ec = std::make_error_code(std::errc::protocol_not_supported);
        return 0;
    }
    return n;
}

// ---- handling

/// Calls the handler for the received requests, and sends its replies.
BatchEnd Session::handle() {
    assert(activity_ == Activity::ready && adapter_ != nullptr && decoder_ != nullptr);
    output();  // borrows an output if there is none
    deliver_pushes();
    Batch batch{*this, connection_, out_->reply};
    try {
        if (adapter_->handle(batch)) activity_ = Activity::awaiting;
    } catch (...) {
        request_failed();
    }
    worker_->counters().requests.add(batch.requests_);
    if (activity_ == Activity::awaiting) return BatchEnd::awaiting_handler;
    end_reply();
    deliver_pushes();
    flush();
    return state_ == State::open ? batch.end_ : BatchEnd::all_handled;
}

/// The reply is finished: it may be sent, and pushes may follow it.
void Session::end_reply() noexcept {
    assert(out_ != nullptr);
    out_->end_reply();
    if (out_->reply.version() != version()) {
        version_.store(out_->reply.version(), std::memory_order_relaxed);
    }
}

/// Ends the reply to the previous request, and takes the next request.
Entry Batch::next_entry() {
    session_.end_reply();
    if (!session_.may_go_on(*this)) return {};
    assert(session_.decoder_ != nullptr);
    const std::optional<View> request = session_.decoder_->next();
    if (!request) {
        const auto& error = session_.decoder_->error();
        if (error) session_.protocol_error(*error);
        return {};
    }
    if (request->is_inline() && session_.refuses_protocol(*request)) return {};
    ++requests_;
    return entry_of(*request);
}

/// Whether the batch may handle another request.
bool Session::may_go_on(Batch& batch) {
    if (out_->reply.closing() || !is_open()) {
        stop_reading({});
        return false;
    }
    if (queued() > mailbox_->shared().options.output_high_water) {
        batch.end_ = BatchEnd::output_full;
        return false;
    }
    if (budget_end_ != no_end && decoder_->offset() >= budget_end_) {
        batch.end_ = BatchEnd::budget_spent;
        return false;
    }
    return true;
}

// ---- coroutine handlers

/// Starts a coroutine that awaits the handler, and continues with the batch when the handler ends.
void Session::await_handler() {
    assert(activity_ == Activity::awaiting);
    try {
        asio::co_spawn(worker_->executor(), await_requests(worker_->shared_from_this(), shared_from_this()),
                       asio::detached);
    } catch (...) {
        activity_ = Activity::ready;
        throw;
    }
}

/// Runs as long as the batch has requests. Its arguments keep alive what a waiting handler needs.
asio::awaitable<void> Session::await_requests(std::shared_ptr<Worker>, std::shared_ptr<Session>) {
    do {
        try {
            co_await adapter_->awaited();
        } catch (...) {
            request_failed();
        }
    } while (handler_ended());
}

/// Posts a flush of the finished replies. If the handler waits, they are sent while it waits. If it does not
/// wait, they are sent at the end of the batch, together with its reply.
void Session::flush_soon() {
    assert(activity_ == Activity::awaiting && out_ != nullptr);
    if (flush_posted_ || out_->sent == out_->reply_begin()) return;
    try {
        post(&Session::flush_posted);
        flush_posted_ = true;
    } catch (...) {
        activity_ = Activity::ready;  // the connection closes, and the handler is not called
        throw;
    }
}

void Session::flush_posted() {
    flush_posted_ = false;
    flush();
}

// ---- waiting

/// Ends the loan of received bytes, gives back the decoder if it holds no bytes or the connection is closing,
/// and sets the deadline. account() gives back the output. So an idle connection keeps no buffers.
void Session::hold() {
    if (decoder_ != nullptr) {
        offset_ = decoder_->offset();
        if (decoder_->pending() == 0 || state_ != State::open) {
            worker_->give_back(std::move(decoder_));
        } else {
            decoder_->release();
        }
    }
    set_deadline();
}

/// Sets the time limit of an incomplete frame: frame_deadline, plus the time that its received bytes take at
/// frame_rate. The time counts from the first wait for the frame. More reads of the same frame do not restart
/// it.
void Session::set_deadline() {
    const Options& options = mailbox_->shared().options;
    if (decoder_ == nullptr || options.frame_deadline.count() == 0) {
        begun_ = {};
        return;
    }
    if (begun_ == Clock::time_point{} || waited_frame_ != offset_) {
        waited_frame_ = offset_;
        begun_ = next_tick;
    }
    const std::chrono::milliseconds earned{decoder_->pending() * 1000 /
                                           std::max<std::size_t>(options.frame_rate, 1)};
    allowed_ = options.frame_deadline + earned;
}

}  // namespace resp::detail
