// Bytes that are nothing yet. Where they come one by one, neither a token nor an error comes of most; so
// the decoder asks this first, of several new ones behind the shortcut, and a cut value stays unread until
// it is whole. A string's bytes are not looked at here, a text's and a number's once: the answer tells which
// may follow, and detail::Cut::take() takes those. What is long or of a rare form is not called cut: the
// tokenizer takes it in parts.
#pragma once

#include <libresp/codec/decoder.hpp>

#include <algorithm>

namespace resp {
namespace detail {

/// Whether nothing stands behind `stop`, or only the CR of a line.
inline bool is_open_line(const char* stop, const char* end) noexcept {
    return stop == end || (stop + 1 == end && *stop == wire::cr);
}

/// A line of text that begins at `value` and has no end before `from`. It may have `most` bytes.
inline Cut cut_text(const char* value, const char* from, const char* end, std::size_t most) noexcept {
    if (!is_open_line(wire::find_line_end(from, end), end)) return {};
    return {
        .known = static_cast<std::size_t>(end - value), .open = most, .least = wire::cr + 1, .most = 0xFF};
}

/// A number, of which `here` bytes are in order, and which may have `most`, its type byte among them. Its
/// first digit, if it has come, is `first`; without `zeros` that is no zero, or the only one.
inline Cut cut_digits(std::size_t here, std::size_t most, const char* first, const char* end,
                      bool zeros) noexcept {
    const bool is_begun = zeros || first != end;
    const bool is_zero = !zeros && is_begun && *first == '0';
    return {.known = here,
            .open = is_zero ? 0 : most,
            .least = static_cast<unsigned char>(is_begun ? '0' : '1'),
            .most = '9'};
}

/// A plain number, `[text, end)` so far, whose bytes before `p` are in order. `point`: it may have one.
/// `zeros`: they may lead, also behind a minus. `most`: the bytes that it may have, with its type byte.
inline Cut cut_number(const char* text, const char* p, const char* end, std::size_t most, bool point,
                      bool zeros) noexcept {
    const char* const first = text != end && *text == wire::minus ? text + 1 : text;
    const Cut cut = cut_digits(static_cast<std::size_t>(end - text) + 1, most, first, end, zeros);
    if (first == end) return cut;
    if (!zeros && *first == '0' && (first != text || (end - first > 1 && wire::is_digit(first[1]))))
        return {};
    for (p = std::max(p, first); p != end; ++p) {
        if (wire::is_digit(*p)) continue;
        if (p == first || !wire::is_digit(p[-1])) return {};
        const bool is_point = point && *p == '.' && std::find(first, p, '.') == p;
        if (!is_point) return is_open_line(p, end) ? cut : Cut{};
    }
    return cut;
}

/// A length, `[text, end)` so far, which is at most `limit`.
inline Cut cut_length(const char* text, const char* end, std::size_t limit) noexcept {
    constexpr std::size_t three_digits = 999;  // so many are below any larger limit, and need no look
    return cut_digits(static_cast<std::size_t>(end - text) + 1, limit >= three_digits ? 1 + 3 : 0, text, end,
                      false);
}

}  // namespace detail

/// What can come before a token or an error may. Nothing is known if one may be in what stands before
/// `end`, of which the first `known` bytes are in order; or if the value is of a rare form.
inline detail::Cut Tokenizer::cut(std::size_t known, const char* end) const noexcept {
    const auto here = static_cast<std::size_t>(end - next_);
    if (mode_ != Mode::value) return {};
    const char c = *next_;
    const bool request = reads_ == Reads::commands;
    const bool words = depth_ == 0 && (request ? c != wire::byte(Type::array)
                                               : reads_ == Reads::anything && !wire::is_type_byte(c));
    if (!words) {
        if (left_ == 0 || (request && depth_ != 0 && c != wire::byte(Type::bulk_string))) return {};
        const auto type = static_cast<Type>(c);
        if (type == Type::bulk_string || type == Type::bulk_error || type == Type::verbatim_string) {
            return cut_string(type, end);
        }
    }
    if (end[-1] == wire::lf || here > limits_.max_line) return {};
    if (known != 0 && next_[known - 1] == wire::cr) return {};  // what comes now ends it, or is wrong
    if (!words) return cut_line(next_ + std::max<std::size_t>(known, 1), end);
    const char* const from = next_ + std::max<std::uint64_t>(known, position_);  // which was searched
    return detail::cut_text(next_, from, end, limits_.max_line);
}

/// cut() of a string of known length.
inline detail::Cut Tokenizer::cut_string(Type type, const char* end) const noexcept {
    const auto here = static_cast<std::size_t>(end - next_);
    const wire::Decimal length = wire::read_decimal(next_ + 1, end, limits_.max_bulk);
    if (length.outcome == wire::Outcome::partial) return detail::cut_length(next_ + 1, end, limits_.max_bulk);
    if (length.outcome != wire::Outcome::done) return {};
    const auto header = static_cast<std::size_t>(length.at - next_);
    const std::size_t body_end = header + length.value;
    if (type == Type::verbatim_string) {
        if (length.value < wire::verbatim_prefix) return {};
        const std::size_t colon = header + wire::verbatim_prefix - 1;
        if (here <= colon) return {.known = colon};
        if (next_[colon] != wire::verbatim_colon) return {};
    }
    if (here <= body_end) return {.known = body_end};
    return {.known = here == body_end + 1 && next_[body_end] == wire::cr ? here : 0};
}

/// cut() of a value that is a line. The bytes before `from` are in order.
inline detail::Cut Tokenizer::cut_line(const char* from, const char* end) const noexcept {
    constexpr std::ptrdiff_t longest_integer = 18;  // one more digit, and it may be out of range
    const char* const text = next_ + 1;
    const auto here = static_cast<std::size_t>(end - next_);
    const bool opens = depth_ != limits_.max_depth;
    std::uint64_t most = 0;
    switch (static_cast<Type>(*next_)) {
        case Type::array:
        case Type::set:
        case Type::map:
        case Type::attribute: most = opens ? limits_.max_elements : 0; break;
        case Type::push: most = opens && depth_ == 0 ? limits_.max_elements : 0; break;
        case Type::integer:
            if (end - text > longest_integer) return {};
            return detail::cut_number(text, from, end, 1 + longest_integer, false, false);
        case Type::double_: return detail::cut_number(text, from, end, limits_.max_line, true, true);
        case Type::big_number: return detail::cut_number(text, from, end, limits_.max_line, false, true);
        case Type::simple_string:
        case Type::simple_error: return detail::cut_text(next_, from, end, limits_.max_line);
        case Type::null: return {.known = detail::is_open_line(text, end) ? here : 0};
        case Type::boolean:
            if (text != end && *text != wire::boolean_true && *text != wire::boolean_false) return {};
            return {.known = text == end || detail::is_open_line(text + 1, end) ? here : 0};
        default: return {};
    }
    if (most == 0 || wire::read_decimal(text, end, most).outcome != wire::Outcome::partial) return {};
    return detail::cut_length(text, end, most);
}

}  // namespace resp
