// The connections of one thread: it accepts and refuses clients, lists the connections, stops them, and runs
// the ticks. The memory limit is in memory.cpp.
#include "worker.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <stdexcept>

namespace resp::detail {

namespace {

/// See Worker::most_output().
std::size_t output_limit(const Options& options) noexcept {
    constexpr std::size_t unsent = SendQueue::long_rest;
    const std::size_t replies = std::min(options.batch_output, SIZE_MAX - unsent) + unsent;
    return replies + std::min(options.max_reply, SIZE_MAX - replies);
}

/// Turns off Nagle's algorithm, and sets TCP keepalive. Ignores errors: if the client has left already, the
/// first read reports it.
void set_options(int socket, int keepalive) noexcept {
    const auto set = [&](int level, int name, int value) {
        static_cast<void>(::setsockopt(socket, level, name, &value, sizeof value));
    };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, keepalive != 0 ? 1 : 0);
    if (keepalive != 0) set(IPPROTO_TCP, TCP_KEEPIDLE, keepalive);
}

}  // namespace

Worker::Worker(std::shared_ptr<Shared> shared, const asio::any_io_executor& executor, std::size_t thread)
    : Lending(*shared),
      shared_(std::move(shared)),
      mailbox_(std::make_shared<Mailbox>(shared_, executor, thread)),
      most_output_(output_limit(shared_->options)),
      turn_(shared_->factory->make_turn(executor)),
      turn_object_(turn_ != nullptr ? turn_->object() : nullptr) {
    shared_->worker_begins();
}

Worker::~Worker() { dispose(); }

void Worker::open() {
    assert(!poller_ && !timer_);
    poller_.emplace(executor(), weak_from_this());
    timer_.emplace(executor());
}

// ---- clients connect

void Worker::accept(Descriptor client, const Peer& peer, Place place) noexcept try {
    adopt(make_transport(std::move(client), peer), peer, std::move(place));
} catch (...) {
    could_not_serve();
}

void Worker::adopt(std::unique_ptr<Transport> client, const Peer& peer, Place place) noexcept try {
    const auto session = std::make_shared<Session>(*this, std::move(client), shared_->factory->make(), peer);
    session->place_ = std::move(place);
    add(session);
    session->start();
    if (draining_) session->go_on();
} catch (...) {
    could_not_serve();
}

/// Counts and logs a client that cannot be served: there is no memory for it, or copying the handler has
/// failed. The client is closed, and all others are served. Call it in the catch block.
void Worker::could_not_serve() noexcept try {
    ++shared_->accept_errors;
    shared_->log(LogLevel::warn, "[server] Cannot serve a client: {}", current_exception_text());
} catch (...) {
    // No memory for the log line. The error is counted.
}

