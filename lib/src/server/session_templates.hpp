// The templates of Session, for its source files.
#pragma once

#include "session.hpp"
#include "worker.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace resp::detail {

/// Surrounds each public function that runs on the executor: acts, continues as far as possible, and asks for
/// what the connection waits for. If memory runs out, the connection is closed.
template <class Action>
void Session::enter(const Action& action) noexcept {
    if (worker_ == nullptr) return;  // it has ended
    const bool outermost = !entered_;
    entered_ = true;
    try {
        action();
        if (outermost) advance();
    } catch (...) {
        shut(std::make_error_code(std::errc::not_enough_memory));
    }
    if (!outermost) return;
    account();
    entered_ = false;
    settle();
}

/// If there is no memory for the line, it is left out: a connection does not end because of its log.
template <class... Values>
void Session::log(LogLevel level, fmt::format_string<Values...> format, Values&&... values) const noexcept
    try {
    if (!logger().enabled(level)) return;
    logger()(level, "[{}] {}", peer().to_string(), fmt::format(format, std::forward<Values>(values)...));
} catch (const std::exception&) {
}

inline bool Session::has_most_deferred() const noexcept {
    return queue_.has_pieces() && queue_.holes() >= mailbox_->shared().options.max_deferred;
}

/// What a read means that has returned `n` and `ec`.
inline Receipt Session::received(std::size_t n, std::error_code ec) {
    if (n == 0) return received_nothing(ec);
    worker_->counters().bytes_received.add(n);
    if (logger().enabled(LogLevel::debug)) log(LogLevel::debug, "Received {} bytes", n);
    return Receipt::bytes;
}

/// The reply is finished: it may be sent, and pushes may follow it.
inline void Session::end_reply() {
    Output& out = queue_.output();
    if ((out.reply.state_ & ~Reply::closes) != 0) [[unlikely]]
        end_special_reply();
    out.end_reply();
    if (out.reply.version() != version()) {
        version_.store(out.reply.version(), std::memory_order_relaxed);
    }
}

}  // namespace resp::detail
