// What the ceiling reads lines and numbers with. All of it reads words, so up to `slack` bytes behind
// the input are read, but never believed.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace bench::ceiling {

static_assert(std::endian::native == std::endian::little, "the ceiling reads words as x86 and ARM do");

template <class Word>
[[nodiscard]] inline Word load(const char* p) noexcept {
    Word word;
    std::memcpy(&word, p, sizeof word);
    return word;
}

[[nodiscard]] inline bool is_crlf(const char* p) noexcept { return load<std::uint16_t>(p) == 0x0A0D; }
[[nodiscard]] inline unsigned digit(char c) noexcept {
    return static_cast<unsigned>(static_cast<unsigned char>(c)) - '0';
}

/// Reads the length behind the type byte at p: plain digits, no leading zero. Returns the header's bytes;
/// 0 where more are needed, -1 where it is none. One and two digits, which nearly all have, by branches
/// that predict; arithmetic over the digits would be a chain from one header to the next.
[[nodiscard, gnu::always_inline]] inline int read_header(const char* p, const char* end,
                                                         std::uint64_t& length) {
    if (end - p >= 12) [[likely]] {
        const unsigned first = digit(p[1]);
        if (first <= 9) [[likely]] {
            length = first;
            if (is_crlf(p + 2)) return 4;
            const unsigned second = digit(p[2]);
            length = first * 10 + second;
            if (second <= 9 && first != 0 && is_crlf(p + 3)) return 5;
        }
    }
    length = 0;
    const char* at = p + 1;
    for (int digits = 0; digits != 11; ++digits, ++at) {
        if (at == end) return 0;
        if (digit(*at) > 9) {
            if (digits == 0 || *at != '\r') return -1;
            if (at + 1 == end) return 0;
            return at[1] == '\n' ? static_cast<int>(at + 2 - p) : -1;
        }
        if (digits != 0 && length == 0) return -1;
        length = length * 10 + digit(*at);
    }
    return -1;
}

/// The first CR in [p, end), or end.
[[nodiscard]] inline const char* find_cr(const char* p, const char* end) noexcept {
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')));
        if (hits != 0) return p + std::countr_zero(static_cast<unsigned>(hits));
    }
#endif
    while (p != end && *p != '\r') ++p;
    return p;
}

/// Reads the decimal in [p, end), which has 1 to 19 digits, as eight at once where it is that short.
[[nodiscard]] inline bool read_digits(const char* p, const char* end, std::uint64_t& value) noexcept {
    const auto size = static_cast<unsigned>(end - p);
    if (size <= 8) [[likely]] {
        const unsigned shift = 64 - 8 * size;
        // Digits become 0 to 9; bytes in front of the first become 0.
        std::uint64_t word = (load<std::uint64_t>(p) << shift) ^ (0x3030303030303030u << shift);
        if ((((word + 0x7676767676767676u) | word) & 0x8080808080808080u) != 0) return false;
        word = word * 2561 >> 8;
        word = (word & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
        value = (word & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32;
        return true;
    }
    value = 0;
    for (; p != end; ++p) {
        if (digit(*p) > 9) return false;
        value = value * 10 + digit(*p);
    }
    return true;
}

}  // namespace bench::ceiling
