// Words that arrive piece by piece, and replies that leave piece by piece. The handler's coroutine decides when
// the connection reads and when it sends:
//
//     Decoder pauses        a word above Options::stream_above
//     declines_stream()     asks the handler; if it wants the word, the Stream gets the rest of the input
//     on_stream()           the coroutine. next() and rest() read; if nothing has arrived, they sleep
//     drain()               sends what was written of the reply; if there is no room, it sleeps
//     settle()              wakes the coroutine when that for which it sleeps has happened
//     end_stream()          skips what the handler did not read, and gives later input to a decoder
#include "stream.hpp"

#include "session.hpp"
#include "session_templates.hpp"
#include "worker.hpp"

#include <libresp/server/asio.hpp>
#include <libresp/server/incoming.hpp>

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>

#include <cassert>
#include <utility>

namespace resp {

Command Incoming::head() const noexcept { return session_.stream_->head(); }
std::string_view Incoming::wire_before() const noexcept { return session_.stream_->wire_before(); }
std::uint64_t Incoming::size() const noexcept { return session_.stream_->size(); }
std::size_t Incoming::words_after() const noexcept { return session_.stream_->words_after(); }
const Connection& Incoming::connection() const noexcept { return session_.connection_; }
asio::awaitable<std::optional<Incoming::Piece>> Incoming::next() { return session_.next_piece(); }
asio::awaitable<Command> Incoming::rest() { return session_.rest_of_stream(); }

asio::awaitable<void> Reply::drain() {
    if (session_ == nullptr) return []() -> asio::awaitable<void> { co_return; }();
    return session_->drain();
}

namespace detail {

namespace {

// drain() waits until at most this much is left to send.
constexpr std::size_t most_left = 64 * 1024;
// After so many reads or drains without a wait, other connections run.
constexpr unsigned most_in_a_row = 4;

}  // namespace

// ---- the beginning and the end of a stream

/// The decoder has paused before a long word. Returns false if the handler streams the word, or if the client
/// speaks another protocol.
bool Session::declines_stream() {
    const Command words = decoder_->words_before();
    if (refuses_protocol(words, false, words.name())) return false;
    if (!adapter_->wants_stream(words, decoder_->paused())) {
        decoder_->resume();
        return true;
    }
    stream_ = std::make_unique<Stream>(*decoder_, mailbox_->shared().options, *this, worker_->turn_object());
    worker_->give_back(std::move(decoder_));
    return false;
}

/// The handler has ended.
asio::awaitable<void> Session::end_stream() {
    enter([this] {
        if (stream_->error() || state_ != State::open) return;
        end_reply();
        flush();
    });
    try {
        while (state_ == State::open && !queue_.output().reply.closing() && !stream_->has_ended()) {
            stream_->skip();
            if (!stream_->has_ended()) co_await read_more();
        }
    } catch (const Left&) {
        // The connection ends.
    }
    enter([this] { leave_stream(); });
}

void Session::leave_stream() {
    if (state_ == State::open && stream_->error()) {
        Output& out = output();
        out.drop_reply();
        if ((out.reply.state_ & Reply::drained) == 0) {
            protocol_error(*stream_->error());
        } else {
            stop_reading(make_error_code(stream_->error()->code));
        }
    }
    offset_ = stream_->offset();
    if (state_ == State::open && stream_->has_ended() && !stream_->unread().empty()) {
        decoder_ = worker_->take_decoder(offset_);
        decoder_->feed(stream_->unread());
        decoder_->release();
    }
    stream_.reset();
}

// ---- input

asio::awaitable<std::optional<Incoming::Piece>> Session::next_piece() {
    for (;;) {
        std::optional<Incoming::Piece> piece = stream_->take();
        if (piece || (stream_->word_has_ended() && !stream_->error())) co_return piece;
        co_await read_more();
    }
}

asio::awaitable<Command> Session::rest_of_stream() {
    while (!stream_->keep_rest()) co_await read_more();
    co_return stream_->rest();
}

/// Returns when more bytes of the stream have arrived. Throws Left if none will.
asio::awaitable<void> Session::read_more() {
    for (;;) {
        if (stream_->error() || state_ != State::open) throw Left{reason_};
        Receipt receipt = Receipt::end;
        enter([&] {
            std::error_code ec;
            const std::size_t n = transport_->read(stream_->room(), ec);
            stream_->commit(n);
            receipt = received(n, ec);
            if (receipt == Receipt::end) stop_reading({});
            if (receipt == Receipt::nothing) sleeps_for_ = SleepsFor::input;
        });
        if (receipt == Receipt::bytes) break;
        if (sleeps_for_ != SleepsFor::nothing) co_await sleep();
    }
    co_await let_others_run();
}

// ---- output

asio::awaitable<void> Session::drain() {
    assert(activity_ == Activity::awaiting);
    enter([this] {
        Output& out = queue_.output();
        end_reply();
        out.reply.state_ |= Reply::drained;
        flush();
        if (state_ != State::closed && queue_.size() > most_left) sleeps_for_ = SleepsFor::room;
    });
    while (state_ != State::closed && queue_.size() > most_left) {
        sleeps_for_ = SleepsFor::room;
        co_await sleep();
    }
    if (state_ == State::closed) throw Left{reason_};
    co_await let_others_run();
}

// ---- waiting

/// Suspends the handler's coroutine until settle() wakes it.
asio::awaitable<void> Session::sleep() {
    struct Sleeper {
        Sleeper(Session& owner) : session(owner), timer(owner.worker_->executor(), Clock::time_point::max()) {
            session.sleeper_ = &timer;
        }
        ~Sleeper() { session.sleeper_ = nullptr; }
        Session& session;
        asio::steady_timer timer;
    };
    Sleeper sleeper{*this};
    std::error_code ec;
    co_await sleeper.timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

/// Whether the handler's coroutine may write more of its reply soon.
bool Session::is_streaming() const noexcept {
    return stream_ != nullptr || (queue_.output().reply.state_ & Reply::drained) != 0;
}

/// Wakes the handler's coroutine if that for which it sleeps has happened.
void Session::wake() noexcept {
    const bool ready = sleeps_for_ == SleepsFor::input
                           ? readable_ || state_ != State::open
                           : state_ == State::closed || queue_.size() <= most_left;
    if (!ready) return;
    sleeps_for_ = SleepsFor::nothing;
    if (sleeper_ != nullptr) sleeper_->cancel();
}

asio::awaitable<void> Session::let_others_run() {
    if (++in_a_row_ < most_in_a_row) co_return;
    in_a_row_ = 0;
    co_await asio::post(worker_->executor(), asio::use_awaitable);
}

}  // namespace detail
}  // namespace resp
