// A blocking command while it waits for its keys.
#pragma once

#include <libresp/server/awaitable.hpp>

#include <functional>
#include <memory>

namespace resp {

class Call;

namespace detail {

/// Lives in the coroutine of a blocking command:
///
///     Blocking blocking{call};             // queues for all keys of the command
///     for (;;) {
///         if (blocking.may_try()) …        // under locked(): there is a result, or not
///         if (co_await blocking.wait() != Blocking::Next::again) …
///     }                                    // leaves the queues, and wakes who is next
///
/// Nothing is handed to a waiter that is woken: it tries again. So nothing is lost if it has left.
class Blocking {
public:
    enum class Next : unsigned char { again, timeout, gone };

    /// Throws an Error if the word `timeout` of the usage line is no time.
    explicit Blocking(Call& call);
    Blocking(const Blocking&) = delete;
    Blocking& operator=(const Blocking&) = delete;
    ~Blocking();

    /// False if clients that came earlier are about to try.
    [[nodiscard]] bool may_try() const noexcept;
    /// Runs `body` under the lock of the service.
    void locked(const std::function<void()>& body);
    /// Waits until one of the keys changes, the time is over, or the client leaves.
    [[nodiscard]] asio::awaitable<Next, asio::any_io_executor> wait();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace detail

}  // namespace resp
