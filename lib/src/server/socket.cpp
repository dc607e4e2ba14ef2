// Reading, writing and waiting with few system calls: one for a read, one for a write, and one that reports
// many ready sockets.
#include "socket.hpp"

#include "shared.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>

namespace resp::detail {

namespace {

// If this many sockets were ready, others have probably become ready since. Another epoll_wait() costs less
// than a wait through Asio.
constexpr std::size_t many = 8;
// After this many events poll() reads the clock, to let others run after turn_time.
constexpr std::size_t events_between_clocks = 8;
// Pieces in one write.
constexpr std::size_t most_pieces = 16;

/// The end of stream is reported together with input, because the set changes seldom.
std::uint32_t events_of(Interest interest) noexcept {
    return (interest.read ? std::uint32_t{EPOLLIN | EPOLLRDHUP} : 0) |
           (interest.write ? std::uint32_t{EPOLLOUT} : 0) | (interest.leave ? std::uint32_t{EPOLLRDHUP} : 0);
}

/// Whether a set that reports `watched` reports everything in `wanted`. It always reports a reset.
bool covers(Interest watched, Interest wanted) noexcept {
    return (!wanted.read || watched.read) && wanted.write == watched.write &&
           (!wanted.leave || watched.read || watched.leave) && (!wanted.gone || watched != Interest{});
}

int open_set() {
    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    if (set < 0) throw std::system_error{errno, std::system_category(), "epoll_create1"};
    return set;
}

/// Converts the result of a system call to a number of bytes and an error.
std::size_t outcome(ssize_t result, std::error_code& ec) noexcept {
    if (result >= 0) {
        ec.clear();
        return static_cast<std::size_t>(result);
    }
    ec.assign(errno, std::system_category());
    return 0;
}

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

// ---- the epoll set

Poller::Poller(const asio::any_io_executor& executor, std::weak_ptr<void> owner)
    : owner_(std::move(owner)), set_(executor, open_set()) {}

bool Poller::change(SocketTransport& socket, Interest from, Interest to) noexcept try {
    const bool before = from != Interest{};
    const bool after = to != Interest{};
    epoll_event event{};
    event.events = events_of(to);
    event.data.ptr = &socket;
    const int operation = !before ? EPOLL_CTL_ADD : after ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    if (::epoll_ctl(set_.native_handle(), operation, socket.socket_.number(), &event) != 0) return false;
    assert(!before || sockets_ != 0);
    sockets_ = sockets_ - (before ? 1 : 0) + (after ? 1 : 0);
    if (!after) forget(socket);
    resume();
    return true;
} catch (const std::exception&) {
    return false;
}

/// Drops the socket's pending events: the socket may be destroyed next.
void Poller::forget(const SocketTransport& socket) noexcept {
    for (std::size_t i = next_; i != ready_; ++i) {
        if (events_[i].data.ptr == &socket) events_[i].data.ptr = nullptr;
    }
    std::error_code ignored;
    // Without a socket there is no wait, so that the context can run out of work. (If the owner is gone, the
    // context is being destroyed already.)
    if (sockets_ == 0 && !owner_.expired()) set_.cancel(ignored);
}

void Poller::resume() {
    if (!waiting_ && sockets_ != 0) wait();
}

void Poller::wait() {
    assert(!waiting_ && sockets_ != 0);
    set_.async_wait(asio::posix::stream_descriptor::wait_read,
                    [this, owner = owner_.lock()](const std::error_code&) { poll(); });
    waiting_ = true;
}

void Poller::poll() try {
    assert(waiting_);
    if (next_ == ready_) {
        const int n = ::epoll_wait(set_.native_handle(), events_.data(), most_events, 0);
        ready_ = static_cast<std::size_t>(std::max(n, 0));
        next_ = 0;
    }
    handle_events();
    const bool again = next_ != ready_ || ready_ >= many;
    if (sockets_ == 0) next_ = ready_;  // the rest belongs to sockets that are gone
    waiting_ = false;
    if (!again || sockets_ == 0) return resume();
    asio::post(set_.get_executor(), [this, owner = owner_.lock()] { poll(); });
    waiting_ = true;
} catch (const std::exception&) {
    // No memory for the wait: the next tick calls resume().
}

/// Handles the events that are left, for about turn_time at most. The order stays fair: the next poll() goes on
/// with the rest before it asks for new events.
void Poller::handle_events() {
    Clock::time_point end{};
    while (next_ != ready_) {
        const epoll_event& event = events_[next_++];
        auto* const socket = static_cast<SocketTransport*>(event.data.ptr);
        if (socket != nullptr) socket->ready(event.events);
        if (next_ % events_between_clocks != 0) continue;
        const Clock::time_point now = Clock::now();
        if (end == Clock::time_point{}) end = now + turn_time;
        if (now >= end) return;
    }
}

// ---- a socket

SocketTransport::~SocketTransport() {
    // close() alone is not enough: if a forked child holds the socket, the epoll set would still report it.
    if (watched_ != Interest{}) static_cast<void>(poller_.change(*this, watched_, {}));
}

std::size_t SocketTransport::read(std::span<char> room, std::error_code& ec) noexcept {
    return outcome(::recv(socket_.number(), room.data(), room.size(), 0), ec);
}

std::size_t SocketTransport::write(std::span<const std::string_view> pieces, std::error_code& ec) noexcept {
    assert(!pieces.empty());
    if (pieces.size() == 1) {
        return outcome(::send(socket_.number(), pieces[0].data(), pieces[0].size(), MSG_NOSIGNAL), ec);
    }
    std::array<iovec, most_pieces> vectors;
    const std::size_t n = std::min(pieces.size(), vectors.size());
    for (std::size_t i = 0; i != n; ++i) {
        vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};  // it is only read
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = n;
    return outcome(::sendmsg(socket_.number(), &message, MSG_NOSIGNAL), ec);
}

Interest SocketTransport::wait(Interest interest) {
    wanted_ = interest;
    // A connection seldom stops reading for long. So if it stops only reading, the set stays as it is until
    // it reports unwanted input.
    if (covers(watched_, wanted_)) return {};
    if (!poller_.change(*this, watched_, wanted_)) throw std::bad_alloc{};
    watched_ = wanted_;
    return {};
}

void SocketTransport::ready(std::uint32_t events) noexcept {
    // An error or a hang-up counts as ready: the next read or write returns it.
    constexpr std::uint32_t failed = EPOLLERR | EPOLLHUP;
    const Interest ready{.read = wanted_.read && (events & (EPOLLIN | failed)) != 0,
                         .write = wanted_.write && (events & (EPOLLOUT | failed)) != 0,
                         .leave = wanted_.leave && (events & (EPOLLRDHUP | failed)) != 0,
                         .gone = wanted_.gone && (events & failed) != 0};
    if (ready != Interest{}) return notify(ready);
    if (poller_.change(*this, watched_, wanted_)) watched_ = wanted_;
}

void SocketTransport::finish() noexcept { ::shutdown(socket_.number(), SHUT_WR); }

std::size_t SocketTransport::unacknowledged() const noexcept {
    int n = 0;
    return ::ioctl(socket_.number(), SIOCOUTQ, &n) == 0 ? static_cast<std::size_t>(n) : 0;
}

}  // namespace resp::detail
