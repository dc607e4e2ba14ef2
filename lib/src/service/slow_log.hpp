// The commands that took long.
#pragma once

#include <libresp/service/call.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace resp::detail {

class SlowLog {
public:
    struct Entry {
        std::int64_t id;
        std::int64_t time;      // seconds since 1970
        std::int64_t duration;  // microseconds
        std::vector<std::string> words;
        std::string address, name;  // of the client
    };

    /// Keeps the command if it took long. All entries together take at most 16 MiB.
    void offer(const Call& call, std::chrono::nanoseconds duration);
    /// The newest `most` ones, the newest first.
    [[nodiscard]] std::vector<Entry> newest(std::size_t most) const;
    [[nodiscard]] std::size_t size() const;
    void clear();

    /// In microseconds; negative: off.
    [[nodiscard]] std::int64_t longer_than() const noexcept {
        return longer_than_.load(std::memory_order_relaxed);
    }
    void set_longer_than(std::int64_t microseconds) noexcept {
        longer_than_.store(microseconds, std::memory_order_relaxed);
    }
    [[nodiscard]] std::size_t most() const;
    void set_most(std::size_t most);

private:
    void shrink();

    mutable std::mutex mutex_;
    std::deque<Entry> entries_;  // the oldest first
    std::int64_t next_id_ = 0;
    std::atomic<std::int64_t> longer_than_{-1};
    std::size_t bytes_ = 0;  // of the entries, about
    std::size_t most_ = 128;
};

}  // namespace resp::detail
