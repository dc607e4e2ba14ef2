// Doubles: which texts are one, and which number they are.
#include <libresp/codec/wire.hpp>

#include <charconv>
#include <limits>

namespace resp::wire {

bool DoubleSyntax::take(char c) noexcept {
    const auto to = [this](State next) {
        state_ = next;
        return true;
    };
    const bool digit = is_digit(c);
    const bool exponent = c == 'e' || c == 'E';
    switch (state_) {
        case State::start:
            if (c == minus) return to(State::sign);
            [[fallthrough]];
        case State::sign:
            if (digit) return to(State::whole);
            if (c == 'i') return to(State::i);
            return c == 'n' && to(State::n);
        case State::whole:
            if (digit) return true;
            if (c == '.') return to(State::point);
            return exponent && to(State::e);
        case State::point: return digit && to(State::fraction);
        case State::fraction:
            if (digit) return true;
            return exponent && to(State::e);
        case State::e:
            if (c == plus || c == minus) return to(State::e_sign);
            [[fallthrough]];
        case State::e_sign:
        case State::exponent: return digit && to(State::exponent);
        case State::i: return c == 'n' && to(State::in);
        case State::in: return c == 'f' && to(State::inf);
        case State::n: return c == 'a' && to(State::na);
        case State::na: return c == 'n' && to(State::nan);
        case State::inf:
        case State::nan: return false;
    }
    return false;
}

bool DoubleSyntax::complete() const noexcept {
    return state_ == State::whole || state_ == State::fraction || state_ == State::exponent ||
           state_ == State::inf || state_ == State::nan;
}

namespace {

/// Whether a number that no double can hold is too large, not too small: the power of ten of its
/// first digit that is not zero tells.
bool is_huge(std::string_view digits) noexcept {
    const std::size_t e = digits.find_first_of("eE");
    const std::string_view mantissa = digits.substr(0, e);
    long long power = 0;
    if (e != std::string_view::npos) {
        std::string_view text = digits.substr(e + 1);
        const bool negative = text.front() == minus;
        if (negative || text.front() == plus) text.remove_prefix(1);
        // An exponent of more than 17 digits decides alone; the mantissa has at most a line of them.
        for (const char c : text) power = power < 100'000'000'000'000'000 ? power * 10 + (c - '0') : power;
        if (negative) power = -power;
    }
    const std::size_t point = mantissa.find('.');
    const std::size_t whole = point == std::string_view::npos ? mantissa.size() : point;
    const std::size_t first = mantissa.find_first_of("123456789");
    const auto shift = static_cast<long long>(whole) - static_cast<long long>(first);
    return power + shift > 0;
}

}  // namespace

double to_double(std::string_view text) noexcept {
    const bool negative = text.starts_with(minus);
    const std::string_view digits = text.substr(negative ? 1 : 0);
    double value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (result.ec == std::errc::result_out_of_range) {
        value = is_huge(digits) ? std::numeric_limits<double>::infinity() : 0;
    }
    return negative ? -value : value;
}

}  // namespace resp::wire
