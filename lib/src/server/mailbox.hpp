// Lets any thread post actions to the executor of a worker. After the worker and its context are gone it may
// still be used, and drops the actions.
#pragma once

#include "asio.hpp"
#include "payload.hpp"
#include "shared.hpp"

#include <libresp/codec/buffer.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace resp::detail {

class Session;

class Mailbox : public std::enable_shared_from_this<Mailbox> {
public:
    Mailbox(std::shared_ptr<Shared> shared, asio::any_io_executor executor, std::size_t thread)
        : shared_(std::move(shared)), executor_(std::move(executor)), thread_(thread) {}

    // From any thread.
    /// Calls use(executor) while the context cannot be destroyed. If the mailbox is shut, returns false instead.
    template <class Use>
    bool use_executor(const Use& use) {
        const std::lock_guard lock{mutex_};
        if (open_) use(executor_);
        return open_;
    }
    /// Runs an action on the executor. If the mailbox is shut, drops the action and returns false.
    template <class Action>
    bool post(Action&& action) {
        return use_executor([&](const asio::any_io_executor& executor) {
            asio::post(executor, std::forward<Action>(action));
        });
    }
    /// Answers a deferred reply. Answers are collected until the executor takes them.
    bool answer(const std::shared_ptr<Session>& session, std::uint64_t hole, std::string_view reply,
                SharedPayload payload, bool is_dropped);
    /// Whether the calling thread runs the executor now.
    [[nodiscard]] bool runs_here() const noexcept {
        const std::lock_guard lock{mutex_};
        if (const auto* context = executor_.target<asio::io_context::executor_type>()) {
            return context->running_in_this_thread();
        }
        const auto* strand = executor_.target<asio::strand<asio::any_io_executor>>();
        return strand != nullptr && strand->running_in_this_thread();
    }
    /// A copy of the executor; empty if the mailbox is shut.
    [[nodiscard]] asio::any_io_executor copy_executor() const {
        const std::lock_guard lock{mutex_};
        return executor_;
    }
    [[nodiscard]] Shared& shared() const noexcept { return *shared_; }
    /// The index of the worker.
    [[nodiscard]] std::size_t thread() const noexcept { return thread_; }
    [[nodiscard]] const std::shared_ptr<Shared>& owner() const noexcept { return shared_; }

    // On the executor.
    /// The context is about to be destroyed: nothing is posted to it after this.
    void shut() noexcept {
        {
            const std::lock_guard lock{mutex_};
            open_ = false;
            executor_ = {};  // a strand must not outlive its context
        }
        drop_answers();
    }
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }

private:
    struct Answer {
        std::shared_ptr<Session> session;
        std::uint64_t hole;
        std::size_t size;       // bytes of Answers::bytes
        SharedPayload payload;  // a long answer; else null
        bool is_dropped;
    };
    struct Answers {
        Buffer bytes;  // of all answers, one after another
        std::vector<Answer> list;

        void clear() noexcept {
            list.clear();
            bytes.clear();
            constexpr std::size_t most_kept = 64 * 1024;
            if (bytes.capacity() > most_kept) bytes.release();
        }
    };

    // deferred.cpp
    void deliver_answers();
    void drop_answers() noexcept;

    const std::shared_ptr<Shared> shared_;
    asio::any_io_executor executor_;
    const std::size_t thread_;
    mutable std::mutex mutex_;
    bool open_ = true;
    std::mutex answers_mutex_;
    Answers answers_;
    Answers delivering_;  // used on the executor only
    bool answers_posted_ = false;
};

}  // namespace resp::detail
