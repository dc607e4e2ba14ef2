// From received bytes to replies. A batch is one pass over four steps: receive() reads bytes into the
// decoder, handle() calls the handler for each request in them, flush() (sending.cpp) sends the replies, and
// hold() gives back the decoder if it is empty, so that another connection can use it. If the last batch left
// requests, the next batch begins with handle().
#include "session.hpp"
#include "session_templates.hpp"
#include "stream.hpp"
#include "worker.hpp"

#include <algorithm>
#include <cassert>

namespace resp::detail {

namespace {

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
    if (next_ == Next::await) {
        begin_wait();
        if (activity_ == Activity::awaiting) await_handler();
        return;
    }
    const bool drains = worker_->is_draining();
    if (next_ == Next::read && !drains && !readable_ && !held_back_) return;
    const bool was_held_back = held_back_;
    held_back_ = is_held_back();
    if (held_back_ || has_most_deferred()) return;
    if (was_held_back) deadlines_.wait_for_no_frame();  // it begins again: meanwhile we did not read
    if (next_ == Next::read) {
        if (!drains && !readable_) return;  // it was held back: settle() asks for the input
        const Receipt receipt = receive();
        if (receipt == Receipt::end || (receipt == Receipt::nothing && drains)) stop_reading({});
        if (receipt != Receipt::bytes) return hold();
    }
    limits_.begin(decoder_->offset(), decoder_->pending(), output().bytes.size(),
                  mailbox_->shared().options.batch_output);
    end_batch(handle());
    if (activity_ == Activity::awaiting) await_handler();
}

/// Whether memory is so short that this connection must not take more. To read takes memory. To handle a
/// request takes memory for the reply, and frees that of the request. What the handler has charged does not
/// count here: only requests can free it.
bool Session::is_held_back() const noexcept {
    if (!worker_->is_memory_short()) return false;
    const std::size_t input_and_output = held_ + queue_.share_of_payloads();
    return !worker_->may_take_more(next_ == Next::read ? input_and_output : queue_.size());
}

void Session::end_batch(BatchEnd end) {
    if (end == BatchEnd::awaiting_handler) return begin_wait();
    assert(activity_ == Activity::ready);
    if (kept_ != nullptr) worker_->give_back(std::move(kept_));
    hold();
    const bool left_requests = end != BatchEnd::all_handled && decoder_ != nullptr;
    next_ = left_requests ? Next::handle : Next::read;
    if (left_requests && end == BatchEnd::too_many_deferred) {
        return deadlines_.wait_for_no_frame();  // end_turn() goes on; meanwhile the client is not late
    }
    // Two more reasons to continue later. While the server drains, the connection waits for no input: it
    // reads again until a read returns nothing. A closing connection lets the pushes that its handler has
    // posted arrive first, so that they are sent too.
    if (left_requests || worker_->is_draining() || state_ == State::closing) post_resume();
}

/// Continues after the other connections had their batches.
void Session::post_resume() {
    assert(activity_ == Activity::ready);
    worker_->resume_later(shared_from_this());
    activity_ = Activity::posted;
}

// ---- receiving

/// Reads what has arrived and gives it to the decoder.
Receipt Session::receive() {
    assert(transport_ != nullptr);
    std::error_code ec;
    std::size_t n = 0;
    // Another thread may have used memory up since is_held_back(): at least one byte, because 0 is the end of stream.
    const std::size_t most =
        worker_->is_memory_short() ? std::max<std::size_t>(worker_->most_read(), 1) : most_room;
    if (decoder_ == nullptr) {
        // Between two frames: reads into the thread's buffer and decodes there, without a copy.
        std::span<char> room = worker_->read_room();
        room = room.first(std::min(room.size(), most));
        n = read_some(room, ec);
        if (n != 0) {
            take_decoder();
            decoder_->feed(room.first(n));
        }
    } else {
        // Inside a frame: reads into the decoder's buffer.
        const std::size_t missing = decoder_->missing();
        const std::size_t room = std::min(std::clamp(decoder_->pending(), least_room, most_room), most);
        n = read_some(decoder_->prepare(missing > 1 ? std::min(room, missing) : room), ec);
        decoder_->commit(n);
    }
    return received(n, ec);
}

/// What a read means that has returned no bytes.
Receipt Session::received_nothing(std::error_code ec) {
    if (ec == std::errc::operation_would_block || ec == std::errc::interrupted) return Receipt::nothing;
    if (ec) {
        shut(ec);
    } else {
        peer_state_.store(PeerState::half_closed, std::memory_order_relaxed);
    }
    return Receipt::end;
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

/// Whether the batch may handle another request. Inlined, because each request asks.
[[gnu::always_inline]] inline bool Session::may_go_on(Batch& batch) {
    const Output& out = queue_.output();
    if (out.reply.closing() || !is_open()) {
        stop_reading({});
        return false;
    }
    if (limits_.is_output_spent(out.bytes.size())) {
        batch.end_ = BatchEnd::output_full;
        return false;
    }
    if (has_most_deferred()) [[unlikely]] {
        batch.end_ = BatchEnd::too_many_deferred;
        return false;
    }
    const bool spent =
        limits_.has_input_end() && decoder_ != nullptr && limits_.is_input_spent(decoder_->offset());
    if (spent || limits_.is_late(batch.requests_)) {
        batch.end_ = BatchEnd::budget_spent;
        return false;
    }
    return true;
}

/// Calls the handler for the received requests, and sends its replies.
BatchEnd Session::handle() {
    assert(activity_ == Activity::ready && adapter_ != nullptr);
    Output& out = output();
    deliver_pushes();
    const std::uint64_t skipped = decoder_ != nullptr ? decoder_->skipped() : 0;
    Batch batch{*this, connection_, out.reply, worker_->turn_object()};
    if (worker_->has_turn()) worker_->flush_later(*this);
    try {
        // Without a decoder, the request whose handler has waited was the last one.
        if (decoder_ == nullptr) {
            static_cast<void>(may_go_on(batch));
        } else {
            outcome_ = adapter_->handle(batch);
            if (stream_ != nullptr) outcome_ = adapter_->on_stream(stream_->incoming(), out.reply);
            if (outcome_.waits() || stream_ != nullptr) activity_ = Activity::awaiting;
        }
    } catch (...) {
        request_failed();
    }
    limits_.count(batch.requests_);
    worker_->counters().requests.add(batch.requests_);
    if (decoder_ != nullptr && decoder_->skipped() != skipped)
        worker_->counters().bytes_skipped.add(decoder_->skipped() - skipped);
    if (batch.requests_ != 0) deadlines_.request_arrived();
    if (activity_ == Activity::awaiting) return BatchEnd::awaiting_handler;
    end_reply();
    deliver_pushes();
    flush();
    return state_ == State::open ? batch.end_ : BatchEnd::all_handled;
}

namespace {

/// Whether refuses_protocol() must look at the request. Each request is asked, so it compares only what rules
/// out almost all commands: the length of `POST` or `Host:`, which is 4 or 5, and their second letter.
bool may_be_http(Entry request) noexcept {
    if (request.node->has(Node::inline_line)) return request.node[1].size >= 3;  // `PRI` is the shortest
    if (request.node->type != Type::array || request.node->size == 0) return false;
    const Node& name = request.node[1];
    if (!name.has(Node::plain_text)) return true;  // not a plain word: only with Reads::anything
    constexpr char to_lower = 0x20;
    return (name.size | 1) == 5 && (request.frame->wire[name.begin + 1] | to_lower) == 'o';
}

}  // namespace

/// Ends the reply to the previous request, and takes the next request.
Entry Batch::next_entry() {
    session_.end_reply();
    if (!session_.may_go_on(*this)) return {};
    assert(session_.decoder_ != nullptr);
    Decoder& decoder = *session_.decoder_;
    if (requests_ != 0 && decoder.pending() == 0) return {};  // the usual end, seen without a call
    const BatchLimits& limits = session_.limits_;
    std::optional<View> request = decoder.next(limits.skip_end());
    while (!request && decoder.paused() != 0) {
        if (!session_.declines_stream()) {
            if (session_.stream_ != nullptr) ++requests_;
            return {};
        }
        request = decoder.next(limits.skip_end());
    }
    if (!request) {
        if (decoder.error()) {
            session_.protocol_error(*decoder.error());
        } else if (limits.is_skip_spent(decoder.offset())) {
            end_ = BatchEnd::budget_spent;  // by input that is no request
        }
        return {};
    }
    const Entry entry = entry_of(*request);
    if (may_be_http(entry)) [[unlikely]] {
        if (session_.refuses_protocol(Command{*request}, request->is_inline(), request->wire())) return {};
    }
    ++requests_;
    return entry;
}

View Batch::keep(View request) { return session_.keep(request); }

/// Takes a decoder for the stream from `offset_` on.
void Session::take_decoder() {
    decoder_ = worker_->take_decoder(offset_);
    const Options& options = mailbox_->shared().options;
    if (options.first_limits) [[unlikely]]
        decoder_->set_limits(limited_ ? *options.first_limits : options.limits);
}

/// From the next frame on: by Options::first_limits or by Options::limits.
void Session::limit_requests(bool by_first_limits) noexcept {
    const Options& options = mailbox_->shared().options;
    const bool limits = by_first_limits && options.first_limits;
    if (limits != limited_ && decoder_ != nullptr) {
        decoder_->set_limits(limits ? *options.first_limits : options.limits);
    }
    limited_ = limits;
}

// ---- waiting

/// After a batch: an idle connection keeps no decoder. account() gives back the output.
void Session::hold() {
    put_away_decoder();
    if (decoder_ == nullptr) return deadlines_.wait_for_no_frame();
    deadlines_.wait_for_frame(offset_, decoder_->pending(), mailbox_->shared().options);
}

/// Ends the loan of received bytes. Gives back the decoder if it holds no bytes or the connection is closing.
void Session::put_away_decoder() {
    if (decoder_ == nullptr) return;
    offset_ = decoder_->offset();
    if (decoder_->pending() == 0 || state_ != State::open) {
        worker_->give_back(std::move(decoder_));
    } else {
        decoder_->release();
    }
}

}  // namespace resp::detail
