// Why received bytes are refused, and at which byte. The first error ends its stream: RESP has no mark that
// would let a reader find the next value.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <cstdint>
#include <string>
#include <system_error>

namespace resp {

/// Why a decoder refuses bytes: they are malformed, or they exceed a limit. As a std::error_code, a malformed
/// input compares equal to std::errc::protocol_error and an exceeded limit to std::errc::message_size.
enum class Errc {
    incomplete = 1,  ///< parse() only: the bytes end before the value does
    trailing_data,   ///< parse() only: more bytes follow the value
    bad_type,        ///< this byte begins no value, or no value may begin here
    bad_line,        ///< an LF without a CR before it, or a CR without an LF after it
    bad_integer,     ///< not a signed decimal number of 64 bits, or one with a leading zero, or -0
    bad_double,
    bad_boolean,
    bad_null,
    bad_big_number,
    bad_length,         ///< a string's length: not digits, a leading zero, or -1 if no null is allowed there
    bad_count,          ///< the same for the number of values in an aggregate
    bad_terminator,     ///< no CRLF after the bytes of a string
    bad_verbatim,       ///< a verbatim string does not begin with three bytes of format and a colon
    bad_stream,         ///< a streamed value contains a wrong part, or ends too early
    bad_push,           ///< a push inside another value
    expected_bulk,      ///< an element of a command is not a bulk string
    unbalanced_quotes,  ///< in an inline command
    line_too_long,      ///< longer than Limits::max_line
    inline_too_long,    ///< an inline command longer than Limits::max_line
    bulk_too_long,      ///< longer than Limits::max_bulk
    too_many_elements,  ///< more than Limits::max_elements
    too_deep,           ///< deeper than Limits::max_depth
    frame_too_long,     ///< longer than Limits::max_frame
};

[[nodiscard]] const std::error_category& error_category() noexcept;
[[nodiscard]] std::error_code make_error_code(Errc code) noexcept;

/// Whether the input exceeded a limit. Otherwise it is malformed.
[[nodiscard]] bool is_limit(Errc code) noexcept;

/// What stopped a decoder, and where.
struct DecodeError {
    Errc code{};
    std::uint64_t offset = 0;  ///< bytes from the start of the stream to the first byte that is wrong
    char byte = 0;             ///< that byte; always 0 for Errc::incomplete and Errc::frame_too_long

    /// One line of text: "expected '$', got 'w'". If Redis has a text for this error, it is Redis' text.
    /// A byte of the input that is not printable ASCII is shown as `\xNN`, CR and LF as a space.
    [[nodiscard]] std::string message() const;

    friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

}  // namespace resp

template <>
struct std::is_error_code_enum<resp::Errc> : std::true_type {};
