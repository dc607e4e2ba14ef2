// The pieces of the grammar: CRLF, the other special bytes, and the strict number parser. Together with
// the type bytes in type.hpp, this is the only place that knows how RESP looks on the wire. Everything that
// reads or writes RESP uses it.
#pragma once

#include <libresp/codec/type.hpp>

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace resp::wire {

inline constexpr char cr = '\r';
inline constexpr char lf = '\n';
inline constexpr std::string_view crlf = "\r\n";
inline constexpr char chunk = ';';          // `;<length>\r\n<bytes>\r\n` is a part of a streamed string
inline constexpr char end_of_stream = '.';  // `.\r\n` ends a streamed aggregate
inline constexpr char streamed = '?';       // replaces a length that is not known yet
inline constexpr char minus = '-';
inline constexpr char plus = '+';
inline constexpr char boolean_true = 't';
inline constexpr char boolean_false = 'f';
inline constexpr std::size_t verbatim_prefix = 4;  // a format of three bytes and a colon
inline constexpr char verbatim_colon = ':';

/// The length of the longest header, in bytes: a type byte, a sign, the 20 digits of 2^64 and CRLF. A longer
/// header is an error: its number is over its bound, or begins with a zero. When more bytes arrive for an
/// incomplete value, only a header that was cut off is read again.
inline constexpr std::size_t longest_header = 1 + 1 + 20 + crlf.size();
static_assert(longest_header == 24);

/// The type byte. Not for null_bulk_string and null_array: their numbers are not bytes on the wire.
[[nodiscard]] constexpr char byte(Type type) noexcept { return static_cast<char>(type); }

/// Whether a value may begin with this byte.
[[nodiscard]] constexpr bool is_type_byte(char c) noexcept {
    switch (c) {
        case '+':
        case '-':
        case ':':
        case '$':
        case '*':
        case '_':
        case '#':
        case ',':
        case '(':
        case '!':
        case '=':
        case '%':
        case '~':
        case '|':
        case '>': return true;
        default: return false;
    }
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The two bytes at p, in the byte order of the host.
[[nodiscard]] inline std::uint16_t load16(const char* p) noexcept {
    std::uint16_t word;
    std::memcpy(&word, p, sizeof word);
    return word;
}

/// The eight bytes at p, the first in the lowest byte.
[[nodiscard]] inline std::uint64_t load64(const char* p) noexcept {
    std::uint64_t word = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&word, p, sizeof word);
    } else {
        for (unsigned i = 0; i != 8; ++i) word |= std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
    }
    return word;
}

/// Whether the two bytes at p are CRLF. Both must be readable.
[[nodiscard]] inline bool is_crlf(const char* p) noexcept {
    return load16(p) == (std::endian::native == std::endian::little ? 0x0A0D : 0x0D0A);
}

/// The result of reading a part of a line.
enum class Outcome : unsigned char {
    done,      ///< `at` is after the CRLF
    partial,   ///< correct so far, but the bytes end at `at`
    bad_byte,  ///< the byte at `at` is not allowed there
    bad_line,  ///< the byte at `at` is an LF without a CR before it, or follows a CR and is not an LF
    overflow,  ///< the digit at `at` makes the number too large
};

/// The result of read_decimal() and read_crlf(). `value` is the number only if the outcome is `done`.
struct Decimal {
    Outcome outcome;
    const char* at;  ///< the first byte that was not taken
    std::uint64_t value;
};

/// Reads `\r\n` at p, and copies `value` to the result.
[[nodiscard]] inline Decimal read_crlf(const char* p, const char* end, std::uint64_t value) noexcept {
    assert(p <= end);
    if (p == end) return {Outcome::partial, p, value};
    if (*p != cr) return {*p == lf ? Outcome::bad_line : Outcome::bad_byte, p, value};
    if (p + 1 == end) return {Outcome::partial, p, value};
    if (p[1] != lf) return {Outcome::bad_line, p + 1, value};
    return {Outcome::done, p + 2, value};
}

/// Reads `<digits>\r\n` at p: plain decimal digits without a leading zero, at most `max`. The only number
/// parser of the grammar. It reports a wrong byte as soon as it reads it. So a caller that reads an
/// incomplete line again with more bytes gets the same result as with the whole line.
[[nodiscard]] inline Decimal read_decimal(const char* p, const char* end, std::uint64_t max) noexcept {
    assert(p <= end);
    const std::uint64_t tenth = max / 10;
    std::uint64_t value = 0;
    for (const char* first = p;; ++p) {
        if (p == end) return {Outcome::partial, p, value};
        if (!is_digit(*p)) {
            if (p != first) return read_crlf(p, end, value);
            return {*p == lf ? Outcome::bad_line : Outcome::bad_byte, p, value};
        }
        const auto digit = static_cast<std::uint64_t>(*p - '0');
        if (p != first && value == 0) return {Outcome::bad_byte, p, value};
        if (value >= tenth && (value != tenth || digit > max - 10 * tenth))
            return {Outcome::overflow, p, value};
        value = value * 10 + digit;
    }
}

/// The first CR or LF in [p, end), or `end`. Reads eight bytes at a time: the lines of RESP are short, and
/// two calls of memchr() would cost more.
[[nodiscard]] inline const char* find_line_end(const char* p, const char* end) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t highs = 0x8080808080808080U;
    for (; end - p >= 8; p += 8) {
        const std::uint64_t word = load64(p);
        const std::uint64_t no_cr = word ^ (ones * static_cast<unsigned char>(cr));
        const std::uint64_t no_lf = word ^ (ones * static_cast<unsigned char>(lf));
        // Subtracting one from a zero byte sets its high bit. The lowest high bit is exact.
        const std::uint64_t hit = (((no_cr - ones) & ~no_cr) | ((no_lf - ones) & ~no_lf)) & highs;
        if (hit != 0) return p + (std::countr_zero(hit) >> 3);
    }
    while (p != end && *p != cr && *p != lf) ++p;
    return p;
}

/// Reads the text of a double byte by byte. If a line arrives in pieces, reading continues where it stopped:
///
///     [+|-]<digits>[.<digits>][(e|E)[+|-]<digits>]      [+|-]inf      [+|-]nan[(<letters, digits, _>)]
///
/// NaN may be written in upper or lower case, because Redis before 7.2 sends what the C library of its host
/// prints: `-nan`, `NAN`, `nan(0x8000)`. Source: RESP3, "Double".
class DoubleSyntax {
public:
    /// Takes `c` and returns true if it is allowed next. Otherwise returns false and changes nothing.
    [[nodiscard]] bool take(char c) noexcept;
    /// Whether the bytes taken so far are a whole double.
    [[nodiscard]] bool complete() const noexcept;

private:
    enum class State : unsigned char {
        start,
        sign,
        whole,
        point,
        fraction,
        e,
        e_sign,
        exponent,
        i,
        in,
        inf,
        n,
        na,
        nan,
        payload,  // between the parentheses of a NaN
        closed,
    };
    [[nodiscard]] State after_sign(char c) const noexcept;
    [[nodiscard]] State after(char c) const noexcept;

    State state_ = State::start;
};

/// The double nearest to `text`, which must be a complete double for DoubleSyntax. Above the largest double,
/// an infinity.
[[nodiscard]] double to_double(std::string_view text) noexcept;

}  // namespace resp::wire
