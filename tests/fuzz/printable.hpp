// What is shown to people has no byte that a terminal or a log could take for a command.
#pragma once

#include <libresp/codec/format.hpp>

#include <algorithm>
#include <string_view>

#include "check.hpp"

namespace fuzz {

inline void check_printable(std::string_view text) {
    check(std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; }),
          "what is shown is printable ASCII");
}

/// In full, and cut at several bounds.
inline void check_printable(resp::View view) {
    const std::string full = resp::to_string(view);
    check_printable(full);
    check(fmt::format("{}", view) == full, "fmt shows what to_string() shows");
    for (const std::size_t limit : {0U, 1U, 7U, 64U}) {
        const std::string text = resp::to_string(view, limit);
        check_printable(text);
        // "About": each byte may take four to show, and there may be a few around them.
        check(text.size() <= 4 * limit + 32, "a bound holds");
        check(limit <= full.size() || text == full, "what fits is shown in full");
    }
    check(fmt::format("{:.7}", view) == resp::to_string(view, 7), "a precision is the bound");
}

}  // namespace fuzz
