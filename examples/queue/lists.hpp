// The lists, and who waits for an element of one. All of it may be used from several threads.
//
//     push ──► elements ──► pop             takes an element that no woken waiter has a claim on
//                  │
//                  └ one claim each ──► Waiter::take()
//
// A push wakes a waiter for each new element, the one that has waited longest first. A woken waiter has a claim: an
// element stays in the list for it, until it takes one. Nothing is handed over, so nothing is lost if the waiter
// leaves instead. It then gives its claim back, and the next waiter is woken.
#pragma once

#include <libresp/server/asio.hpp>

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

enum class End { left, right };

struct Element {
    std::string key;
    std::string value;
};

class Waiter;

class Lists {
public:
    /// Adds the values one after another, and returns the length after it.
    std::size_t push(End end, std::string_view key, std::span<const std::string_view> values) {
        const std::lock_guard lock{mutex_};
        Entry& entry = *lists_.try_emplace(std::string{key}).first;
        List& list = entry.second;
        for (const std::string_view value : values) {
            end == End::left ? list.elements.emplace_front(value) : list.elements.emplace_back(value);
        }
        const std::size_t length = list.available();
        wake(entry);
        return length;
    }
    /// Removes at most `most` elements. Returns nothing if there is no such list.
    std::optional<std::vector<std::string>> pop(End end, std::string_view key, std::size_t most) {
        const std::lock_guard lock{mutex_};
        const auto found = lists_.find(key);
        if (found == lists_.end() || found->second.available() == 0) return std::nullopt;
        std::vector<std::string> popped(std::min(most, found->second.available()));
        for (std::string& element : popped) element = take(*found, end);
        drop_if_unused(*found);
        return popped;
    }
    [[nodiscard]] std::size_t length(std::string_view key) const {
        const std::lock_guard lock{mutex_};
        const auto found = lists_.find(key);
        return found != lists_.end() ? found->second.available() : 0;
    }

private:
    friend class Waiter;

    struct List {
        /// The elements that no woken waiter has a claim on.
        [[nodiscard]] std::size_t available() const noexcept { return elements.size() - claims; }

        std::deque<std::string> elements;
        std::size_t claims = 0;      // at most elements.size()
        std::list<Waiter*> waiters;  // that are not woken, in the order in which they came
    };
    using Map = std::map<std::string, List, std::less<>>;
    using Entry = Map::value_type;

    static std::string take(Entry& entry, End end) {
        auto& elements = entry.second.elements;
        std::string value = std::move(end == End::left ? elements.front() : elements.back());
        end == End::left ? elements.pop_front() : elements.pop_back();
        return value;
    }
    static void wake(Entry& entry);
    void drop_if_unused(Entry& entry) {
        const List& list = entry.second;
        if (list.elements.empty() && list.waiters.empty()) lists_.erase(lists_.find(entry.first));
    }

    mutable std::mutex mutex_;
    Map lists_;  // a map, because a reference to an entry stays valid
};

/// A client that wants one element of any of its lists, the first ones first. Lives in the coroutine that waits:
///
///     Waiter waiter{lists, End::left, keys, executor, deadline};
///     while (!(element = waiter.take())) {
///         if (waiter.is_late()) co_return;
///         co_await waiter.wait();
///     }
class Waiter {
public:
    using Time = asio::steady_timer::time_point;

    /// Queues for the lists, if none has an element now.
    Waiter(Lists& lists, End end, std::span<const std::string_view> keys,
           const asio::any_io_executor& executor, Time deadline)
        : lists_(&lists),
          end_(end),
          deadline_(deadline),
          timer_(std::make_shared<asio::steady_timer>(executor, deadline)) {
        const std::lock_guard lock{lists_->mutex_};
        for (const std::string_view key : keys) {
            const auto found = lists_->lists_.find(key);
            if (found == lists_->lists_.end() || found->second.available() == 0) continue;
            claim(*found);
            return;
        }
        for (const std::string_view key : keys) {
            Lists::Entry& entry = *lists_->lists_.try_emplace(std::string{key}).first;
            std::list<Waiter*>& waiters = entry.second.waiters;
            places_.emplace_back(&entry, waiters.insert(waiters.end(), this));
        }
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    /// Gives a claim back, which wakes the next waiter.
    ~Waiter() {
        const std::lock_guard lock{lists_->mutex_};
        if (claim_ != nullptr) {
            --claim_->second.claims;
            Lists::wake(*claim_);
        }
        leave_queues();
    }

    /// An element, if the waiter was woken since it began to wait.
    std::optional<Element> take() {
        const std::lock_guard lock{lists_->mutex_};
        if (claim_ == nullptr) return std::nullopt;
        Lists::Entry& entry = *std::exchange(claim_, nullptr);
        --entry.second.claims;
        Element element{entry.first, Lists::take(entry, end_)};
        lists_->drop_if_unused(entry);
        return element;
    }
    [[nodiscard]] bool is_late() const { return asio::steady_timer::clock_type::now() >= deadline_; }
    /// Returns when the waiter is woken, when it is late, or if the wait is cancelled.
    asio::awaitable<void> wait() {
        std::error_code ignored;
        co_await timer_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

private:
    friend class Lists;

    void claim(Lists::Entry& entry) noexcept {
        ++entry.second.claims;
        claim_ = &entry;
    }
    void leave_queues() {
        for (const auto& [entry, place] : std::exchange(places_, {})) {
            entry->second.waiters.erase(place);
            lists_->drop_if_unused(*entry);
        }
    }

    Lists* lists_;
    End end_;
    Time deadline_;
    std::shared_ptr<asio::steady_timer> timer_;  // used on the thread of its executor only
    Lists::Entry* claim_ = nullptr;              // of this list, if the waiter is woken
    std::vector<std::pair<Lists::Entry*, std::list<Waiter*>::iterator>> places_;  // if it is not
};

/// Wakes a waiter for each element that is available, as long as there are any. A waiter may belong to another
/// thread, so its timer ends there. It cannot miss that: the timer does not wait again after this.
inline void Lists::wake(Entry& entry) {
    List& list = entry.second;
    while (list.available() != 0 && !list.waiters.empty()) {
        Waiter& waiter = *list.waiters.front();
        asio::post(waiter.timer_->get_executor(),
                   [timer = waiter.timer_] { timer->expires_at(asio::steady_timer::time_point::min()); });
        waiter.claim(entry);
        waiter.leave_queues();
    }
}
