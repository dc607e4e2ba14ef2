// The pieces of the grammar: CRLF, the other marks, and the strict number parser. Together with the type bytes
// in type.hpp, this is the only place that knows how RESP looks. Everything that reads or writes RESP uses it.
#pragma once

#include <libresp/codec/type.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace resp::wire {

inline constexpr char cr = '\r';
inline constexpr char lf = '\n';
inline constexpr std::string_view crlf = "\r\n";
inline constexpr char chunk = ';';          // `;<length>\r\n<bytes>\r\n`, a part of a streamed string
inline constexpr char end_of_stream = '.';  // `.\r\n` ends a streamed aggregate
inline constexpr char streamed = '?';       // stands in place of a length that is not known yet
inline constexpr char minus = '-';
inline constexpr char plus = '+';
inline constexpr char boolean_true = 't';
inline constexpr char boolean_false = 'f';
inline constexpr std::size_t verbatim_prefix = 4;  // three bytes of format and a colon
inline constexpr char verbatim_colon = ':';

/// A header is a type byte, at most 20 characters and CRLF: what a cut one can leave unread.
inline constexpr std::size_t longest_header = 24;

[[nodiscard]] constexpr char byte(Type type) noexcept { return static_cast<char>(type); }

/// Whether a value can begin with this byte.
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

[[nodiscard]] inline bool is_crlf(const char* p) noexcept {
    return load16(p) == (std::endian::native == std::endian::little ? 0x0A0D : 0x0D0A);
}

/// How far a piece of a line could be read.
enum class Outcome : unsigned char {
    done,      ///< `at` is behind the CRLF
    partial,   ///< right so far, the rest has not come
    bad_byte,  ///< `at` cannot stand there
    bad_line,  ///< `at` is a bare LF, or what follows a CR and is no LF
    overflow,  ///< with the digit `at` the number is over its bound
};

struct Decimal {
    Outcome outcome;
    const char* at;  ///< the first byte that was not taken
    std::uint64_t value;
};

/// Reads `\r\n` at p.
[[nodiscard]] inline Decimal read_crlf(const char* p, const char* end, std::uint64_t value) noexcept {
    if (p == end) return {Outcome::partial, p, value};
    if (*p != cr) return {*p == lf ? Outcome::bad_line : Outcome::bad_byte, p, value};
    if (p + 1 == end) return {Outcome::partial, p, value};
    if (p[1] != lf) return {Outcome::bad_line, p + 1, value};
    return {Outcome::done, p + 2, value};
}

/// Reads `<digits>\r\n` at p: plain decimal digits, no leading zero, at most `max`. The grammar's one
/// number parser. It finds the first wrong byte as soon as that byte has come, so a caller
/// who reads a cut line again with more of it gets the same answer.
[[nodiscard]] inline Decimal read_decimal(const char* p, const char* end, std::uint64_t max) noexcept {
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

/// The first CR or LF of [p, end), or `end`. Eight bytes at a time: the lines of RESP are short, and
/// a call of memchr costs more than it finds.
[[nodiscard]] inline const char* find_line_end(const char* p, const char* end) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t highs = 0x8080808080808080U;
    for (; end - p >= 8; p += 8) {
        const std::uint64_t word = load64(p);
        const std::uint64_t no_cr = word ^ (ones * static_cast<unsigned char>(cr));
        const std::uint64_t no_lf = word ^ (ones * static_cast<unsigned char>(lf));
        // A byte that is zero borrows into its high bit; the lowest such bit is exact.
        const std::uint64_t hit = (((no_cr - ones) & ~no_cr) | ((no_lf - ones) & ~no_lf)) & highs;
        if (hit != 0) return p + (std::countr_zero(hit) >> 3);
    }
    while (p != end && *p != cr && *p != lf) ++p;
    return p;
}

/// Reads a double's text one byte at a time, so that a cut line goes on where it stopped:
/// `[-]<digits>[.<digits>][(e|E)[+|-]<digits>]`, inf, -inf, nan or -nan (which Redis has sent).
/// Source: RESP3, "Double".
class DoubleSyntax {
public:
    /// Whether `c` may come next.
    [[nodiscard]] bool take(char c) noexcept;
    /// Whether what was taken is a whole double.
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
        nan
    };
    State state_ = State::start;
};

/// The value of a text that DoubleSyntax took: the nearest double; beyond the largest one an infinity.
[[nodiscard]] double to_double(std::string_view text) noexcept;

}  // namespace resp::wire
