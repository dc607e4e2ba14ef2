// Bytes that are nothing yet. Where they come one by one, neither a token nor an error comes of most; so
// the decoder asks this first, and a cut value stays unread until it is whole. Each byte is looked at
// once here, those of a string not at all, those of a length again with each that comes. What is long
// or of a rare form is not called cut: the tokenizer takes it in parts.
#pragma once

#include <libresp/tokenizer.hpp>

#include <algorithm>

namespace resp {
namespace detail {

/// Whether nothing stands behind `stop`, or only the CR of a line.
inline bool is_open_line(const char* stop, const char* end) noexcept {
    return stop == end || (stop + 1 == end && *stop == wire::cr);
}

/// Whether [text, end) begins a plain number, of which the bytes before `p` are in order. `point`: it may
/// have one. `zeros`: they may lead, also behind a minus.
inline bool is_cut_number(const char* text, const char* p, const char* end, bool point, bool zeros) noexcept {
    const char* const first = text != end && *text == wire::minus ? text + 1 : text;
    if (first == end) return true;
    if (!zeros && *first == '0' && (first != text || (end - first > 1 && wire::is_digit(first[1]))))
        return false;
    for (p = std::max(p, first); p != end; ++p) {
        if (wire::is_digit(*p)) continue;
        if (p == first || !wire::is_digit(p[-1])) return false;
        const bool is_point = point && *p == '.' && std::find(first, p, '.') == p;
        if (!is_point) return is_open_line(p, end);
    }
    return true;
}

}  // namespace detail

/// How many bytes from next_ on can come before a token or an error may; a string's body counts before it
/// has come. 0: one may be in what stands before `end`, of which the first `known` bytes are in order;
/// also where the value is of a rare form.
inline std::size_t Tokenizer::cut(std::size_t known, const char* end) const noexcept {
    const auto here = static_cast<std::size_t>(end - next_);
    if (mode_ != Mode::value) return 0;
    const char c = *next_;
    const bool request = reads_ == Reads::commands;
    const bool words = depth_ == 0 && (request ? c != wire::byte(Type::array)
                                               : reads_ == Reads::anything && !wire::is_type_byte(c));
    if (!words) {
        if (left_ == 0 || (request && depth_ != 0 && c != wire::byte(Type::bulk_string))) return 0;
        const auto type = static_cast<Type>(c);
        if (type == Type::bulk_string || type == Type::bulk_error || type == Type::verbatim_string) {
            return cut_string(type, here);
        }
    }
    if (end[-1] == wire::lf || here > limits_.max_line) return 0;
    if (known != 0 && next_[known - 1] == wire::cr) return 0;  // what comes now ends it, or is wrong
    if (words) {
        const char* const from = next_ + std::max<std::uint64_t>(known, position_);  // which was searched
        return detail::is_open_line(wire::find_line_end(from, end), end) ? here : 0;
    }
    return is_cut_value(next_ + std::max<std::size_t>(known, 1), end) ? here : 0;
}

/// cut() of a string of known length, of which `here` bytes have come.
inline std::size_t Tokenizer::cut_string(Type type, std::size_t here) const noexcept {
    const wire::Decimal length = wire::read_decimal(next_ + 1, next_ + here, limits_.max_bulk);
    if (length.outcome == wire::Outcome::partial) return here;
    if (length.outcome != wire::Outcome::done) return 0;
    const auto header = static_cast<std::size_t>(length.at - next_);
    const std::size_t body_end = header + length.value;
    if (type == Type::verbatim_string) {
        if (length.value < wire::verbatim_prefix) return 0;
        const std::size_t colon = header + wire::verbatim_prefix - 1;
        if (here <= colon) return colon;
        if (next_[colon] != wire::verbatim_colon) return 0;
    }
    if (here <= body_end) return body_end;
    return here == body_end + 1 && next_[body_end] == wire::cr ? here : 0;
}

/// The bytes before `from` are in order.
inline bool Tokenizer::is_cut_value(const char* from, const char* end) const noexcept {
    constexpr std::ptrdiff_t longest_integer = 18;  // one more digit, and it may be out of range
    const char* const text = next_ + 1;
    const bool opens = depth_ != limits_.max_depth;
    std::uint64_t most = 0;
    switch (static_cast<Type>(*next_)) {
        case Type::array:
        case Type::set:
        case Type::map:
        case Type::attribute: most = opens ? limits_.max_elements : 0; break;
        case Type::push: most = opens && depth_ == 0 ? limits_.max_elements : 0; break;
        case Type::integer:
            return end - text <= longest_integer && detail::is_cut_number(text, from, end, false, false);
        case Type::double_: return detail::is_cut_number(text, from, end, true, true);
        case Type::big_number: return detail::is_cut_number(text, from, end, false, true);
        case Type::simple_string:
        case Type::simple_error: return detail::is_open_line(wire::find_line_end(from, end), end);
        case Type::null: return detail::is_open_line(text, end);
        case Type::boolean:
            return text == end || ((*text == wire::boolean_true || *text == wire::boolean_false) &&
                                   detail::is_open_line(text + 1, end));
        default: return false;
    }
    return most != 0 && wire::read_decimal(text, end, most).outcome == wire::Outcome::partial;
}

}  // namespace resp
