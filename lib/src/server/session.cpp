// The functions through which others call a connection. Each acts, continues as far as possible, and then
// waits. batch.cpp handles requests, awaiting.cpp awaits handlers, sending.cpp sends, ending.cpp closes.
#include "session.hpp"

#include "session_templates.hpp"
#include "stream.hpp"
#include "streaming.hpp"
#include "worker.hpp"

#include <algorithm>
#include <cassert>

namespace resp::detail {

Session::Session(Worker& worker, std::unique_ptr<Transport> transport, std::unique_ptr<Adapter> adapter,
                 const Peer& peer)
    : Visible(worker.mailbox(), peer),
      worker_(&worker),
      transport_(std::move(transport)),
      adapter_(std::move(adapter)),
      refused_(adapter_ == nullptr),
      limited_(mailbox_->shared().options.first_limits.has_value()) {
    assert(transport_ != nullptr);
    transport_->attach(*this);
}

HandlerWait::HandlerWait() = default;
HandlerWait::~HandlerWait() = default;

// ---- acting

/// Calls the action through enter(), after the other connections had their batches.
void Session::post(void (Session::*action)()) {
    asio::post(worker_->executor(),
               [self = shared_from_this(), action] { self->enter([&] { (self.get()->*action)(); }); });
}

void Session::start() noexcept {
    assert(!refused_ && connection_.id() == 0);
    static std::atomic<std::uint64_t> last_id{0};
    connection_ = Connection{weak_from_this(), ++last_id};
    enter([this] { open(); });
}

void Session::refuse(std::string_view last_words) noexcept {
    assert(refused_ && state_ == State::open);
    enter([&] {
        output().bytes.append(last_words);
        stop_reading({});
    });
}

void Session::ready(Interest ready) noexcept {
    assert(!entered_ && ready != Interest{});
    enter([&] {
        readable_ = ready.read;
        if (ready.write) {
            waiting_.write = false;
            flush();
        }
        if (ready.leave || ready.gone) notice_leaving(ready);
    });
}

void Session::resume() noexcept {
    enter([this] {
        assert(activity_ == Activity::posted);
        activity_ = Activity::ready;
    });
}

void Session::go_on() noexcept {
    enter([] {});  // advance() does it
}

void Session::abort(std::error_code reason) noexcept {
    enter([&] { shut(reason); });
}

void Session::check_deadlines(Clock::time_point now, Clock::duration elapsed) noexcept {
    enter([&] { keep_deadlines(now, elapsed); });
}

void Session::close() noexcept try {
    end_pushes();  // may_go_on() sees it before the posted action runs
    mailbox_->post([self = shared_from_this()] { self->enter([&] { self->stop_reading({}); }); });
} catch (const std::exception&) {
    // No memory for the posted action: notice_close() closes at the next tick.
}

void Session::move_place(const Peer& peer) noexcept {
    enter([&] {
        if (!place_ || state_ == State::closed) return;
        const Refusal refusal = place_.move_to(peer, Clock::now());
        if (refusal == Refusal::none) return;
        count_refused(mailbox_->shared(), refusal, peer);
        stop_reading(std::make_error_code(std::errc::connection_refused));
    });
}

// ---- continuing

/// Continues as far as possible without waiting.
void Session::advance() {
    if (activity_ != Activity::ready) return;
    if (state_ == State::open) read_and_handle();
    if (state_ == State::closing && activity_ == Activity::ready) finish();
    if (state_ == State::lingering && readable_) discard();
}

/// Gives back the memory that it does not need while it waits, and counts the memory that it keeps. A
/// borrowed buffer may be much larger than the bytes in it, and the whole buffer counts.
void Session::account() noexcept try {
    // A handler that waits, or will wait, uses the request and the output.
    const bool in_use = activity_ == Activity::awaiting || (state_ == State::open && next_ == Next::await);
    if (queue_.has_output() && in_use && !Streaming::goes_on(*this)) queue_.fit_output();
    if (decoder_ != nullptr && !in_use) {
        decoder_->shrink(std::max<std::size_t>(64 * 1024, 32 * decoder_->pending()));
    }
    if (queue_.has_output() && !in_use) {
        constexpr std::size_t large = 64 * 1024;
        // While deferred replies are open, nothing after them can be sent.
        if (queue_.output().bytes.capacity() > large || queue_.holes() != 0) queue_.move_output_to_pieces();
        if (queue_.output().bytes.empty()) worker_->give_back(queue_.take_output());
    }
    if (auto pieces = queue_.take_pieces()) worker_->give_back(std::move(pieces));
    const bool holds = decoder_ != nullptr || kept_ != nullptr || stream_ != nullptr || !queue_.is_unused();
    if (!holds && held_.load(std::memory_order_relaxed) == 0) return;  // the usual case
    std::size_t held = 0;
    if (holds) {
        held = queue_.memory();
        if (decoder_ != nullptr) held += decoder_->memory();
        if (kept_ != nullptr) held += kept_->memory();
        if (stream_ != nullptr) held += stream_->memory();
    }
    queued_.store(queue_.size_with_waiting(), std::memory_order_relaxed);
    const std::size_t before = held_.load(std::memory_order_relaxed);
    if (held == before) return;
    const bool grows = held > before;
    mailbox_->shared().memory.fetch_add(held - before, std::memory_order_relaxed);
    held_.store(held, std::memory_order_relaxed);
    if (grows) worker_->bound_memory();
} catch (const std::exception&) {
    // No memory for the pieces: the next tick tries again.
}

/// What a waiting handler uses is freed only by its end. If its wait can be cancelled, that is soon.
std::size_t Session::weight() const noexcept {
    const std::size_t payloads = queue_.share_of_payloads();
    if (activity_ == Activity::awaiting && !cancellable_) return queue_.memory_of_pieces() + payloads;
    return held_ + payloads + charged.load(std::memory_order_relaxed);
}

/// Asks the transport for what the connection waits for. This is the last step: if the connection is closed,
/// end() removes it from the worker.
void Session::settle() noexcept try {
    const bool awaits = activity_ == Activity::awaiting;
    if (sleeps_for_ != SleepsFor::nothing) Streaming::wake(*this);
    readable_ = false;
    if (awaits && cancellable_ && !may_wait()) {
        cancellable_ = false;
        cancel_->emit(asio::cancellation_type::all);
    }
    if (state_ == State::closed) {
        if (!awaits) end();
        return;
    }
    assert(transport_ != nullptr);
    if (queue_.has_waits() && queue_.size_with_waiting() <= worker_->share()) queue_.end_waits({});
    const bool may_read = activity_ == Activity::ready && !held_back_ && !has_most_deferred();
    const bool reads = state_ == State::open && (may_read || sleeps_for_ == SleepsFor::input);
    waiting_.read = state_ == State::lingering ? linger_.discards != 0 : reads;
    waiting_.leave = awaits && peer_state() == PeerState::open;
    // A connection that does not read would not notice a reset.
    waiting_.gone = !reads && (state_ == State::open || queue_.holes() != 0);
    const Interest possible = transport_->wait(waiting_);
    if (possible != Interest{}) post_ready(possible);
} catch (...) {
    shut(std::make_error_code(std::errc::not_enough_memory));
    if (activity_ != Activity::awaiting) end();
}

/// Reports what is possible without the transport's notification, after the other connections had their
/// batches.
void Session::post_ready(Interest possible) {
    asio::post(worker_->executor(), [self = shared_from_this(), possible] {
        if (self->state_ != State::closed) self->ready(possible);
    });
}

}  // namespace resp::detail
