// Doubles: which texts are doubles, and their values.
#include <libresp/codec/wire.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "strtod.hpp"

namespace resp::wire {

// ---- the syntax

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_payload(char c) noexcept { return is_digit(c) || c == '_' || (lower(c) >= 'a' && lower(c) <= 'z'); }

}  // namespace

// after_sign() and after() return the state after `c`, or State::start if `c` is not allowed. No allowed byte
// leads back to State::start.
DoubleSyntax::State DoubleSyntax::after_sign(char c) const noexcept {
    if (is_digit(c)) return State::whole;
    if (c == 'i') return State::i;
    return lower(c) == 'n' ? State::n : State::start;
}

DoubleSyntax::State DoubleSyntax::after(char c) const noexcept {
    const auto only = [](bool allowed, State next) { return allowed ? next : State::start; };
    const bool exponent = lower(c) == 'e';
    switch (state_) {
        case State::start: return c == minus || c == plus ? State::sign : after_sign(c);
        case State::sign: return after_sign(c);
        case State::whole:
            if (is_digit(c)) return State::whole;
            return c == '.' ? State::point : only(exponent, State::e);
        case State::point: return only(is_digit(c), State::fraction);
        case State::fraction: return is_digit(c) ? State::fraction : only(exponent, State::e);
        case State::e:
            if (c == plus || c == minus) return State::e_sign;
            [[fallthrough]];
        case State::e_sign:
        case State::exponent: return only(is_digit(c), State::exponent);
        case State::i: return only(c == 'n', State::in);
        case State::in: return only(c == 'f', State::inf);
        case State::n: return only(lower(c) == 'a', State::na);
        case State::na: return only(lower(c) == 'n', State::nan);
        case State::nan: return only(c == '(', State::payload);
        case State::payload: return c == ')' ? State::closed : only(is_payload(c), State::payload);
        case State::inf:
        case State::closed: return State::start;
    }
    return State::start;
}

bool DoubleSyntax::take(char c) noexcept {
    const State next = after(c);
    if (next == State::start) return false;
    state_ = next;
    return true;
}

bool DoubleSyntax::complete() const noexcept {
    return state_ == State::whole || state_ == State::fraction || state_ == State::exponent ||
           state_ == State::inf || state_ == State::nan || state_ == State::closed;
}

// ---- the value

namespace {

/// The number after `e`. Stops reading digits at 10^17 or more. Such an exponent alone decides that the
/// double is an infinity or zero, because the digits of a line can shift it by less than 10^17.
long long exponent_of(std::string_view text) noexcept {
    const bool negative = text.starts_with(minus);
    if (negative || text.starts_with(plus)) text.remove_prefix(1);
    long long value = 0;
    for (const char c : text) value = value < 100'000'000'000'000'000 ? value * 10 + (c - '0') : value;
    return negative ? -value : value;
}

/// The significant digits of a decimal, as an integer with an exponent: 0.00120e5 is "120" and exponent 0. No
/// rounding of a double needs more than 768 digits. A 1 stands for all further digits if one of them is not
/// zero.
struct Significant {
    std::array<char, 768 + 1 + 32> text;  // the digits, the 1, and room for `e`, the exponent and a NUL
    std::size_t size = 0;
    long long exponent = 0;

    explicit Significant(std::string_view mantissa) noexcept {
        bool after_point = false;
        bool rest = false;
        for (const char c : mantissa) {
            if (c == '.') {
                after_point = true;
                continue;
            }
            const bool kept = size < 768;
            if (kept && (size != 0 || c != '0')) text[size++] = c;
            rest = rest || (!kept && c != '0');
            exponent += (kept ? 0 : 1) - (after_point ? 1 : 0);
        }
        if (!rest) return;
        text[size++] = '1';
        --exponent;
    }
};

}  // namespace

double decimal_to_double(std::string_view text) noexcept {
    const std::size_t e = std::min(text.find_first_of("eE"), text.size());
    Significant digits{text.substr(0, e)};
    if (digits.size == 0) return 0;
    if (e != text.size()) digits.exponent += exponent_of(text.substr(e + 1));
    // At these limits the number is an infinity or zero, whatever its digits: there are at most 769.
    digits.exponent = std::clamp(digits.exponent, -9999LL, 9999LL);
    char* const to = digits.text.data() + digits.size;
    char* const last = digits.text.data() + digits.text.size() - 1;
    *to = 'e';
    *std::to_chars(to + 1, last, digits.exponent).ptr = '\0';
    // Without a decimal point the locale does not matter.
    const int before = errno;
    const double value = std::strtod(digits.text.data(), nullptr);
    errno = before;
    return value;
}

namespace {

// A template, because only in a template can `requires` test whether std::from_chars() for doubles exists;
// elsewhere a missing one is an error. If it is missing, decimal_to_double() reads every number.
template <class Double>
Double nearest(std::string_view text) noexcept {
    if constexpr (requires(Double value) { std::from_chars(text.data(), text.data(), value); }) {
        Double value = 0;
        const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
        if (result.ec == std::errc{}) return value;
    }
    return decimal_to_double(text);
}

}  // namespace

double to_double(std::string_view text) noexcept {
    const bool negative = text.starts_with(minus);
    if (negative || text.starts_with(plus)) text.remove_prefix(1);
    assert(!text.empty());
    if (lower(text.front()) == 'n') return std::numeric_limits<double>::quiet_NaN();
    const double value =
        text.front() == 'i' ? std::numeric_limits<double>::infinity() : nearest<double>(text);
    return negative ? -value : value;
}

}  // namespace resp::wire
