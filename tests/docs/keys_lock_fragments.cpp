// docs/keys.md: the program's own lock, and changes that no client has made.
#include "expect.hpp"

#include <libresp/service.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// [lock]
class Shards {
public:
    using Guard = std::vector<std::unique_lock<std::mutex>>;

    /// Without keys, all of them. In the order of their numbers, so that two calls cannot block each other.
    Guard lock(std::span<const std::string_view> keys) {
        std::array<bool, count> wanted{};
        for (const std::string_view key : keys) wanted[std::hash<std::string_view>{}(key) % count] = true;
        Guard guard;
        for (std::size_t i = 0; i != count; ++i) {
            if (keys.empty() || wanted[i]) guard.emplace_back(mutexes_[i]);
        }
        return guard;
    }

private:
    static constexpr std::size_t count = 16;
    std::array<std::mutex, count> mutexes_;
};

void use(resp::Commands<>& commands, Shards& shards) {
    commands.lock([&](std::span<const std::string_view> keys, resp::Access) { return shards.lock(keys); });
}
// [/lock]

// [expire]
/// On any thread, for a key whose time has ended.
void expire(resp::Keys& keys, Shards& shards, unsigned database, std::string_view key) {
    const Shards::Guard guard = shards.lock(std::span{&key, 1});
    // … remove it from the store
    keys.changed(database, key, "expired", resp::KeyEvent::expired);
}
// [/expire]

int main() {
    Shards shards;
    resp::Commands commands;
    use(commands, shards);
    commands.keys().notify(resp::Keys::by_key | static_cast<unsigned>(resp::KeyEvent::expired));
    expire(commands.keys(), shards, 0, "k");
    const std::string_view two[] = {"a", "b"};
    expect(shards.lock(two).size() <= 2 ? "some" : "all", "some");
    expect(shards.lock({}).size() == 16 ? "all" : "some", "all");
}
