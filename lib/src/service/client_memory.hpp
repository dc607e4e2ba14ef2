// The memory that a service keeps for one client: queued commands, subscriptions, watched keys.
#pragma once

#include <libresp/server/connection.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace resp::detail {

/// The memory of a name that a client makes the service keep: once for the client, and once for all clients. At least what
/// the heap holds for the nodes of both maps.
[[nodiscard]] inline std::size_t memory_of_name(std::string_view name) noexcept {
    return 320 + 2 * name.size();
}

/// Charges the client in portions, so that many small things need few charges.
class ClientMemory {
public:
    /// Counts `bytes`. Returns false if Options::max_memory has no room: then keep nothing.
    [[nodiscard]] bool take(const Connection& client, std::size_t bytes) {
        if (used_ + bytes > charged_) {
            std::optional<Charge> charge = client.charge(std::max(portion, used_ + bytes - charged_));
            // A connection that has closed cannot be charged. What is kept for it goes soon.
            if (!charge) return !client.is_open();
            charged_ += charge->bytes();
            charges_.push_back(std::move(*charge));
        }
        used_ += bytes;
        return true;
    }
    void give_back(std::size_t bytes) noexcept {
        used_ -= std::min(bytes, used_);
        while (!charges_.empty() && charged_ - charges_.back().bytes() >= used_) {
            charged_ -= charges_.back().bytes();
            charges_.pop_back();
        }
    }
    [[nodiscard]] std::size_t used() const noexcept { return used_; }

private:
    static constexpr std::size_t portion = 4096;

    std::vector<Charge> charges_;
    std::size_t charged_ = 0;
    std::size_t used_ = 0;
};

}  // namespace resp::detail
