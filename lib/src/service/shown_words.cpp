// Shortens words and hides passwords.
#include "shown_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace resp::detail {

namespace {

constexpr std::size_t most_shown = 128;

bool contains_ignoring_case(std::string_view text, std::string_view part) {
    for (std::size_t i = 0; i + part.size() <= text.size(); ++i) {
        if (equals_ignoring_case(text.substr(i, part.size()), part)) return true;
    }
    return false;
}

/// Whether the word is a user's name or a password.
bool is_secret(const Call& call, std::size_t i) {
    if (call.name() == "auth") return i > 0;
    if (call.name() == "hello") {
        return (i > 1 && equals_ignoring_case(call[i - 1], "AUTH")) ||
               (i > 2 && equals_ignoring_case(call[i - 2], "AUTH"));
    }
    if (call.name() == "config|set" && i > 2) {
        return contains_ignoring_case(call[i - 1], "pass") || contains_ignoring_case(call[i - 1], "auth");
    }
    return false;
}

std::string shown(std::string_view word) {
    if (word.size() <= most_shown) return std::string{word};
    return fmt::format("{}... ({} more bytes)", word.substr(0, most_shown), word.size() - most_shown);
}

}  // namespace

std::vector<std::string> shown_words(const Call& call, std::size_t most) {
    const bool is_cut = call.size() > most;
    const std::size_t shown_size = is_cut ? most - 1 : call.size();
    std::vector<std::string> words;
    words.reserve(shown_size + 1);
    for (std::size_t i = 0; i != shown_size; ++i) {
        words.push_back(is_secret(call, i) ? "(redacted)" : shown(call[i]));
    }
    if (is_cut) words.push_back(fmt::format("... ({} more arguments)", call.size() - shown_size));
    return words;
}

}  // namespace resp::detail
