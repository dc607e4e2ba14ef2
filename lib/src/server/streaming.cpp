// Words that arrive piece by piece, and replies that leave piece by piece. The handler's coroutine decides when
// the connection reads and when it sends:
//
//     Decoder pauses        a word above Options::stream_above
//     declines_stream()     asks the handler; if it wants the word, the Stream gets the rest of the input
//     on_stream()           the coroutine. next() and rest() read; if nothing has arrived, they sleep
//     drain()               sends what was written of the reply; if there is no room, it sleeps
//     settle()              wakes the coroutine when that for which it sleeps has happened
//     end_stream()          skips what the handler did not read, and gives later input to a decoder
#include "streaming.hpp"

#include "session.hpp"
#include "session_templates.hpp"
#include "stream.hpp"
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
asio::awaitable<std::optional<Incoming::Piece>> Incoming::next() { return detail::Streaming::next(session_); }
asio::awaitable<Command> Incoming::rest() { return detail::Streaming::rest(session_); }

asio::awaitable<void> Reply::drain() {
    if (session_ == nullptr) return []() -> asio::awaitable<void> { co_return; }();
    return detail::Streaming::drain(*session_);
}

namespace detail {

namespace {

// drain() waits until at most this much is left to send.
constexpr std::size_t most_left = 64 * 1024;
// Reads or drains without a wait, after which other connections run.
constexpr unsigned most_in_a_row = 4;

}  // namespace

// ---- the beginning and the end of a stream

/// The decoder has paused before a long word. Returns false if the handler streams the word, or if the client
/// speaks another protocol.
bool Session::declines_stream() {
    const Command words = decoder_->words_before();
    if (refuses_protocol(words, false, words.name())) return false;
    if (limited_ || !adapter_->wants_stream(words, decoder_->paused())) {
        decoder_->resume();
        return true;
    }
    stream_ = std::make_unique<Stream>(*decoder_, mailbox_->shared().options, *this, worker_->turn_object());
    worker_->give_back(std::move(decoder_));
    return false;
}

/// The handler has ended.
asio::awaitable<void> Streaming::end(Session& session) {
    session.enter([&] {
        if (session.stream_->error() || session.state_ != State::open) return;
        session.end_reply();
        session.flush();
    });
    try {
        while (session.state_ == State::open && !session.queue_.output().reply.closing() &&
               !session.stream_->has_ended()) {
            session.stream_->skip();
            if (!session.stream_->has_ended()) co_await read_more(session);
        }
    } catch (const Left&) {
        // The connection ends.
    }
    session.enter([&] { leave(session); });
}

void Streaming::leave(Session& session) {
    if (session.state_ == State::open && session.stream_->error()) {
        Output& out = session.output();
        out.drop_reply();
        const bool drained = (out.reply.state_ & Reply::drained) != 0;
        session.protocol_error(*session.stream_->error());
        if (drained) out.drop_reply();  // the client has a part of a value, which text would continue
    }
    session.offset_ = session.stream_->offset();
    if (session.state_ == State::open && session.stream_->has_ended() && !session.stream_->unread().empty()) {
        session.take_decoder();
        session.decoder_->feed(session.stream_->unread());
        session.decoder_->release();
    }
    session.stream_.reset();
}

// ---- input

asio::awaitable<std::optional<Incoming::Piece>> Streaming::next(Session& session) {
    for (;;) {
        std::optional<Incoming::Piece> piece = session.stream_->take();
        if (piece || (session.stream_->word_has_ended() && !session.stream_->error())) co_return piece;
        co_await read_more(session);
    }
}

asio::awaitable<Command> Streaming::rest(Session& session) {
    while (!session.stream_->keep_rest()) co_await read_more(session);
    co_return session.stream_->rest();
}

/// Returns when more bytes of the stream have arrived. Throws Left if none will.
asio::awaitable<void> Streaming::read_more(Session& session) {
    for (;;) {
        if (session.stream_->error() || session.state_ != State::open) throw Left{session.reason_};
        Receipt receipt = Receipt::end;
        session.enter([&] {
            std::error_code ec;
            const std::size_t n = session.transport_->read(session.stream_->room(), ec);
            session.stream_->commit(n);
            receipt = session.received(n, ec);
            if (receipt == Receipt::end) session.stop_reading({});
            if (receipt == Receipt::nothing) session.sleeps_for_ = HandlerWait::SleepsFor::input;
        });
        if (receipt == Receipt::bytes) break;
        if (session.sleeps_for_ != HandlerWait::SleepsFor::nothing) co_await sleep(session);
    }
    co_await let_others_run(session);
}

// ---- output

asio::awaitable<void> Streaming::drain(Session& session) {
    assert(session.activity_ == Activity::awaiting);
    session.enter([&] {
        Output& out = session.queue_.output();
        session.end_reply();
        out.reply.state_ |= Reply::drained;
        session.flush();
    });
    while (session.state_ != State::closed && session.queue_.size() > most_left) {
        session.sleeps_for_ = HandlerWait::SleepsFor::room;
        co_await sleep(session);
    }
    if (session.state_ == State::closed) throw Left{session.reason_};
    co_await let_others_run(session);
}

// ---- waiting

/// A timer that never expires, and is known while it exists.
struct Sleeper {
    Sleeper(const asio::any_io_executor& executor, asio::steady_timer*& known)
        : timer(executor, Clock::time_point::max()), place(known) {
        place = &timer;
    }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    ~Sleeper() { place = nullptr; }
    asio::steady_timer timer;
    asio::steady_timer*& place;
};

/// Suspends the handler's coroutine until settle() wakes it.
asio::awaitable<void> Streaming::sleep(Session& session) {
    Sleeper sleeper{session.worker_->executor(), session.sleeper_};
    std::error_code ec;
    co_await sleeper.timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

/// Whether the handler's coroutine may write more of its reply soon.
bool Streaming::goes_on(Session& session) noexcept {
    return session.stream_ != nullptr || (session.queue_.output().reply.state_ & Reply::drained) != 0;
}

/// Wakes the handler's coroutine if that for which it sleeps has happened.
void Streaming::wake(Session& session) noexcept {
    const bool ready = session.sleeps_for_ == HandlerWait::SleepsFor::input
                           ? session.readable_ || session.state_ != State::open
                           : session.state_ == State::closed || session.queue_.size() <= most_left;
    if (!ready) return;
    session.sleeps_for_ = HandlerWait::SleepsFor::nothing;
    if (session.sleeper_ != nullptr) session.sleeper_->cancel();
}

asio::awaitable<void> Streaming::let_others_run(Session& session) {
    if (++session.in_a_row_ < most_in_a_row) co_return;
    session.in_a_row_ = 0;
    co_await asio::post(session.worker_->executor(), asio::use_awaitable);
}

}  // namespace detail
}  // namespace resp
