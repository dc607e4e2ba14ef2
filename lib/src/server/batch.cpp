// The way of one request: receive() reads bytes and lends them to the decoder, handle() lets the
// handler write its replies to the requests in them, flush() sends those, and hold() gives back what
// the next connection needs.
#include "session.hpp"
#include "worker.hpp"

#include <algorithm>

namespace resp::detail {

namespace {

// Input that one connection handles before the others get their turn.
constexpr std::uint64_t batch_budget = 64 * 1024;
constexpr std::uint64_t no_end = UINT64_MAX;

// Room to read into inside an unfinished frame: as much again as has come, within these bounds, so
// that memory follows what was received, not what was announced.
constexpr std::size_t least_room = 16 * 1024;
constexpr std::size_t most_room = 128 * 1024;

// The first byte of a TLS ClientHello.
constexpr char tls_handshake = 0x16;

}  // namespace

/// One turn: what the last one left, or else what one read gives.
void Session::read_and_handle() {
    if (output_full_) {
        if (queued() > mailbox_->shared().options.output_low_water) return;
        output_full_ = false;
        begun_ = {};  // what was not read meanwhile is not the client's fault
    }
    if (paused_ && queued() != 0) return;
    if (!unhandled_) {
        if (!draining_ && (paused_ || !readable_)) return;
        const Receipt receipt = receive();
        if (receipt == Receipt::end || (receipt == Receipt::nothing && draining_)) stop_reading({});
        if (receipt != Receipt::bytes) return hold();
    }
    // What is at hand is seldom too much for a turn.
    batch_end_ = decoder_->pending() > batch_budget ? decoder_->offset() + batch_budget : no_end;
    if (paused_) batch_end_ = decoder_->offset() + 1;  // one request: its reply may wait
    end_batch(handle());
}

void Session::end_batch(BatchEnd end) {
    if (end == BatchEnd::awaiting) return await_handler();
    hold();
    unhandled_ = end != BatchEnd::done && decoder_ != nullptr;
    output_full_ = end == BatchEnd::output_full && queued() > mailbox_->shared().options.output_low_water;
    // While draining, nobody tells that there is nothing more: it reads until it sees that. And what a
    // handler has pushed before it closed comes first.
    posted_ = (end != BatchEnd::done && !output_full_) || draining_ || state_ == State::closing;
    if (posted_) post(&Session::resume);
}

void Session::resume() { posted_ = false; }

// ---- receiving

/// Reads what has come, if anything, and gives it to the decoder.
Session::Receipt Session::receive() {
    std::error_code ec;
    std::size_t n = 0;
    if (decoder_ == nullptr && !mailbox_->shared().suspends) {
        // Between two frames: read into the thread's buffer and decode there.
        const std::span<char> room = worker_->read_room();
        n = read_some(room, ec);
        if (n != 0) {
            decoder_ = worker_->take_decoder(offset_);
            decoder_->feed(room.first(n));
        }
    } else {
        // Inside a frame, or for a handler that keeps it while others run: into its own buffer.
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

/// Lets the handler have the requests that are at hand, and sends its replies.
Session::BatchEnd Session::handle() {
    batch_result_ = BatchEnd::done;
    output();
    deliver_pushes();
    Batch batch{*this, connection_, out_->reply};
    try {
        handling_ = adapter_->handle(batch);
    } catch (...) {
        request_failed();
    }
    worker_->counters().requests.add(batch.requests_);
    if (handling_) return BatchEnd::awaiting;
    end_reply();
    deliver_pushes();
    flush();
    return state_ == State::open ? batch_result_ : BatchEnd::done;
}

/// A reply is whole: it may leave, and pushes may follow it.
void Session::end_reply() noexcept {
    out_->reply_begin = out_->bytes.size();
    if (out_->reply.version() != version()) {
        version_.store(out_->reply.version(), std::memory_order_relaxed);
    }
}

Entry Batch::next_entry() {
    session_.end_reply();
    if (!session_.may_go_on()) return {};
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

/// Whether another request is handled in this turn, if there is one.
bool Session::may_go_on() {
    if (out_->reply.closing() || !is_open()) {
        stop_reading({});
        return false;
    }
    if (queued() > mailbox_->shared().options.output_high_water) {
        batch_result_ = BatchEnd::output_full;
        return false;
    }
    if (batch_end_ != no_end && decoder_->offset() >= batch_end_) {
        batch_result_ = BatchEnd::budget_spent;
        return false;
    }
    return true;
}

/// Has a coroutine go on with the turn, now that a handler has to be awaited; unless one does already.
void Session::await_handler() {
    const bool is_awaited = awaiting_;
    try {
        // It may wait now, and may not. If it does, the replies before leave without it.
        if (!flush_posted_ && out_->sent != out_->reply_begin) {
            flush_posted_ = true;
            post(&Session::flush_posted);
        }
        if (is_awaited) return;
        awaiting_ = true;
        asio::co_spawn(worker_->executor(), await_requests(worker_->shared_from_this(), shared_from_this()),
                       asio::detached);
    } catch (...) {
        if (!is_awaited) awaiting_ = handling_ = false;
        throw;
    }
}

void Session::flush_posted() {
    flush_posted_ = false;
    flush();
}

/// Its arguments are what must live while a handler waits.
asio::awaitable<void> Session::await_requests(std::shared_ptr<Worker>, std::shared_ptr<Session>) {
    while (handling_) {
        try {
            co_await adapter_->awaited();
        } catch (...) {
            request_failed();
        }
        handler_ended();
    }
    awaiting_ = false;
}

// ---- waiting

/// Gives back what belongs to the thread: lent bytes, and with nothing left in them the decoder too.
/// account() does so with the output. So an idle connection keeps no buffers.
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

/// One deadline a frame, which moves with its bytes, not with its reads.
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
