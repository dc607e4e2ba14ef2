// Decimal text to double with the C library, for standard libraries without std::from_chars() for doubles
// (libc++ before 20), and for numbers that std::from_chars() calls out of range.
#pragma once

#include <string_view>

namespace resp::wire {

/// The double nearest to `<digits>[.<digits>][(e|E)[+|-]<digits>]`. Too large: infinity. Too small: 0.
/// Does not depend on the locale, allocates nothing, and changes errno back. The text may have any length.
[[nodiscard]] double decimal_to_double(std::string_view text) noexcept;

}  // namespace resp::wire
