// The grammar's smallest pieces, and the only place where they stand: the type bytes, the CRLF and
// the strict decimal. Everything that reads or writes RESP is built from what is here.
#pragma once

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace resp {

/// The type of a RESP value. An enumerator's number is the type byte on the wire; the two nulls of
/// RESP2 have no byte of their own (they are a `$` or `*` with the length -1) and set the high bit.
/// Source: RESP3, "RESP types".
enum class Type : unsigned char {
    simple_string = '+',            ///< `+<text>\r\n`
    simple_error = '-',             ///< `-<text>\r\n`
    integer = ':',                  ///< `:[+|-]<digits>\r\n`, 64 bits
    bulk_string = '$',              ///< `$<length>\r\n<bytes>\r\n`, or streamed: `$?\r\n` and chunks
    array = '*',                    ///< `*<count>\r\n` and that many values, or streamed: `*?\r\n … .\r\n`
    null = '_',                     ///< `_\r\n`
    boolean = '#',                  ///< `#t\r\n` or `#f\r\n`
    double_ = ',',                  ///< `,<decimal>\r\n`, or inf, -inf, nan
    big_number = '(',               ///< `([+|-]<digits>\r\n`, any length
    bulk_error = '!',               ///< `!<length>\r\n<bytes>\r\n`
    verbatim_string = '=',          ///< `=<length>\r\n<three bytes>:<bytes>\r\n`
    map = '%',                      ///< `%<pairs>\r\n` and twice that many values
    set = '~',                      ///< `~<count>\r\n` and that many values
    attribute = '|',                ///< `|<pairs>\r\n`, as a map; it belongs to the value that follows
    push = '>',                     ///< `><count>\r\n` and that many values; between replies only
    null_bulk_string = '$' | 0x80,  ///< `$-1\r\n`, RESP2
    null_array = '*' | 0x80,        ///< `*-1\r\n`, RESP2
};

/// The protocol's two versions: RESP2 has only + - : $ * and the two nulls.
enum class Version : unsigned char { resp2 = 2, resp3 = 3 };

/// The name of a type in RESP's own words: "bulk string". Lives for ever.
[[nodiscard]] std::string_view name(Type type) noexcept;

/// Whether a value of this type holds other values.
[[nodiscard]] constexpr bool is_aggregate(Type type) noexcept {
    return type == Type::array || type == Type::map || type == Type::set || type == Type::push ||
           type == Type::attribute;
}

/// Whether the values of this aggregate come as pairs, a key and what belongs to it.
[[nodiscard]] constexpr bool has_pairs(Type type) noexcept {
    return type == Type::map || type == Type::attribute;
}

/// Whether this is one of the three nulls.
[[nodiscard]] constexpr bool is_null(Type type) noexcept {
    return type == Type::null || type == Type::null_bulk_string || type == Type::null_array;
}

namespace wire {

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

/// Reads `<digits>\r\n` at p: plain decimal digits, no leading zero, at most `max`. The one number
/// parser of the project. It finds the first wrong byte as soon as that byte has come, so a caller
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

/// The length in the header at p if it has one or two digits, which nearly all have; at least five
/// bytes must be readable. Returns the header's size in bytes, 0 for every other header, right or
/// wrong. A branch on the number of digits predicts well and beats arithmetic that needs none.
[[nodiscard]] inline std::size_t short_header(const char* p, std::uint32_t& length) noexcept {
    const auto first = static_cast<std::uint32_t>(static_cast<unsigned char>(p[1])) - '0';
    if (first > 9) return 0;
    if (is_crlf(p + 2)) {
        length = first;
        return 4;
    }
    const auto second = static_cast<std::uint32_t>(static_cast<unsigned char>(p[2])) - '0';
    if (second > 9 || first == 0 || !is_crlf(p + 3)) return 0;
    length = first * 10 + second;
    return 5;
}

/// How many of the eight bytes at p are digits before the first that is none. `digits` gets their
/// values, one a byte, the first in the lowest; behind the last digit it holds anything. If `minus_signs`
/// is 1, the first byte is a minus sign, and counted in.
[[nodiscard]] inline std::size_t leading_digits(const char* p, std::uint64_t& digits,
                                                std::uint64_t minus_signs = 0) noexcept {
    digits = load64(p) ^ 0x3030303030303030U;
    std::uint64_t others = ((digits + 0x7676767676767676U) | digits) & 0x8080808080808080U;
    others &= others - minus_signs;                                  // the lowest one is the sign
    return static_cast<std::size_t>(std::countr_zero(others)) >> 3;  // a carry reaches later bytes only
}

/// The number that the first `count` of the `digits` make, one to eight.
[[nodiscard]] inline std::uint64_t to_number(std::uint64_t digits, std::size_t count) noexcept {
    // The last digit goes to the highest byte; then pairs, fours and all eight are added up.
    digits <<= 64 - 8 * count;
    digits = digits * 2561 >> 8;
    digits = (digits & 0x00FF00FF00FF00FFU) * 6553601 >> 16;
    return (digits & 0x0000FFFF0000FFFFU) * 42949672960001U >> 32;
}

/// A number that was read from so many bytes; 0: there is none.
struct Number {
    std::size_t size;
    std::uint64_t value;  // two's complement
};

/// The number that the eight digits at p, of that value, begin: no more than 18 digits, so that no sum
/// overflows; two bytes behind the last one are readable.
[[nodiscard, gnu::noinline]] inline Number more_digits(const char* p, const char* end,
                                                       std::uint64_t value) noexcept {
    static constexpr std::uint32_t powers[] = {1,       10,        100,        1'000,      10'000,
                                               100'000, 1'000'000, 10'000'000, 100'000'000};
    std::size_t count = 8;
    if (end - p >= 18) {
        std::uint64_t digits = 0;
        const std::size_t more = leading_digits(p + 8, digits);
        if (more == 0) return {count, value};
        value = value * powers[more] + to_number(digits, more);
        count += more;
        if (more != 8) return {count, value};
    }
    const std::size_t most = end - p > 20 ? 18 : static_cast<std::size_t>(end - p) - 2;
    for (; count != most && is_digit(p[count]); ++count) {
        value = value * 10 + static_cast<std::uint64_t>(p[count] - '0');
    }
    return {count, value};
}

/// What plain_integer() does, for one in the last ten bytes that have come, its CRLF among them: so it has
/// eight digits at most.
[[nodiscard, gnu::noinline]] inline Number last_integer(const char* p, const char* end) noexcept {
    const bool negative = p != end && *p == minus;
    const Decimal read = read_decimal(negative ? p + 1 : p, end, 999'999'999);
    if (read.outcome != Outcome::done || (negative && read.value == 0)) return {};
    return {static_cast<std::size_t>(read.at - p) - crlf.size(), negative ? 0 - read.value : read.value};
}

/// Reads `[-]<digits>` at p, of at most 18 bytes, without a leading zero, or nothing. A sign costs no
/// branch, and no step between one number and the next.
[[nodiscard]] inline Number plain_integer(const char* p, const char* end) noexcept {
    if (end - p < 11) [[unlikely]]
        return last_integer(p, end);
    const std::size_t sign = *p == minus ? 1 : 0;
    std::uint64_t digits = 0;
    const std::size_t size = leading_digits(p, digits, sign);
    if (size == sign || (p[sign] == '0' && size != 1)) return {};
    Number number{size, to_number(digits >> (8 * sign), size - sign)};
    if (size == 8) number = more_digits(p, end, number.value);
    number.value = (number.value ^ (0 - std::uint64_t{sign})) + sign;  // negated without a branch
    return number;
}

/// The same as short_header() for one of three to seven digits, at most `most`. Returns 0, and leaves
/// `length` as it is, for every other one, and where fewer than ten bytes are readable.
[[nodiscard]] inline std::size_t long_header(const char* p, const char* end, std::size_t most,
                                             std::uint32_t& length) noexcept {
    if (end - p < 10) return 0;
    std::uint64_t digits = 0;
    const std::size_t count = leading_digits(p + 1, digits);
    if (count < 3 || count == 8 || p[1] == '0' || !is_crlf(p + 1 + count)) return 0;
    const std::uint64_t number = to_number(digits, count);
    if (number > most) return 0;
    length = static_cast<std::uint32_t>(number);
    return count + 3;
}

/// Behind the digits at p, of which at most fifteen bytes before `end` are left.
[[nodiscard, gnu::noinline]] inline const char* last_digits(const char* p, const char* end) noexcept {
    if (std::uint64_t ignored = 0; end - p >= 8) {
        const std::size_t count = leading_digits(p, ignored);
        p += count;
        if (count != 8) return p;
    }
    while (p != end && is_digit(*p)) ++p;
    return p;
}

/// Behind the digits at p. Sixteen bytes at a time: where eight were enough for half of the numbers, the
/// branch on that would seldom be foreseen.
[[nodiscard]] inline const char* skip_digits(const char* p, const char* end) noexcept {
    for (std::uint64_t ignored = 0; end - p >= 16;) {
        const std::size_t low = leading_digits(p, ignored);
        const std::size_t high = leading_digits(p + 8, ignored);
        const std::size_t count = low == 8 ? low + high : low;
        p += count;
        if (count != 16) return p;
    }
    return last_digits(p, end);
}

/// Behind `[-]<digits>` at p, or p where there are none.
[[nodiscard]] inline const char* plain_digits(const char* p, const char* end) noexcept {
    const char* const first = p != end && *p == minus ? p + 1 : p;
    const char* const stop = skip_digits(first, end);
    return stop == first ? p : stop;
}

/// Behind `[-]<digits>[.<digits>][(e|E)[+|-]<digits>]` at p, or p. What ends it may also tell that it
/// is of another form.
[[nodiscard]] inline const char* plain_double(const char* p, const char* end) noexcept {
    const char* at = plain_digits(p, end);
    if (at == p || end - at < 3) return at;
    if (*at == '.' && is_digit(at[1])) at = plain_digits(at + 1, end);
    if (end - at < 3 || (*at != 'e' && *at != 'E')) return at;
    const char* const exponent = at[1] == plus && is_digit(at[2]) ? at + 2 : at + 1;
    const char* const stop = plain_digits(exponent, end);
    return stop == exponent ? at : stop;
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

}  // namespace wire
}  // namespace resp
