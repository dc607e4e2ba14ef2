#include <libresp/service.hpp>

#include <atomic>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

int main() {
    std::atomic<unsigned> limit{100};
    std::atomic<unsigned> greeted{0};
    resp::Commands commands{resp::ServiceInfo{.server = "greeter", .version = "7.4.0"}};
    commands.add("GREET name", [&](std::string_view name) {
        if (greeted == limit) throw resp::error("ERR enough for today");
        ++greeted;
        return "Hello " + std::string{name} + "!";
    });
    // [auth]
    commands.auth([](const resp::AuthRequest& request) -> std::optional<resp::User> {
        const bool is_admin = request.user == "admin";
        if (!is_admin && request.user != "default") return std::nullopt;
        const std::string_view secret = is_admin ? "much more secret" : "secret";
        if (!resp::equals_in_constant_time(request.password, secret)) return std::nullopt;
        return resp::User{.name = std::string{request.user}, .admin = is_admin};
    });
    // [/auth]
    // [monitoring]
    commands.section("Greeter", [&] { return "greeted:" + std::to_string(greeted) + "\r\n"; });
    commands.parameter(
        "greet-limit", [&] { return std::to_string(limit); },
        [&](std::string_view text) -> std::optional<std::string> {
            unsigned value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error != std::errc{} || end != text.data() + text.size()) return "argument must be a number";
            limit = value;
            return std::nullopt;
        });
    // [/monitoring]
    // [server]
    resp::Server server{{.port = 6381, .first_limits = resp::limits_before_auth()}, resp::Service{commands}};
    server.run();
    // [/server]
}
