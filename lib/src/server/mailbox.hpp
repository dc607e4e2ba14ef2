// Lets any thread post actions to the executor of a worker. After the worker and its context are gone it may
// still be used, and drops the actions.
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

    // From any thread.
    /// Runs an action on the executor. Drops the action if the mailbox is shut.
    template <class Action>
    void post(Action&& action) {
        const std::lock_guard lock{mutex_};
        if (open_) asio::post(executor_, std::forward<Action>(action));
    }
    /// A copy of the executor; empty if the mailbox is shut.
    [[nodiscard]] asio::any_io_executor copy_executor() const {
        const std::lock_guard lock{mutex_};
        return executor_;
    }
    [[nodiscard]] Shared& shared() const noexcept { return *shared_; }
    [[nodiscard]] const std::shared_ptr<Shared>& owner() const noexcept { return shared_; }

    // On the executor.
    /// The context is about to be destroyed: nothing is posted to it after this.
    void shut() noexcept {
        const std::lock_guard lock{mutex_};
        open_ = false;
        executor_ = {};  // a strand must not outlive its context
    }
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }

private:
    const std::shared_ptr<Shared> shared_;
    asio::any_io_executor executor_;
    mutable std::mutex mutex_;
    bool open_ = true;
};

}  // namespace resp::detail
