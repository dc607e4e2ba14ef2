// Makes untrusted bytes safe to show to people and to write into logs.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace resp {

/// Appends `bytes` to `out`. Printable ASCII stays as it is, `"` and `\` get a backslash, and every other
/// byte becomes `\xNN`. So the result contains no line break and no escape sequence of a terminal. It has at
/// most four bytes for each byte of `bytes`.
void escape(std::string& out, std::string_view bytes);

/// The first `limit` bytes of `bytes`, escaped. `...` follows if there were more.
[[nodiscard]] std::string escaped(std::string_view bytes, std::size_t limit = std::string_view::npos);

}  // namespace resp
