// What the connections of a thread share.
#include "worker.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace resp::detail {

namespace {

// A read takes as much: large enough that a 64 KiB value comes in one piece.
constexpr std::size_t read_room_size = 128 * 1024;
// What is kept for the next connection that needs one, and how large.
constexpr std::size_t most_spare = 16;
constexpr std::size_t most_decoder = 64 * 1024;
constexpr std::size_t most_buffer = 1024 * 1024;
// Refused clients that may be reading their last words at a time; they are above max_connections.
constexpr std::size_t most_lingering = 16;
// How long input memory may be over its bound, with the largest paused, until the largest is closed.
constexpr std::chrono::seconds patience{1};

constexpr std::string_view too_many_clients = "-ERR max number of clients reached\r\n";

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

Worker::Worker(std::shared_ptr<Shared> shared, asio::any_io_executor executor)
    : shared_(std::move(shared)), executor_(std::move(executor)), timer_(executor_) {}

// ---- connections

std::shared_ptr<Session> Worker::make_session(Descriptor client, const Peer& peer) {
    const int family = peer.is_unix ? AF_UNIX : peer.tcp.protocol().family();
    const int protocol = peer.is_unix ? 0 : peer.tcp.protocol().protocol();
    Socket socket{executor_, asio::generic::stream_protocol{family, protocol}, client.number()};
    client.release();
    socket.non_blocking(true);
    const auto keepalive = static_cast<int>(shared_->options.keepalive.count());
    if (!peer.is_unix) {
        // Best effort: a client that is gone already says so at the first read.
        std::error_code ignored;
        socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
        socket.set_option(asio::socket_base::keep_alive{keepalive != 0}, ignored);
#ifdef TCP_KEEPIDLE
        using Idle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
        if (keepalive != 0) socket.set_option(Idle{keepalive}, ignored);
#endif
    }
    if (first_ == nullptr) now_ = Clock::now();  // it stands still while there is no connection
    return std::make_shared<Session>(shared_from_this(), std::move(socket), peer);
}

void Worker::adopt(Descriptor client, const Peer& peer) noexcept {
    std::shared_ptr<Session> session;
    try {
        session = make_session(std::move(client), peer);
        add(*session);
        session->start();
        if (stopping_) session->drain();
    } catch (...) {
        // Without memory or a handler for it, this client goes, and nobody else.
        ++shared_->accept_errors;
        shared_->log(LogLevel::warn, "[server] Cannot serve a client: {}", current_exception_text());
        if (session != nullptr) {
            remove(*session);
        } else {
            --shared_->connections;
        }
    }
}

void Worker::refuse(Descriptor client, const Peer& peer) noexcept try {
    ++shared_->refused;
    shared_->log(LogLevel::info, "[{}] Refused: there are too many clients", peer.endpoint().to_string());
    if (lingering_ < most_lingering) {
        const auto session = make_session(std::move(client), peer);
        add(*session);
        ++lingering_;
        session->refuse(too_many_clients);
        return;
    }
    // Too many even of these: said and closed, whether it arrives or not.
    [[maybe_unused]] const auto sent = ::send(client.number(), too_many_clients.data(),
                                              too_many_clients.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(client.number(), SHUT_WR);
} catch (...) {
    ++shared_->accept_errors;
}

void Worker::add(Session& session) {
    session.next = first_;
    if (first_ != nullptr) first_->previous = &session;
    first_ = &session;
    if (!ticking_) wait_for_tick();
}

void Worker::remove(Session& session) noexcept {
    (session.previous != nullptr ? session.previous->next : first_) = session.next;
    if (session.next != nullptr) session.next->previous = session.previous;
    session.previous = session.next = nullptr;
    if (session.was_refused()) {
        --lingering_;
    } else {
        --shared_->connections;
    }
    if (on_closed) on_closed();
    if (!stopping_ || first_ != nullptr) return;
    timer_->cancel();
    if (drained_) std::exchange(drained_, nullptr)();
}

void Worker::drain(std::function<void()> done) {
    stopping_ = true;
    drained_ = std::move(done);
    for (Session* session = first_; session != nullptr; session = session->next) session->drain();
    if (first_ != nullptr) return;
    timer_->cancel();
    std::exchange(drained_, nullptr)();
}

void Worker::abort() {
    for (Session* session = first_; session != nullptr; session = session->next) {
        session->abort(std::make_error_code(std::errc::operation_canceled));
    }
}

void Worker::dispose() noexcept {
    {
        const std::lock_guard lock{gate_};
        open_ = false;
    }
    for (Session* session = first_; session != nullptr; session = session->next) session->dispose();
    timer_.reset();
}

// ---- what sessions borrow

std::span<char> Worker::read_room() {
    if (!read_buffer_) read_buffer_ = std::make_unique_for_overwrite<char[]>(read_room_size);
    return {read_buffer_.get(), read_room_size};
}

std::unique_ptr<Decoder> Worker::take_decoder(std::uint64_t offset) {
    if (decoders_.empty()) {
        decoders_.push_back(std::make_unique<Decoder>(shared_->options.limits, shared_->options.reads));
    }
    std::unique_ptr<Decoder> decoder = std::move(decoders_.back());
    decoders_.pop_back();
    decoder->reset(offset);
    return decoder;
}

void Worker::give_back(std::unique_ptr<Decoder> decoder) {
    if (decoders_.size() == most_spare) return;
    decoder->reset(0, most_decoder);
    decoders_.push_back(std::move(decoder));
}

Buffer Worker::take_buffer() {
    if (buffers_.empty()) return {};
    Buffer buffer = std::move(buffers_.back());
    buffers_.pop_back();
    return buffer;
}

void Worker::give_back(Buffer buffer) {
    if (buffers_.size() == most_spare || buffer.capacity() > most_buffer) return;
    buffer.clear();
    buffers_.push_back(std::move(buffer));
}

// ---- deadlines and bounds

void Worker::wait_for_tick() {
    ticking_ = true;
    timer_->expires_after(tick_time);
    timer_->async_wait([self = shared_from_this()](const std::error_code&) {
        self->ticking_ = false;
        if (self->first_ != nullptr) self->tick();
    });
}

void Worker::tick() noexcept try {
    now_ = Clock::now();
    for (Session* session = first_; session != nullptr; session = session->next) {
        session->check_deadlines(now_);
    }
    bound_input_memory();
    wait_for_tick();
} catch (const std::exception&) {
    // No memory to wait with: the next connection begins the ticking again.
}

void Worker::input_memory_exceeded() {
    if (memory_exceeded_ == Clock::time_point{}) memory_exceeded_ = now_;
    // Who holds no more than an equal share is not what makes it too much.
    const std::uint64_t share =
        shared_->options.max_input_memory / std::max<std::uint64_t>(shared_->connections, 1);
    Session* const session = largest(false);
    if (session != nullptr && session->held() > share) session->pause(true);
}

void Worker::bound_input_memory() {
    const bool exceeded =
        shared_->input_memory.load(std::memory_order_relaxed) > shared_->options.max_input_memory;
    if (exceeded && memory_exceeded_ == Clock::time_point{}) input_memory_exceeded();
    if (memory_exceeded_ == Clock::time_point{}) return;
    if (!exceeded) {
        memory_exceeded_ = {};
        for (Session* session = first_; session != nullptr; session = session->next) session->pause(false);
        return;
    }
    if (now_ - memory_exceeded_ < patience) return;
    Session* session = largest(true);
    if (session == nullptr) session = largest(false);
    if (session == nullptr) return;
    shared_->log(LogLevel::warn,
                 "[{}] Closed: all clients together hold too much input, it the most, {} bytes",
                 session->peer().to_string(), session->held());
    counters_.cut_off.add();
    session->abort(asio::error::no_buffer_space);
}

/// The session that holds most, of those that are paused or of the others; none that holds nothing.
Session* Worker::largest(bool paused) noexcept {
    Session* found = nullptr;
    for (Session* session = first_; session != nullptr; session = session->next) {
        const bool candidate = session->held() != 0 && session->is_paused() == paused;
        if (candidate && (found == nullptr || session->held() > found->held())) found = session;
    }
    return found;
}

}  // namespace resp::detail
