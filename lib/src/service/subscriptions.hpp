// What one client has subscribed to.
#pragma once

#include <libresp/service/pubsub.hpp>

#include <array>
#include <functional>
#include <set>
#include <string>

namespace resp::detail {

class Subscriptions {
public:
    using Kind = PubSub::Kind;

    [[nodiscard]] const std::set<std::string, std::less<>>& of(Kind kind) const noexcept {
        return names_[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] std::set<std::string, std::less<>>& of(Kind kind) noexcept {
        return names_[static_cast<std::size_t>(kind)];
    }
    /// What a confirmation says: channels and patterns together, or shards.
    [[nodiscard]] std::size_t count(Kind kind) const noexcept {
        if (kind == Kind::shard) return of(Kind::shard).size();
        return of(Kind::channel).size() + of(Kind::pattern).size();
    }
    [[nodiscard]] bool empty() const noexcept { return count(Kind::channel) + count(Kind::shard) == 0; }

private:
    std::array<std::set<std::string, std::less<>>, 3> names_;
};

}  // namespace resp::detail
