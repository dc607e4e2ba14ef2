// docs/service.md: typed arguments, options, errors, summaries, and data that two threads share.
#include <libresp/service.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

using Clock = std::chrono::steady_clock;

struct Item {
    std::string value;
    std::optional<Clock::time_point> expires;
};

/// No lock: the service calls one function at a time.
class Store {
public:
    Item* find(std::string_view key) {
        const auto found = items_.find(key);
        if (found == items_.end()) return nullptr;
        if (!found->second.expires || *found->second.expires > Clock::now()) return &found->second;
        items_.erase(found);
        return nullptr;
    }
    void set(std::string_view key, Item item) { items_.insert_or_assign(std::string{key}, std::move(item)); }
    bool erase(std::string_view key) { return find(key) != nullptr && items_.erase(std::string{key}) == 1; }
    std::size_t size() const { return items_.size(); }

private:
    std::map<std::string, Item, std::less<>> items_;
};

void add_typed(resp::Commands<>& commands, Store& store) {
    // [typed]
    commands.add("GETRANGE key start size",
                 [&](std::string_view key, std::uint32_t start, std::uint32_t size) -> std::string_view {
                     const Item* const item = store.find(key);
                     if (item == nullptr || start > item->value.size()) return {};
                     return std::string_view{item->value}.substr(start, size);
                 });
    commands.add("DEL key [key ...]", [&](resp::Words keys) {
        std::size_t erased = 0;
        for (const std::string_view key : keys) erased += store.erase(key) ? 1 : 0;
        return erased;
    });
    // [/typed]
}

void add_options(resp::Commands<>& commands, Store& store) {
    // [options]
    commands.add(
        "SET key value [NX | XX] [EX seconds]",
        [&](std::string_view key, std::string_view value, resp::Call& call) -> std::optional<resp::Ok> {
            const bool exists = store.find(key) != nullptr;
            if ((call.has("NX") && exists) || (call.has("XX") && !exists)) return std::nullopt;  // null
            Item item{std::string{value}, std::nullopt};
            if (const auto seconds = call.integer("seconds")) {
                if (*seconds < 1 || *seconds > 1'000'000'000) {
                    throw resp::error("ERR invalid expire time in 'set' command");
                }
                item.expires = Clock::now() + std::chrono::seconds{*seconds};
            }
            store.set(key, std::move(item));
            return resp::ok;
        });
    // [/options]
}

void add_described(resp::Commands<>& commands, Store& store) {
    // [traits]
    commands.add(
        "GET key",
        [&](std::string_view key) -> std::optional<std::string_view> {
            const Item* const item = store.find(key);
            if (item == nullptr) return std::nullopt;
            return item->value;
        },
        {.readonly = true, .fast = true, .summary = "Returns the value of a key.", .group = "string"});
    // [/traits]
}

int main() {
    Store store;
    resp::Commands commands;
    add_typed(commands, store);
    add_options(commands, store);
    add_described(commands, store);
    // [threads]
    resp::Server server{{.port = 6380, .threads = 2}, resp::Service{commands}};
    server.run();
    // [/threads]
}
