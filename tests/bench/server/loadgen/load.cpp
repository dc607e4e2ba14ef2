// The loop. It sends at once and waits for room only where the socket is full, as the servers do.
#include "load.hpp"

#include "peer.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <span>
#include <stdexcept>
#include <system_error>

namespace loadgen {

namespace {

constexpr std::uint64_t longest_wait = 100'000'000;       // ns
constexpr std::uint64_t longest_silence = 5'000'000'000;  // ns, then the server is taken for stuck

std::uint64_t now_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds{now}.count());
}

std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

[[noreturn]] void fail(const char* call) { throw std::system_error{errno, std::system_category(), call}; }

}  // namespace

Load::Load(const Options& options) : options_(options), received_(256 * 1024) {
    const std::string request = echo_request(options.size);
    for (std::size_t i = 0; i < options.depth; ++i) batch_ += request;
    for (std::size_t i = 0; i < options.connections; ++i) {
        connections_.push_back({connect_to(options.host, options.port)});
        reply_bytes_ = first_reply(connections_.back().socket, request) * options.depth;
    }
}

Result Load::run() {
    start_loop();
    loop_until(now_ns() + nanoseconds(options_.warmup));

    batches_ = 0;
    latency_.clear();
    lag_.clear();
    Result result;
    if (options_.pid != 0) result.server_before = cpu_time_of(options_.pid);
    const double own_cpu = own_cpu_seconds();
    const double machine_cpu = machine_cpu_seconds();
    const std::uint64_t begin = now_ns();
    loop_until(begin + nanoseconds(options_.seconds));
    result.seconds = static_cast<double>(now_ns() - begin) / 1e9;
    if (options_.pid != 0) result.server_after = cpu_time_of(options_.pid);
    result.own_cpu = own_cpu_seconds() - own_cpu;
    result.machine_cpu = machine_cpu_seconds() - machine_cpu;

    if (batches_ == 0) throw std::runtime_error{"no batch was answered in full"};
    const auto depth = static_cast<double>(options_.depth);
    result.requests = static_cast<double>(batches_) * depth;
    result.requests_ever =
        static_cast<double>(batches_ever_) * depth + static_cast<double>(connections_.size());
    result.latency = latency_;
    result.lag = lag_;
    return result;
}

void Load::start_loop() {
    ::prctl(PR_SET_TIMERSLACK, 1);  // ns; 50,000 unless told, more than the time between two batches
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) fail("epoll_create1");
    started_ = now_ns();
    for (Connection& connection : connections_) {
        watch(EPOLL_CTL_ADD, connection, EPOLLIN);
        if (!is_open_loop()) start_batch(connection, started_);
    }
}

void Load::watch(int operation, Connection& connection, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &connection;
    if (::epoll_ctl(epoll_, operation, connection.socket, &event) < 0) fail("epoll_ctl");
}

void Load::loop_until(std::uint64_t deadline) {
    std::array<epoll_event, 1024> events;
    std::uint64_t last_heard = now_ns();
    for (std::uint64_t now = last_heard; now < deadline; now = now_ns()) {
        if (is_open_loop()) start_due(now);
        const std::size_t n = wait(events);
        for (const epoll_event& event : std::span{events}.first(n)) {
            auto& connection = *static_cast<Connection*>(event.data.ptr);
            if ((event.events & EPOLLOUT) != 0) flush(connection);
            if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(connection);
        }
        if (n > 0) last_heard = now;
        if (now > last_heard + longest_silence) throw std::runtime_error{"the server has fallen silent"};
    }
}

void Load::start_due(std::uint64_t now) {
    for (std::uint64_t due = due_time(scheduled_); due <= now; due = due_time(++scheduled_)) {
        Connection& connection = connections_[scheduled_ % connections_.size()];
        if (connection.awaited > 0) {
            ++connection.overdue;
        } else {
            start_batch(connection, due);
            lag_.add(now - due);
        }
    }
}

std::uint64_t Load::due_time(std::uint64_t nth) const {
    const double interval = 1e9 * static_cast<double>(options_.depth) / options_.rate;
    return started_ + static_cast<std::uint64_t>(static_cast<double>(nth) * interval);
}

std::size_t Load::wait(std::span<epoll_event> events) const {
    if (is_open_loop()) {  // until the next batch is due; epoll_wait only knows milliseconds
        const std::uint64_t now = now_ns();
        const std::uint64_t left = std::max(due_time(scheduled_), now) - now;
        const timespec patience{0, static_cast<long>(std::min(left, longest_wait))};
        pollfd ready{epoll_, POLLIN, 0};
        if (left > 0) ::ppoll(&ready, 1, &patience, nullptr);
    }
    const int patience_ms = is_open_loop() ? 0 : static_cast<int>(longest_wait / 1'000'000);
    const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience_ms);
    if (n < 0 && errno != EINTR) fail("epoll_wait");
    return static_cast<std::size_t>(std::max(n, 0));
}

void Load::start_batch(Connection& connection, std::uint64_t due) {
    connection.unsent = batch_.size();
    connection.awaited = reply_bytes_;
    connection.due = due;
    flush(connection);
}

void Load::flush(Connection& connection) const {
    const char* rest = batch_.data() + batch_.size() - connection.unsent;
    const auto n = ::send(connection.socket, rest, connection.unsent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) fail("send");
    if (n > 0) connection.unsent -= static_cast<std::size_t>(n);
    const bool is_blocked = connection.unsent > 0;
    if (is_blocked == connection.is_blocked) return;
    connection.is_blocked = is_blocked;
    watch(EPOLL_CTL_MOD, connection, is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Load::receive(Connection& connection) {
    const auto n = ::recv(connection.socket, received_.data(), received_.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail("recv");
    if (n == 0) throw std::runtime_error{"the server closes a connection"};
    if (static_cast<std::size_t>(n) > connection.awaited)
        throw std::runtime_error{"there are more bytes than those of the replies"};
    connection.awaited -= static_cast<std::size_t>(n);
    if (connection.awaited == 0) finish_batch(connection);
}

void Load::finish_batch(Connection& connection) {
    const std::uint64_t now = now_ns();
    latency_.add(now - connection.due);
    ++batches_;
    ++batches_ever_;
    if (!is_open_loop()) {
        start_batch(connection, now);
    } else if (connection.overdue > 0) {
        --connection.overdue;
        start_batch(connection, connection.due + due_time(connections_.size()) - started_);
    }
}

}  // namespace loadgen
