#include <libresp/service.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

int main() {
    std::map<std::string, std::string, std::less<>> store;
    resp::Commands commands;
    commands.add("GET key",
                 [&](std::string_view key) -> std::optional<std::string_view> {
                     const auto found = store.find(key);
                     if (found == store.end()) return std::nullopt;
                     return found->second;
                 },
                 {.readonly = true});
    commands.add("SET key value", [&](std::string_view key, std::string_view value, resp::Call& call) {
        store.insert_or_assign(std::string{key}, value);
        call.changed(key, "set", resp::KeyEvent::string);
        return resp::ok;
    });
    commands.add("DEL key [key ...]", [&](resp::Words keys, resp::Call& call) {
        std::size_t erased = 0;
        for (const std::string_view key : keys) {
            if (store.erase(std::string{key}) == 0) continue;
            call.changed(key, "del");
            ++erased;
        }
        return erased;
    });
    resp::Server server{{.port = 6385, .threads = 2}, resp::Service{commands}};
    server.run();
}
