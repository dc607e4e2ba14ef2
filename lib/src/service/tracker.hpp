// Client-side caching: what a client wants to hear of changed keys.
#pragma once

#include "client_memory.hpp"

#include <libresp/server/connection.hpp>
#include <libresp/service/client.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace resp::detail {

/// One client with CLIENT TRACKING ON. Any thread may tell it of a change.
class Tracker {
public:
    explicit Tracker(Connection client) noexcept : client_(std::move(client)) {}

    [[nodiscard]] std::uint64_t id() const noexcept { return client_.id(); }
    [[nodiscard]] bool has_no_loop() const noexcept { return no_loop_.load(std::memory_order_relaxed); }
    void set_no_loop(bool no_loop) noexcept { no_loop_.store(no_loop, std::memory_order_relaxed); }
    /// Another client gets what this one would get. Null: none.
    void set_redirect(const std::shared_ptr<Client>& target);
    [[nodiscard]] std::uint64_t redirect() const noexcept {
        return redirect_.load(std::memory_order_relaxed);
    }
    /// Whether that client has left.
    [[nodiscard]] bool is_broken() const noexcept { return broken_.load(std::memory_order_relaxed); }

    [[nodiscard]] bool has(std::string_view key) {
        const std::lock_guard lock{mutex_};
        return keys_.find(key) != keys_.end();
    }
    /// Remembers that the client has read a key. Returns false if there is no memory for it.
    [[nodiscard]] bool add(std::string_view key) {
        const std::lock_guard lock{mutex_};
        if (keys_.find(key) != keys_.end()) return true;
        if (!memory_.take(client_, memory_of_name(key))) return false;
        keys_.emplace(key);
        return true;
    }
    void remove(std::string_view key) noexcept {
        const std::lock_guard lock{mutex_};
        const auto found = keys_.find(key);
        if (found == keys_.end()) return;
        memory_.give_back(memory_of_name(key));
        keys_.erase(found);
    }
    /// All keys that it remembers; afterwards none.
    [[nodiscard]] std::set<std::string, std::less<>> take_keys() noexcept {
        const std::lock_guard lock{mutex_};
        memory_.give_back(memory_.used());
        return std::exchange(keys_, {});
    }
    /// `>2 invalidate [key]`. Does nothing if the client itself has changed the key and has asked for NOLOOP, or if it
    /// has gone back to RESP2, which has no pushes.
    void invalidate(std::string_view key, std::uint64_t by);
    /// `>2 invalidate null`: it must forget everything.
    void invalidate_all();

private:
    template <class Write>
    void send(const Write& write_keys);
    template <class Write>
    void send_elsewhere(const Write& write_keys);

    const Connection client_;
    std::atomic<bool> no_loop_{false}, broken_{false};
    std::atomic<std::uint64_t> redirect_{0};
    std::mutex mutex_;
    std::weak_ptr<Client> target_;
    std::set<std::string, std::less<>> keys_;
    ClientMemory memory_;
};

}  // namespace resp::detail
