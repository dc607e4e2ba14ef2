// Converts decimal text to a double with the C library. Used if the standard library has no std::from_chars()
// for doubles (libc++ before 20), and for numbers that std::from_chars() reports as out of range. Defined in
// wire.cpp.
#pragma once

#include <string_view>

namespace resp::wire {

/// The double nearest to `<digits>[.<digits>][(e|E)[+|-]<digits>]`. Too large: infinity. Too small: 0.
/// Does not depend on the locale, allocates nothing, and leaves errno as it was. The text may have any
/// length.
[[nodiscard]] double decimal_to_double(std::string_view text) noexcept;

}  // namespace resp::wire
