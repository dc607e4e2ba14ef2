// Checks that a text for people has no byte that a terminal or a log could obey.
#pragma once

#include <libresp/codec/format.hpp>

#include <algorithm>
#include <string_view>

#include "check.hpp"

namespace fuzz {

inline void check_printable(std::string_view text) {
    check(std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; }),
          "the text is printable ASCII");
}

/// Checks the full text of a view, and its text at several limits.
inline void check_printable(resp::View view) {
    const std::string full = resp::to_string(view);
    check_printable(full);
    check(fmt::format("{}", view) == full, "fmt shows what to_string() shows");
    for (const std::size_t limit : {0U, 1U, 7U, 64U}) {
        const std::string text = resp::to_string(view, limit);
        check_printable(text);
        // Each byte may need four to show, and a few more surround them.
        check(text.size() <= 4 * limit + 32, "the limit holds");
        check(limit <= full.size() || text == full, "a text within the limit is shown in full");
    }
    check(fmt::format("{:.7}", view) == resp::to_string(view, 7), "a precision is the limit");
}

}  // namespace fuzz
