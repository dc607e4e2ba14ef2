// The commands that took long.
#pragma once

#include <libresp/service/call.hpp>

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

    /// Keeps the command if it took long.
    void offer(const Call& call, std::chrono::nanoseconds duration);
    /// The newest `most` ones, the newest first.
    [[nodiscard]] std::vector<Entry> newest(std::size_t most) const;
    [[nodiscard]] std::size_t size() const;
    void clear();

    /// In microseconds; negative: off.
    [[nodiscard]] std::int64_t longer_than() const;
    void set_longer_than(std::int64_t microseconds);
    [[nodiscard]] std::size_t most() const;
    void set_most(std::size_t most);

private:
    void shrink(std::size_t most);

    mutable std::mutex mutex_;
    std::deque<Entry> entries_;  // the oldest first
    std::int64_t next_id_ = 0;
    std::int64_t longer_than_ = -1;
    std::size_t most_ = 128;
};

}  // namespace resp::detail
