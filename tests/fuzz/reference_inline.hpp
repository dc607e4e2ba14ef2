// The words of an inline command, slow and plain: Redis' rules as docs/wire-types.md tells them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

struct InlineWords {
    std::vector<std::string> words;
    /// Where quotes are not balanced: the byte behind a closing quote, or the end of the line.
    std::optional<std::size_t> unbalanced_at;
};

/// Splits a line, given without its LF or CRLF.
[[nodiscard]] InlineWords split_inline(std::string_view line);

}  // namespace fuzz
