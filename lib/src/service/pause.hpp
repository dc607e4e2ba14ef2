// CLIENT PAUSE: commands that wait.
#pragma once

#include "clients.hpp"

#include <libresp/server/asio.hpp>
#include <libresp/service/detail/command_entry.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <set>

namespace resp::detail {

class Waiter;

class Pause {
public:
    using Clock = std::chrono::steady_clock;

    /// Another pause only makes this one longer, and stricter.
    void begin(Clock::time_point until, bool only_writes);
    void end();
    /// Whether a pause is not over yet.
    [[nodiscard]] bool lasts() const;
    /// Whether the command has to wait.
    [[nodiscard]] bool holds(const CommandEntry& entry, const ClientRecord& client) const;
    /// Waits until the command may run. Returns false if the client has left, or has ended its stream.
    [[nodiscard]] asio::awaitable<bool> wait(const CommandEntry& entry, const ClientRecord& client);

private:
    class Place;
    [[nodiscard]] Clock::time_point until() const;

    mutable std::mutex mutex_;
    Clock::time_point until_;
    bool only_writes_ = false;
    std::set<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace resp::detail
