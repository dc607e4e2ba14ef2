// Writes the smallest pieces of the grammar: a number, CRLF, a few bytes. The caller provides room at `to`:
// header_room bytes, for put_bytes() the size of the bytes, and for put_blob() both. Each function returns
// where the next piece goes.
#pragma once

#include <libresp/codec/wire.hpp>

#include <array>
#include <cassert>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace resp::wire {

/// A type that must not be written as a number: bool and the character types, which C++ counts among the
/// integers, and std::nullptr_t.
template <class T>
concept NotANumber =
    std::same_as<T, char> || std::same_as<T, bool> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
    std::same_as<T, char16_t> || std::same_as<T, char32_t> || std::same_as<T, std::nullptr_t>;

/// An integer of at most 64 bits, or a floating-point number.
template <class T>
concept Number = std::floating_point<T> || (std::integral<T> && !NotANumber<T> && sizeof(T) <= 8);

template <class T>
concept TextOrNumber = Number<T> || (std::convertible_to<const T&, std::string_view> && !NotANumber<T>);

/// Room for a type byte, the longest number and CRLF. put_number() stores eight bytes even for a short
/// number.
inline constexpr std::size_t header_room = 32;

namespace detail {

// `<number>\r\n` for 0 to 99, with its length in the last byte. One store writes the whole text.
using ShortNumber = std::array<char, 8>;
inline constexpr std::array<ShortNumber, 100> short_numbers = [] {
    std::array<ShortNumber, 100> table{};
    for (std::size_t n = 0; n != table.size(); ++n) {
        std::size_t size = 0;
        if (n >= 10) table[n][size++] = static_cast<char>('0' + n / 10);
        table[n][size++] = static_cast<char>('0' + n % 10);
        table[n][size++] = cr;
        table[n][size++] = lf;
        table[n][7] = static_cast<char>(size);
    }
    return table;
}();

char* put_long_number(char* to, std::uint64_t number) noexcept;  // encoder.cpp

/// Whether the compiler knows the value of `n`.
[[nodiscard]] inline bool is_constant([[maybe_unused]] std::size_t n) noexcept {
#ifdef __GNUC__
    return __builtin_constant_p(n) != 0;
#else
    return false;
#endif
}

/// `from`, but the compiler no longer knows which object it points to. Costs no instruction. GCC inlines
/// put_bytes() into the caller and looks at each branch alone. In the branch for 32 bytes it sees 32 bytes
/// read from the caller's `char room[20]` and warns (-Warray-bounds), although that branch cannot run. If
/// `n` is a constant, GCC removes the other branches itself. Then it stores the bytes of a literal as a
/// constant and does not read them from memory.
[[nodiscard]] inline const char* of_unknown_origin(const char* from, std::size_t n) noexcept {
#ifdef __GNUC__
    if (!is_constant(n)) asm("" : "+r"(from));
#endif
    return from;
}

/// Copies `n` bytes, `size` to twice `size`, in two copies that may overlap.
template <std::size_t size>
char* put_ends(char* to, const char* from, std::size_t n) noexcept {
    assert(size <= n && n <= 2 * size);
    from = of_unknown_origin(from, n);
    std::memcpy(to, from, size);
    std::memcpy(to + n - size, from + n - size, size);
    return to + n;
}

}  // namespace detail

[[nodiscard]] inline char* put_crlf(char* to) noexcept {
    std::memcpy(to, crlf.data(), crlf.size());
    return to + crlf.size();
}

/// `<number>\r\n`
[[nodiscard]] inline char* put_number(char* to, std::uint64_t number) noexcept {
    if (number >= detail::short_numbers.size()) [[unlikely]]
        return detail::put_long_number(to, number);
    const detail::ShortNumber& text = detail::short_numbers[number];
    std::memcpy(to, text.data(), text.size());
    return to + text.back();
}

/// The shortest decimal that reads back as the same number, at most 24 bytes; or nan, inf, -inf.
[[nodiscard]] char* put_decimal(char* to, double number) noexcept;
[[nodiscard]] char* put_decimal(char* to, float number) noexcept;
[[nodiscard]] inline char* put_decimal(char* to, long double number) noexcept {
    return put_decimal(to, static_cast<double>(number));
}
/// The decimal, at most 20 bytes.
template <std::integral N>
[[nodiscard]] char* put_decimal(char* to, N number) noexcept {
    return std::to_chars(to, to + header_room, number).ptr;
}
/// Writes the decimal into `room` and returns it. The text is valid as long as `room`.
template <Number N>
[[nodiscard]] std::string_view decimal_text(N number, char (&room)[header_room]) noexcept {
    return {room, static_cast<std::size_t>(put_decimal(room, number) - room)};
}

/// Copies the bytes. Two copies that may overlap (put_ends) cost less than a call of memcpy(). Most keys and
/// values have 8 to 31 bytes.
[[nodiscard]] inline char* put_bytes(char* to, std::string_view bytes) noexcept {
    const char* const from = bytes.data();
    const std::size_t n = bytes.size();
    if (n > 64) {
        std::memcpy(to, detail::of_unknown_origin(from, n), n);
        return to + n;
    }
    if (n >= 32) return detail::put_ends<32>(to, from, n);
    if (n >= 16) [[likely]]
        return detail::put_ends<16>(to, from, n);
    if (n >= 8) [[likely]]
        return detail::put_ends<8>(to, from, n);
    if (n >= 4) return detail::put_ends<4>(to, from, n);
    if (n >= 2) return detail::put_ends<2>(to, from, n);
    if (n == 1) *to = *from;
    return to + n;
}

/// `<type byte><number>\r\n`
[[nodiscard]] inline char* put_header(char* to, char first, std::uint64_t number) noexcept {
    *to = first;
    return put_number(to + 1, number);
}

/// `:<number>\r\n`
[[nodiscard]] inline char* put_integer(char* to, std::int64_t value) noexcept {
    *to++ = byte(Type::integer);
    const auto number = static_cast<std::uint64_t>(value);
    if (value >= 0) return put_number(to, number);
    *to++ = minus;
    return put_number(to, 0 - number);
}

/// `<type byte><size>\r\n<bytes>\r\n`. Needs room for the bytes and header_room bytes more.
[[nodiscard]] inline char* put_blob(char* to, char first, std::string_view bytes) noexcept {
    return put_crlf(put_bytes(put_header(to, first, bytes.size()), bytes));
}

}  // namespace resp::wire
