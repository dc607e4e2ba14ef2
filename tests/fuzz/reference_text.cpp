// The reference parser: strings, lines, numbers and lengths.
#include <cstdlib>

#include "reference_parser.hpp"

namespace fuzz {

using resp::Errc;
using resp::Reads;
using resp::Type;

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a number without leading zeros is larger than `most`.
bool is_above(const std::string& digits, std::uint64_t most) {
    const std::string bound = std::to_string(most);
    return digits.size() != bound.size() ? digits.size() > bound.size() : digits > bound;
}

}  // namespace

// ---- strings

Tree Reference::string(Type type) {
    if (type == Type::bulk_string && reads_ != Reads::commands) {
        if (peek(1) == '-') return null_of(Type::null_bulk_string, Errc::bad_length);
        if (peek(1) == '?') return streamed_string();
    }
    ++at_;
    const std::uint64_t size = length(limits_.max_bulk, Errc::bad_length, Errc::bulk_too_long);
    Tree tree{.type = type};
    if (type != Type::verbatim_string) {
        tree.text = body(size);
        return tree;
    }
    if (size < 4) wrong(Errc::bad_verbatim, at_ - 2);  // the CR of its length
    if (end_ - at_ > 3 && bytes_[at_ + 3] != ':') wrong(Errc::bad_verbatim, at_ + 3);
    const std::string whole = body(size);
    tree.format = whole.substr(0, 3);
    tree.text = whole.substr(4);
    return tree;
}

Tree Reference::streamed_string() {
    at_ += 2;
    end_line(Errc::bad_length);
    Tree tree{.type = Type::bulk_string};
    for (;;) {
        if (peek() != ';') wrong(Errc::bad_stream);
        ++at_;
        const std::uint64_t size =
            length(limits_.max_bulk - tree.text.size(), Errc::bad_length, Errc::bulk_too_long);
        if (size == 0) return tree;
        tree.text += body(size);
    }
}

/// `size` bytes, and the CRLF after them.
std::string Reference::body(std::uint64_t size) {
    if (end_ - at_ < size) throw Cut{};
    std::string text{bytes_.substr(at_, size)};
    at_ += size;
    for (const char expected : {'\r', '\n'}) {
        if (peek() != expected) wrong(Errc::bad_terminator);
        ++at_;
    }
    return text;
}

// ---- lines

Tree Reference::line(Type type) {
    ++at_;
    text_ = at_;
    if (type == Type::double_) double_text();
    if (type == Type::big_number) big_number_text();
    while (line_goes_on()) ++at_;
    Tree tree{.type = type, .text = text_from(text_)};
    if (type == Type::double_) tree.number = bits_of(std::strtod(tree.text.c_str(), nullptr));
    end_line(Errc::bad_line);
    return tree;
}

/// `[+|-]`, then `inf`, a NaN or `<digits>[.<digits>][(e|E)[+|-]<digits>]`.
void Reference::double_text() {
    if (text_goes_on_with("+-")) ++at_;
    if (text_goes_on_with("i")) {
        word("inf");
    } else if (text_goes_on_with("nN")) {
        word("nan");
        if (text_goes_on_with("(")) nan_payload();
    } else {
        digits(Errc::bad_double);
        if (text_goes_on_with(".")) {
            ++at_;
            digits(Errc::bad_double);
        }
        if (text_goes_on_with("eE")) {
            ++at_;
            if (text_goes_on_with("+-")) ++at_;
            digits(Errc::bad_double);
        }
    }
    if (line_goes_on()) wrong(Errc::bad_double);
}

/// `(<letters, digits, underscores>)`
void Reference::nan_payload() {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    ++at_;
    while (text_goes_on_with(allowed)) ++at_;
    if (!text_goes_on_with(")")) bad_text(Errc::bad_double);
    ++at_;
}

/// These letters. A NaN may have them in upper case.
void Reference::word(std::string_view letters) {
    for (const char letter : letters) {
        const char upper = static_cast<char>(letter - 'a' + 'A');
        const char both[] = {letter, letters == "nan" ? upper : letter};
        if (!text_goes_on_with({both, 2})) bad_text(Errc::bad_double);
        ++at_;
    }
}

bool Reference::text_goes_on_with(std::string_view bytes) {
    return line_goes_on() && bytes.find(peek()) != std::string_view::npos;
}

/// `[+|-]<digits>`
void Reference::big_number_text() {
    if (line_goes_on() && (peek() == '-' || peek() == '+')) ++at_;
    digits(Errc::bad_big_number);
    if (line_goes_on()) wrong(Errc::bad_big_number);
}

/// `[+|-]<digits>`, canonical, 64 bits.
Tree Reference::integer() {
    const std::size_t text = ++at_;
    const bool negative = peek() == '-';
    if (negative || peek() == '+') ++at_;
    if (negative && peek() == '0') wrong(Errc::bad_integer);
    constexpr std::uint64_t half = std::uint64_t{1} << 63;
    const std::uint64_t size = length(negative ? half : half - 1, Errc::bad_integer, Errc::bad_integer);
    Tree tree{.type = Type::integer, .text = text_from(text)};
    tree.text.resize(tree.text.size() - 2);
    tree.integer = static_cast<std::int64_t>(negative ? 0 - size : size);
    tree.number = bits_of(static_cast<double>(tree.integer));
    return tree;
}

Tree Reference::boolean() {
    const char letter = peek(1);
    ++at_;
    if (letter != 't' && letter != 'f') bad_text(Errc::bad_boolean);
    ++at_;
    end_line(Errc::bad_boolean);
    return {.type = Type::boolean, .text = {letter}, .integer = letter == 't' ? 1 : 0};
}

Tree Reference::null() {
    ++at_;
    end_line(Errc::bad_null);
    return {.type = Type::null};
}

// ---- used by all of them

/// Plain decimal digits without leading zeros, at most `most`, and the end of the line.
std::uint64_t Reference::length(std::uint64_t most, Errc malformed, Errc over) {
    if (!is_digit(peek())) bad_text(malformed);
    std::string digits;
    for (; is_digit(peek()); ++at_) {
        if (digits == "0") wrong(malformed);
        digits += peek();
        if (is_above(digits, most)) wrong(over);
    }
    end_line(malformed);
    return std::stoull(digits);
}

/// One digit or more of a line.
void Reference::digits(Errc malformed) {
    if (!line_goes_on() || !is_digit(peek())) bad_text(malformed);
    while (line_goes_on() && is_digit(peek())) ++at_;
}

/// The next byte is wrong. An LF has a different error code.
void Reference::bad_text(Errc malformed) { wrong(peek() == '\n' ? Errc::bad_line : malformed); }

void Reference::end_line(Errc malformed) {
    if (peek() != '\r') bad_text(malformed);
    ++at_;
    if (peek() != '\n') wrong(Errc::bad_line);
    ++at_;
}

/// Whether the next byte belongs to the text of the line.
bool Reference::line_goes_on() {
    if (peek() == '\r' || peek() == '\n') return false;
    if (at_ - text_ == limits_.max_line) wrong(Errc::line_too_long);
    return true;
}

}  // namespace fuzz
