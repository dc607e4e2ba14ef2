// Splits an inline command into words by the rules of Redis, as docs/wire-types.md states them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

struct InlineWords {
    std::vector<std::string> words;
    /// Where the quotes are wrong: at the byte after a closing quote, or at the end of the line.
    std::optional<std::size_t> unbalanced_at;
};

/// Splits a line, which comes without its LF or CRLF.
[[nodiscard]] InlineWords split_inline(std::string_view line);

}  // namespace fuzz
