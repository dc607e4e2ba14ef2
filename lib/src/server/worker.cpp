// Clients come and go; what they borrow meanwhile; and what is due when the time has come.
#include "worker.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace resp::detail {

namespace {

// A read takes as much: large enough that a 64 KiB value comes in one piece.
constexpr std::size_t read_room_size = 128 * 1024;
// How large what is kept for the next connection may be: for a value of 1 MiB. Where handlers wait, and
// keep it as long, not for that.
constexpr std::size_t most_kept = (1024 + 64) * 1024;
constexpr std::size_t most_kept_where_handlers_wait = 64 * 1024;
// So many bytes that were freed are worth trimming the heap.
constexpr std::size_t worth_trimming = 64 * 1024;
// Refused clients that may be reading their last words at a time; they are above max_connections.
constexpr std::size_t most_lingering = 16;
// How long memory may be over its bound, with the largest paused, until the largest is closed.
constexpr std::chrono::seconds patience{1};

constexpr std::string_view too_many_clients = "-ERR max number of clients reached\r\n";

/// Best effort: a client that is gone already says so at the first read.
void set_options(int socket, int keepalive) noexcept {
    const auto set = [&](int level, int name, int value) {
        static_cast<void>(::setsockopt(socket, level, name, &value, sizeof value));
    };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, keepalive != 0 ? 1 : 0);
    if (keepalive != 0) set(IPPROTO_TCP, TCP_KEEPIDLE, keepalive);
}

}  // namespace

Worker::Worker(std::shared_ptr<Shared> shared, asio::any_io_executor executor)
    : shared_(std::move(shared)),
      mailbox_(std::make_shared<Mailbox>(shared_, std::move(executor))),
      most_kept_(shared_->suspends ? most_kept_where_handlers_wait : most_kept) {}

Worker::~Worker() { dispose(); }

void Worker::open() {
    poller_.emplace(executor(), weak_from_this());
    timer_.emplace(executor());
}

// ---- connections

void Worker::accept(Descriptor client, const Peer& peer) noexcept try {
    adopt(make_transport(std::move(client), peer), peer);
} catch (...) {
    could_not_serve();
}

void Worker::adopt(std::unique_ptr<Transport> client, const Peer& peer) noexcept try {
    const auto session = std::make_shared<Session>(*this, std::move(client), shared_->factory->make(), peer);
    add(session);
    session->start();
    if (stopping_) session->drain();
} catch (...) {
    could_not_serve();
}

/// Called while the exception is being handled. Without memory or a handler for it, this client goes,
/// and nobody else.
void Worker::could_not_serve() noexcept try {
    ++shared_->accept_errors;
    --shared_->connections;
    shared_->log(LogLevel::warn, "[server] Cannot serve a client: {}", current_exception_text());
} catch (...) {
    // No memory for the words: it is counted.
}

