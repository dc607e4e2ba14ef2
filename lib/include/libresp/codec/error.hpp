// What can be wrong with received bytes, and where. An error ends its stream: RESP has no mark at
// which a reader could find its way back.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <cstdint>
#include <string>
#include <system_error>

namespace resp {

/// Why bytes are not RESP, or not RESP that we take. As a std::error_code, malformed input compares
/// equal to std::errc::protocol_error and a limit to std::errc::message_size.
enum class Errc {
    incomplete = 1,  ///< parse() only: the value goes on behind the end of the bytes
    trailing_data,   ///< parse() only: bytes behind the value
    bad_type,        ///< a byte that begins no value, or one that may not stand there
    bad_line,        ///< a bare LF in a line, or a CR without its LF
    bad_integer,     ///< not a canonical decimal of 64 bits
    bad_double,
    bad_boolean,
    bad_null,
    bad_big_number,
    bad_length,         ///< of a string: no plain decimal, or a null where none may be
    bad_count,          ///< of an aggregate: the same
    bad_terminator,     ///< the bytes behind a string's body are not CRLF
    bad_verbatim,       ///< a verbatim string without its three bytes of format and colon
    bad_stream,         ///< a wrong part inside a streamed value, or one that ends too early
    bad_push,           ///< a push inside another value
    expected_bulk,      ///< an element of a command that is no bulk string
    unbalanced_quotes,  ///< in an inline command
    line_too_long,      ///< over Limits::max_line
    inline_too_long,    ///< an inline command over Limits::max_line
    bulk_too_long,      ///< over Limits::max_bulk
    too_many_elements,  ///< over Limits::max_elements
    too_deep,           ///< over Limits::max_depth
    frame_too_long,     ///< over Limits::max_frame
};

[[nodiscard]] const std::error_category& error_category() noexcept;
[[nodiscard]] std::error_code make_error_code(Errc code) noexcept;

/// Whether an error says that the input went over a limit, rather than that it is malformed.
[[nodiscard]] bool is_limit(Errc code) noexcept;

/// What stopped a decoder, and where.
struct DecodeError {
    Errc code{};
    std::uint64_t offset = 0;  ///< bytes from the start of the stream to the first that cannot be right
    char byte = 0;             ///< that byte; 0 where none is at hand

    /// One line, in Redis' words where Redis has some: "expected '$', got 'w'". Bytes of the input
    /// are escaped.
    [[nodiscard]] std::string message() const;

    friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

}  // namespace resp

template <>
struct std::is_error_code_enum<resp::Errc> : std::true_type {};
