// Values, errors and bytes as texts that tests can compare.
#pragma once

#include <libresp/codec/error.hpp>
#include <libresp/codec/limits.hpp>
#include <libresp/codec/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace support {

/// The results of all accessors of a view and of the values in it, and whether copies give the same.
/// Recursive, for small values.
std::string describe(resp::View view);

/// Why the RESP2 form of a value is not a RESP2 value. Empty if it is one.
std::string unlike_resp2(const resp::Value& value, const resp::Limits& limits);

/// The name of an error code, as in error.hpp.
std::string_view name_of(resp::Errc code);

/// `text`, `times` times.
std::string repeat(std::string_view text, std::size_t times);

/// A text that may contain NUL: bytes("a\0b").
template <std::size_t n>
constexpr std::string_view bytes(const char (&literal)[n]) {
    return {literal, n - 1};
}

}  // namespace support
