// Commands, and the error texts that Redis sends for commands it cannot run.
#include <libresp/codec/command.hpp>

#include <algorithm>
#include <charconv>

namespace resp {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
    return result;
}

// Redis quotes at most 128 bytes of a name, and adds arguments until they have 128 bytes together.
constexpr std::size_t most_quoted = 128;

}  // namespace

bool detail::same_ignoring_case(const char* a, const char* b, std::size_t size) noexcept {
    return std::equal(a, a + size, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::int64_t> Command::integer(std::size_t i) const noexcept {
    const std::string_view text = (*this)[i];
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    // Like string2ll() of Redis: no leading zeros, no minus zero.
    const std::string_view digits = text.substr(text.starts_with(wire::minus) ? 1 : 0);
    if (digits.starts_with('0') && text != "0") return std::nullopt;
    return value;
}

std::string unknown_command(const Command& command) {
    std::string arguments;
    for (std::size_t i = 1; i < command.size() && arguments.size() < most_quoted; ++i) {
        const std::size_t room = most_quoted - arguments.size();
        arguments += '\'';
        arguments += command[i].substr(0, room);
        arguments += "' ";
    }
    std::string text = "ERR unknown command '";
    text += command.name().substr(0, most_quoted);
    return text + "', with args beginning with: " + arguments;
}

std::string wrong_number_of_arguments(std::string_view name) {
    return "ERR wrong number of arguments for '" + lower(name.substr(0, most_quoted)) + "' command";
}

std::string unknown_subcommand(const Command& command) {
    std::string text = "ERR unknown subcommand '";
    text += command[1].substr(0, most_quoted);
    text += "'. Try ";
    for (const char c : command.name().substr(0, most_quoted)) {
        text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return text + " HELP.";
}

}  // namespace resp