void Worker::refuse(Descriptor client, const Peer& peer, const std::string& last_words) noexcept try {
    const std::size_t most = std::max<std::size_t>(most_lingering / shared_->options.threads, 1);
    if (lingering_ < most) return refuse(make_transport(std::move(client), peer), peer, last_words);
    // Too many clients are being refused: send the error and close, without waiting until the client has it.
    [[maybe_unused]] const auto sent =
        ::send(client.number(), last_words.data(), last_words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(client.number(), SHUT_WR);
} catch (...) {
    ++shared_->accept_errors;
}

void Worker::refuse(std::unique_ptr<Transport> client, const Peer& peer, const std::string& last_words) {
    const auto session = std::make_shared<Session>(*this, std::move(client), nullptr, peer);
    add(session);
    ++lingering_;
    session->refuse(last_words);
}

std::unique_ptr<Transport> Worker::make_transport(Descriptor client, const Peer& peer) {
    assert(poller_);
    if (!peer.is_unix) set_options(client.number(), static_cast<int>(shared_->options.keepalive.count()));
    std::unique_ptr<Transport> socket = std::make_unique<SocketTransport>(std::move(client), *poller_);
    if (!shared_->options.wrap) return socket;
    std::unique_ptr<Transport> wrapped = shared_->options.wrap(std::move(socket));
    if (wrapped == nullptr) throw std::runtime_error{"Options::wrap has returned null"};
    return wrapped;
}

// ---- the list of connections

void Worker::add(const std::shared_ptr<Session>& session) noexcept {
    assert(session->self_ == nullptr && session->previous_in_list_ == nullptr);
    session->self_ = session;
    session->next_in_list_ = first_;
    if (first_ != nullptr) first_->previous_in_list_ = session.get();
    first_ = session.get();
    wait_for_tick();
}

void Worker::remove(Session& session) noexcept {
    assert(session.self_.get() == &session);
    const std::shared_ptr<Session> self = std::move(session.self_);
    Session* const previous = std::exchange(session.previous_in_list_, nullptr);
    Session* const next = std::exchange(session.next_in_list_, nullptr);
    assert(previous != nullptr ? previous->next_in_list_ == &session : first_ == &session);
    assert(next == nullptr || next->previous_in_list_ == &session);
    (previous != nullptr ? previous->next_in_list_ : first_) = next;
    if (next != nullptr) next->previous_in_list_ = previous;
    if (following_ == &session) following_ = next;
    if (session.was_refused()) {
        assert(lingering_ != 0);
        --lingering_;
    }
    session.place_.free();
    if (on_closed) on_closed();
    if (draining_ && first_ == nullptr) end_drain();
}

/// Acts on each session. The action may end that session and others.
template <class Action>
void Worker::for_each(const Action& action) {
    assert(following_ == nullptr);  // it does not nest
    for (Session* session = first_; session != nullptr; session = following_) {
        following_ = session->next_in_list_;
        action(*session);
    }
}

// ---- turns

void Worker::resume_later(std::shared_ptr<Session> session) {
    later_.push_back(std::move(session));
    if (turn_posted_) return;
    try {
        post_turn();
    } catch (...) {
        later_.pop_back();
        throw;
    }
}

/// Sessions that are added after this wait for the next turn. So actions that they have posted run first.
void Worker::post_turn() {
    asio::post(executor(), [self = shared_from_this()] { self->turn(); });
    turn_posted_ = true;
    if (due_.empty()) due_.swap(later_);
}

/// Resumes sessions for turn_time. The rest waits for the next turn: new clients, a stop and sockets that are ready
/// come first.
void Worker::turn() noexcept try {
    const Clock::time_point end = Clock::now() + turn_time;
    turn_posted_ = false;
    while (resumed_ != due_.size()) {
        const std::shared_ptr<Session> session = std::move(due_[resumed_++]);
        session->resume();
        if (Clock::now() >= end) break;
    }
    if (resumed_ == due_.size()) {
        due_.clear();
        resumed_ = 0;
    }
    if (!turn_posted_ && (!due_.empty() || !later_.empty())) post_turn();
} catch (const std::exception&) {
    // No memory to post the next turn: the next tick tries again.
}

// ---- stopping

void Worker::drain(std::function<void()> done) {
    assert(!draining_);
    draining_ = true;
    drain_by_ = now_ + shared_->options.drain_deadline;
    drained_ = std::move(done);
    for_each([](Session& session) { session.go_on(); });
    if (first_ == nullptr) end_drain();
}

void Worker::end_drain() noexcept try {
    assert(draining_ && first_ == nullptr);
    if (drained_) drained_();
    drained_ = nullptr;
    if (timer_) timer_->cancel();
} catch (const std::exception&) {
    wait_for_tick();  // no memory to tell the engine: the next tick tries again
}

void Worker::abort() noexcept {
    for_each([](Session& session) { session.abort(std::make_error_code(std::errc::operation_canceled)); });
}

void Worker::dispose() noexcept {
    mailbox_->shut();
    for_each([](Session& session) {
        session.dispose();
        const std::shared_ptr<Session> self = std::move(session.self_);
    });
    first_ = nullptr;
    due_.clear();
    later_.clear();
    served_.clear();
    resumed_ = 0;
    poller_.reset();
    timer_.reset();
    if (!std::exchange(disposed_, true)) shared_->worker_ends();
}

// ---- time

/// The time of the last tick may be up to one tick old, so a deadline is at most that much later, never earlier.
Clock::time_point Worker::deadline_in(std::chrono::milliseconds time) const noexcept {
    if (time.count() <= 0) return Clock::time_point::max();
    return now_ + tick_time + std::min<std::chrono::milliseconds>(time, longest_duration);
}

void Worker::wait_for_tick() noexcept try {
    if (ticking_ || !timer_) return;
    timer_->expires_after(tick_time);
    timer_->async_wait([self = shared_from_this()](const std::error_code&) {
        self->ticking_ = false;
        if (!self->has_something_due()) return;
        self->tick(Clock::now());
        self->wait_for_tick();
    });
    ticking_ = true;
    poller_->resume();
} catch (const std::exception&) {
    // No memory for the wait: the next connection starts the ticks again.
}

/// Whether the ticks must go on: there are connections, which have deadlines, or there is memory to free.
bool Worker::has_something_due() const noexcept {
    return first_ != nullptr || drained_ || (!draining_ && (heap_has_holes_ || has_spares()));
}

void Worker::tick(Clock::time_point now) noexcept try {
    const Clock::duration elapsed = now - std::exchange(now_, now);
    cannot_free_ = false;
    for_each([&](Session& session) { session.check_deadlines(now, elapsed); });
    if (draining_ && now_ >= drain_by_) abort();
    if (drained_ && first_ == nullptr) end_drain();
    if (!turn_posted_ && (!due_.empty() || !later_.empty())) post_turn();
    end_standstill();  // first: it sees whether memory was used up since the last tick
    end_stuck_request();
    is_over_ = true;
    bound_memory();
    make_room_for_push();
    give_up_spares();
    trim_heap();
} catch (const std::exception&) {
    // No memory for a log line: the next tick tries again.
}

}  // namespace resp::detail