void Worker::refuse(Descriptor client, const Peer& peer) noexcept try {
    ++shared_->refused;
    shared_->log(LogLevel::info, "[{}] Refused: there are too many clients", peer.endpoint().to_string());
    if (lingering_ < most_lingering) return refuse(make_transport(std::move(client), peer), peer);
    // Too many even of these: said and closed, whether it arrives or not.
    [[maybe_unused]] const auto sent = ::send(client.number(), too_many_clients.data(),
                                              too_many_clients.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(client.number(), SHUT_WR);
} catch (...) {
    ++shared_->accept_errors;
}

void Worker::refuse(std::unique_ptr<Transport> client, const Peer& peer) {
    const auto session = std::make_shared<Session>(*this, std::move(client), nullptr, peer);
    add(session);
    ++lingering_;
    session->refuse(too_many_clients);
}

std::unique_ptr<Transport> Worker::make_transport(Descriptor client, const Peer& peer) {
    if (!peer.is_unix) set_options(client.number(), static_cast<int>(shared_->options.keepalive.count()));
    return std::make_unique<SocketTransport>(std::move(client), *poller_);
}

void Worker::add(const std::shared_ptr<Session>& session) noexcept {
    session->self_ = session;
    session->next_ = first_;
    if (first_ != nullptr) first_->previous_ = session.get();
    first_ = session.get();
    wait_for_tick();
}

void Worker::remove(Session& session) noexcept {
    const std::shared_ptr<Session> self = std::move(session.self_);
    (session.previous_ != nullptr ? session.previous_->next_ : first_) = session.next_;
    if (session.next_ != nullptr) session.next_->previous_ = session.previous_;
    if (following_ == &session) following_ = session.next_;
    session.previous_ = session.next_ = nullptr;
    if (session.was_refused()) {
        --lingering_;
    } else {
        --shared_->connections;
    }
    if (on_closed) on_closed();
    if (stopping_ && first_ == nullptr) end_drain();
}

/// Does something with each session, which may end it, and others.
template <class Action>
void Worker::for_each(const Action& action) {
    for (Session* session = first_; session != nullptr; session = following_) {
        following_ = session->next_;
        action(*session);
    }
}

void Worker::drain(std::function<void()> done) {
    stopping_ = true;
    drain_by_ = now_ + shared_->options.drain_deadline;
    drained_ = std::move(done);
    for_each([](Session& session) { session.drain(); });
    if (first_ == nullptr) end_drain();
}

void Worker::end_drain() noexcept {
    if (timer_) timer_->cancel();
    if (drained_) std::exchange(drained_, nullptr)();
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
    poller_.reset();
    timer_.reset();
}

// ---- what sessions borrow

std::span<char> Worker::read_room() {
    if (!read_buffer_) read_buffer_ = std::make_unique_for_overwrite<char[]>(read_room_size);
    return {read_buffer_.get(), read_room_size};
}

std::unique_ptr<Decoder> Worker::take_decoder(std::uint64_t offset) {
    std::unique_ptr<Decoder> decoder = decoders_.take();
    if (decoder == nullptr) {
        return std::make_unique<Decoder>(shared_->options.limits, shared_->options.reads);
    }
    decoder->reset(offset, most_kept_);
    return decoder;
}

void Worker::give_back(std::unique_ptr<Decoder> decoder) noexcept {
    if (decoder->memory() <= most_kept_) decoder = decoders_.keep(std::move(decoder));
    if (decoder != nullptr) note_freed(decoder->memory());
}

std::unique_ptr<Output> Worker::take_output() {
    std::unique_ptr<Output> output = outputs_.take();
    return output != nullptr ? std::move(output) : std::make_unique<Output>();
}

void Worker::give_back(std::unique_ptr<Output> output) noexcept {
    const std::size_t held = output->memory();
    output->reset(most_kept_);
    note_freed(held - output->memory());
    output = outputs_.keep(std::move(output));
    if (output != nullptr) note_freed(output->memory());
}

void Worker::give_up_spares() noexcept {
    note_freed(decoders_.give_up());
    note_freed(outputs_.give_up());
}

void Worker::note_freed(std::size_t bytes) noexcept {
    if (bytes >= worth_trimming && shared_->options.trim_interval.count() != 0) heap_has_holes_ = true;
}

/// What lies between blocks in use the allocator keeps when it is freed. This gives it to the system.
void Worker::trim_heap() noexcept {
    if (!heap_has_holes_) return;
    // The heap is that of all threads.
    Clock::time_point last = shared_->trimmed.load(std::memory_order_relaxed);
    if (now_ - last < shared_->options.trim_interval) return;
    if (!shared_->trimmed.compare_exchange_strong(last, now_, std::memory_order_relaxed)) return;
    heap_has_holes_ = false;
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

// ---- deadlines and bounds

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
    // No memory to wait with: the next connection begins the ticking again.
}

/// Connections have deadlines; without any there are only spares to give up.
bool Worker::has_something_due() const noexcept {
    return first_ != nullptr || (!stopping_ && (heap_has_holes_ || !decoders_.empty() || !outputs_.empty()));
}

void Worker::tick(Clock::time_point now) noexcept try {
    now_ = now;
    for_each([&](Session& session) { session.check_deadlines(now); });
    if (stopping_ && now_ >= drain_by_) abort();
    bound_memory();
    end_shortage();
    give_up_spares();
    trim_heap();
} catch (const std::exception&) {
    // No memory for a log line: the next tick tries again.
}

/// Whether all connections together hold more than so many times what they may.
bool Worker::is_memory_over(std::size_t factor) const noexcept {
    return shared_->memory.load(std::memory_order_relaxed) / factor > shared_->options.max_memory;
}

void Worker::bound_memory() {
    if (!is_memory_over(1)) return;
    if (memory_exceeded_ == Clock::time_point{}) memory_exceeded_ = next_tick;
    if (Session* const session = largest(false)) session->pause(true);
    // One request may lead to a reply of any size: where many do, to hold them back comes too late.
    if (is_memory_over(2)) close_largest();
}

/// Lets all go on if there is room again; closes the largest if there is none for too long.
void Worker::end_shortage() {
    if (memory_exceeded_ == Clock::time_point{}) return;
    if (memory_exceeded_ == next_tick) memory_exceeded_ = now_;
    if (is_memory_over(1)) {
        if (now_ - memory_exceeded_ >= patience) close_largest();
        return;
    }
    memory_exceeded_ = {};
    for_each([](Session& session) { session.pause(false); });
}

void Worker::close_largest() {
    Session* const session = largest(true);
    if (session == nullptr) return;
    shared_->log(LogLevel::warn, "[{}] Closed: all clients together hold too much, it the most, {} bytes",
                 session->peer().to_string(), session->held());
    counters_.cut_off.add();
    session->abort(std::make_error_code(std::errc::no_buffer_space));
}

/// The session that holds most; none that holds no more than an equal share, which is not what makes it
/// too much.
Session* Worker::largest(bool also_paused) noexcept {
    Session* found = nullptr;
    std::uint64_t most = shared_->options.max_memory / std::max<std::uint64_t>(shared_->connections, 1);
    for (Session* session = first_; session != nullptr; session = session->next_) {
        if (session->held() <= most || session->state_ == Session::State::closed) continue;
        if (session->is_paused() && !also_paused) continue;
        found = session;
        most = session->held();
    }
    return found;
}

}  // namespace resp::detail
