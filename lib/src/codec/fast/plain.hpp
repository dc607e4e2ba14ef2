// Headers and numbers in their plain forms, eight bytes at a time: what the shortcut takes. Each function
// knows no error; it says how much it could read, and what it could not, the tokenizer reads.
#pragma once

#include <libresp/codec/wire.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace resp::wire {

// ---- digits

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

// ---- headers

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

// ---- numbers

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

}  // namespace resp::wire
