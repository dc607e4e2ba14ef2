// Patterns as in KEYS, SCAN, PSUBSCRIBE and CONFIG GET.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <string_view>

namespace resp {

/// Whether a text matches a pattern, as Redis decides it:
///
///     ?  one byte        [abc]  one of these        [^abc]  none of these        \  the next byte as it is
///     *  any bytes       [a-c]  one of this range
///
/// Takes at most the time of both lengths multiplied, whatever the pattern.
[[nodiscard]] bool matches_glob(std::string_view text, std::string_view pattern) noexcept;
/// The same; upper and lower case of ASCII letters count as equal.
[[nodiscard]] bool matches_glob_ignoring_case(std::string_view text, std::string_view pattern) noexcept;

}  // namespace resp
