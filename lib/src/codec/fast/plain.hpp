// Headers and numbers in their plain forms, read eight bytes at a time. These functions report no errors.
// They return how many bytes they could read; the tokenizer reads everything else.
#pragma once

#include <libresp/codec/wire.hpp>

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace resp::wire {

// ---- digits

/// Counts the digits that the eight bytes at p begin with. `digits` receives the value of each, the first in
/// the lowest byte; the bytes after the last digit are undefined. `minus_signs` is 0 or 1. If it is 1, the
/// first byte at p must be a minus sign: it is counted like a digit, and its byte in `digits` is undefined.
[[nodiscard]] inline std::size_t leading_digits(const char* p, std::uint64_t& digits,
                                                std::uint64_t minus_signs = 0) noexcept {
    // XOR makes '0' to '9' the values 0 to 9. Adding 0x76 then sets the high bit of every larger value.
    digits = load64(p) ^ 0x3030303030303030U;
    std::uint64_t others = ((digits + 0x7676767676767676U) | digits) & 0x8080808080808080U;
    others &= others - minus_signs;  // if `minus_signs` is 1, clears the lowest bit that is set: the sign's
    // The addition carries only into later bytes, so the lowest bit that is set is correct.
    return static_cast<std::size_t>(std::countr_zero(others)) >> 3;
}

/// The number that the first `count` digits form. `count` is 1 to 8.
[[nodiscard]] inline std::uint64_t to_number(std::uint64_t digits, std::size_t count) noexcept {
    assert(1 <= count && count <= 8);
    digits <<= 64 - 8 * count;                                      // the last digit goes to the highest byte
    digits = digits * 2561 >> 8;                                    // pairs:  10 * first + second
    digits = (digits & 0x00FF00FF00FF00FFU) * 6553601 >> 16;        // fours: 100 * first + second
    return (digits & 0x0000FFFF0000FFFFU) * 42949672960001U >> 32;  // all: 10,000 * first + second
}

// ---- headers

/// Reads a header of one or two digits, which nearly all headers have. At least five bytes must be readable
/// at p. Returns the size of the header in bytes, or 0 for every other header, correct or not.
[[nodiscard]] inline std::size_t short_header(const char* p, std::uint32_t& length) noexcept {
    // A branch on the number of digits predicts well and beats arithmetic without branches.
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

/// Reads a header of three to seven digits whose number is at most `most`. Returns its size in bytes. Returns
/// 0 and leaves `length` unchanged for every other header, and if fewer than ten bytes are readable.
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

/// A number and the bytes that it was read from. Size 0 means that there is none.
struct PlainNumber {
    std::size_t size;
    std::uint64_t value;  // two's complement
};

/// Continues a number. Its first eight bytes, at p, are digits, or a sign and digits; `value` is what they
/// form, without the sign. Reads at most 18 bytes in all, so that no sum overflows, and leaves at least two
/// readable bytes after the last digit.
[[nodiscard, gnu::noinline]] inline PlainNumber more_digits(const char* p, const char* end,
                                                            std::uint64_t value) noexcept {
    assert(end - p >= 10);
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

/// Reads `[-]<digits>` at p: at most 18 bytes, no leading zero. Returns size 0 for every other integer, and
/// if fewer than eleven bytes are readable. At least two readable bytes follow the number.
[[nodiscard]] inline PlainNumber plain_integer(const char* p, const char* end) noexcept {
    if (end - p < 11) [[unlikely]]
        return {};
    // The sign is handled without a branch, because a mix of signs would mispredict it.
    const std::size_t sign = *p == minus ? 1 : 0;
    std::uint64_t digits = 0;
    const std::size_t size = leading_digits(p, digits, sign);
    if (size == sign || (p[sign] == '0' && size != 1)) return {};
    PlainNumber number{size, to_number(digits >> (8 * sign), size - sign)};
    if (size == 8) number = more_digits(p, end, number.value);
    number.value = (number.value ^ (0 - std::uint64_t{sign})) + sign;  // negates if sign is 1
    return number;
}

/// Returns the first byte of [p, end) that is no digit, or `end`. It compares sixteen bytes at a time,
/// because the processor would often mispredict a branch on whether there are more than eight digits.
[[nodiscard]] inline const char* skip_digits(const char* p, const char* end) noexcept {
    for (std::uint64_t ignored = 0; end - p >= 16;) {
        const std::size_t low = leading_digits(p, ignored);
        const std::size_t high = leading_digits(p + 8, ignored);
        const std::size_t count = low == 8 ? low + high : low;
        p += count;
        if (count != 16) return p;
    }
    while (p != end && is_digit(*p)) ++p;
    return p;
}

/// Returns where `[-]<digits>` at p ends, or p if there is no such text.
[[nodiscard]] inline const char* plain_digits(const char* p, const char* end) noexcept {
    const char* const first = p != end && *p == minus ? p + 1 : p;
    const char* const stop = skip_digits(first, end);
    return stop == first ? p : stop;
}

/// Returns where `[-]<digits>[.<digits>][(e|E)[+|-]<digits>]` at p ends, or p if there is no such text. The
/// caller must check that a CRLF stands at the returned end. If not, the double has another form or is wrong.
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
