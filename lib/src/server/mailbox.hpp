// How any thread reaches the executor of a worker, also when the worker and its context are gone.
#pragma once

#include "asio.hpp"
#include "shared.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace resp::detail {

class Mailbox {
public:
    Mailbox(std::shared_ptr<Shared> shared, asio::any_io_executor executor)
        : shared_(std::move(shared)), executor_(std::move(executor)) {}

    /// Runs an action on the executor; drops it if the context is gone.
    template <class Action>
    void post(Action&& action) {
        const std::lock_guard lock{mutex_};
        if (open_) asio::post(executor_, std::forward<Action>(action));
    }
    /// The context is going: nothing is posted to it from now on.
    void shut() noexcept {
        const std::lock_guard lock{mutex_};
        open_ = false;
        executor_ = {};  // a strand must not outlive its context
    }

    /// On the executor only.
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] Shared& shared() const noexcept { return *shared_; }

private:
    const std::shared_ptr<Shared> shared_;
    asio::any_io_executor executor_;
    std::mutex mutex_;
    bool open_ = true;
};

}  // namespace resp::detail
