// Coroutine handlers: how a request stays valid while its handler waits, how the batch goes on after it, and
// how a wait ends early because the client has left.
#include "session.hpp"
#include "session_templates.hpp"
#include "stream.hpp"
#include "streaming.hpp"
#include "worker.hpp"

#include <libresp/server/asio.hpp>

#include <cassert>
#include <exception>
#include <utility>

namespace resp::detail {

namespace {

// A request of at most this size is copied for its handler. A longer one stays in the decoder.
constexpr std::size_t most_copied = 64 * 1024;
// A request of at most this size may wait even if many large ones do.
constexpr std::size_t small_request = 16 * 1024;

}  // namespace

/// Returns a view that stays valid while the handler waits and other connections use the thread's buffer. A
/// copy holds exactly this request, so a handler that waits for long takes little memory.
View Session::keep(View request) {
    const std::string_view wire = request.wire();
    if (wire.size() > most_copied && !worker_->is_in_read_room(wire.data())) {
        kept_.reset();
        return request;
    }
    if (kept_ == nullptr) kept_ = worker_->take_value();
    if (kept_ == nullptr) {
        kept_ = std::make_unique<Value>(request);
    } else {
        kept_->assign(request);
    }
    return kept_->view();
}

/// The coroutine in `outcome_` begins next. If too many large requests wait already, the connection is held
/// back instead, and each tick tries again.
void Session::begin_wait() {
    assert(waits_with_ == 0);
    activity_ = Activity::awaiting;
    if (kept_ != nullptr) put_away_decoder();
    const std::size_t bytes = stream_ != nullptr ? stream_->memory()
                              : kept_ != nullptr ? kept_->memory()
                                                 : decoder_->memory();
    held_back_ = bytes > small_request && !worker_->may_wait_with(bytes);
    if (held_back_) {
        activity_ = Activity::ready;
        next_ = Next::await;
        return flush();
    }
    if (bytes > small_request) waits_with_ = bytes;
    next_ = Next::handle;
    flush_soon();
}

void Session::end_wait() noexcept {
    if (waits_with_ != 0) worker_->wait_ended(std::exchange(waits_with_, 0));
}

/// Starts a coroutine that awaits the handler, and continues with the batch when the handler ends.
void Session::await_handler() {
    assert(activity_ == Activity::awaiting);
    try {
        if (cancel_ == nullptr) cancel_ = std::make_unique<asio::cancellation_signal>();
        asio::co_spawn(worker_->executor(), await_requests(worker_->shared_from_this(), shared_from_this()),
                       asio::bind_cancellation_slot(cancel_->slot(), asio::detached));
    } catch (...) {
        activity_ = Activity::ready;
        outcome_ = {};
        end_wait();
        throw;
    }
}

/// Runs as long as the batch has requests. Its arguments keep alive what a waiting handler needs.
asio::awaitable<void> Session::await_requests(std::shared_ptr<Worker>, std::shared_ptr<Session>) {
    // Only unless_gone() may be cancelled.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    do {
        try {
            if (outcome_.waits()) co_await outcome_.take();
        } catch (const Left&) {
            if (queue_.has_output()) queue_.output().drop_reply();
        } catch (...) {
            request_failed();
        }
        cancellable_ = false;
        if (stream_ != nullptr) co_await Streaming::end(*this);
    } while (handler_ended());
}

/// Continues with the batch. Returns whether another handler must be awaited.
bool Session::handler_ended() noexcept {
    assert(activity_ == Activity::awaiting);
    bool awaits_another = false;
    enter([&] {
        activity_ = Activity::ready;
        end_wait();
        end_reply();
        if (worker_->is_memory_short())
            limits_.end_now();  // then memory decides whether the next batch begins
        end_batch(handle());
        awaits_another = activity_ == Activity::awaiting;
        if (held_back_) post_resume();  // no other coroutine may begin inside this one
    });
    return awaits_another;
}

/// Posts a flush of the finished replies. If the handler waits, they are sent while it waits. If it does not
/// wait, they are sent at the end of the batch, together with its reply.
void Session::flush_soon() {
    assert(activity_ == Activity::awaiting);
    if (flush_posted_ || !queue_.has_committed()) return;
    try {
        post(&Session::flush_posted);
        flush_posted_ = true;
    } catch (...) {
        activity_ = Activity::ready;  // the connection closes, and the handler is not awaited
        outcome_ = {};
        end_wait();
        throw;
    }
}

void Session::flush_posted() {
    flush_posted_ = false;
    flush();
}

// ---- the client leaves while the handler waits

/// After a reset the descriptor is closed at once, and the place is freed when the handler has ended. An end
/// of stream is no reason to close: the client may still read its replies.
void Session::notice_leaving(Interest ready) noexcept {
    if (ready.gone) {
        shut(std::make_error_code(std::errc::connection_reset));
    } else if (peer_state() == PeerState::open) {
        peer_state_.store(PeerState::half_closed, std::memory_order_relaxed);
    }
}

}  // namespace resp::detail

namespace resp {

asio::awaitable<void> Outcome::take() noexcept {
    assert(waits());
    asio::awaitable<void> wait = std::move(*std::launder(reinterpret_cast<asio::awaitable<void>*>(&place_)));
    clear();
    return wait;
}

asio::awaitable<bool> unless_gone(Connection connection, asio::awaitable<void> wait) {
    const auto session = detail::Session::of(connection);
    if (!session || !session->may_wait()) co_return false;
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    session->set_cancellable(true);
    std::exception_ptr thrown;
    try {
        co_await std::move(wait);
    } catch (...) {
        thrown = std::current_exception();
    }
    const bool was_cancelled = !session->set_cancellable(false);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (!thrown) co_return true;  // the wait may have a result, which must not be lost
    if (was_cancelled) co_return false;
    std::rethrow_exception(thrown);
}

}  // namespace resp
