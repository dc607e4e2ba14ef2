// A blocking command that waits for a key.
#pragma once

#include <libresp/server/asio.hpp>

#include <asio/post.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace resp::detail {

/// How CLIENT UNBLOCK ends a wait.
enum class Unblocked : unsigned char { no, timeout, error };

/// Made by the coroutine that waits, woken by any thread.
class Waiter {
public:
    explicit Waiter(asio::any_io_executor executor) : timer_(std::move(executor)) {}

    /// The timer that the coroutine awaits; wake() cancels it.
    [[nodiscard]] asio::steady_timer& timer() noexcept { return timer_; }
    /// Returns false if it was woken before, or if there is no memory to wake it: the next change of the key tries again.
    static bool wake(const std::shared_ptr<Waiter>& waiter) noexcept {
        if (waiter->woken_.exchange(true)) return false;
        try {
            asio::post(waiter->timer_.get_executor(), [waiter] { waiter->timer_.cancel(); });
            return true;
        } catch (...) {
            waiter->woken_.store(false);
            return false;
        }
    }
    [[nodiscard]] bool is_woken() const noexcept { return woken_.load(); }
    /// Before wake(): the command ends. Returns false if it ends already.
    bool unblock(Unblocked how) noexcept {
        Unblocked no = Unblocked::no;
        return unblocked_.compare_exchange_strong(no, how);
    }
    [[nodiscard]] Unblocked unblocked() const noexcept { return unblocked_.load(); }
    /// Waits again. Only the coroutine calls it.
    void rest() noexcept { woken_.store(false); }

private:
    asio::steady_timer timer_;
    std::atomic<bool> woken_{false};
    std::atomic<Unblocked> unblocked_{Unblocked::no};
};

}  // namespace resp::detail
