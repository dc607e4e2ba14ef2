#include <libresp/service.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

int main() {
    std::map<std::string, std::string, std::less<>> store;
    resp::Commands commands;
    commands.add("SET key value", [&](std::string_view key, std::string_view value) {
        store.insert_or_assign(std::string{key}, value);
        return resp::ok;
    });
    commands.add("GET key", [&](std::string_view key) -> std::optional<std::string_view> {
        const auto found = store.find(key);
        if (found == store.end()) return std::nullopt;
        return found->second;
    });
    resp::Server server{{.port = 6379}, resp::Service{commands}};
    server.run();
}
