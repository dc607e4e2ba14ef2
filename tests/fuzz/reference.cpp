// The reference parser: frames and aggregates. It reads from left to right, so an error is about the first
// byte that is not allowed. The rules come from the RESP2 and RESP3 specifications, from docs/wire-types.md
// where libresp is stricter, and from docs/decoding.md for errors and limits.
#include "reference.hpp"

#include <algorithm>

#include "reference_inline.hpp"
#include "reference_parser.hpp"

namespace fuzz {

using resp::Errc;
using resp::Reads;
using resp::Type;

namespace {

bool begins_value(char c) { return std::string_view{"+-:$*_#,(!=%~|>"}.find(c) != std::string_view::npos; }
bool holds_pairs(Type type) { return type == Type::map || type == Type::attribute; }

}  // namespace

// ---- frames

Outcome Reference::read() {
    Outcome outcome;
    try {
        while (at_ != bytes_.size()) {
            end_ = at_ + std::min(bytes_.size() - at_, limits_.max_frame);
            if (std::optional<Tree> tree = frame()) outcome.frames.push_back(std::move(*tree));
            outcome.taken = at_;
        }
    } catch (const Wrong& wrong) {
        outcome.error = resp::DecodeError{wrong.code, wrong.at, bytes_[wrong.at]};
    } catch (const Cut&) {
        outcome.incomplete = end_ == bytes_.size();
        if (!outcome.incomplete) outcome.error = resp::DecodeError{Errc::frame_too_long, end_, 0};
    }
    return outcome;
}

/// A frame, or nothing for bytes that a reader skips: blank lines, and in commands also `*0` and negative
/// counts.
std::optional<Tree> Reference::frame() {
    const char first = peek();
    const bool is_line =
        reads_ == Reads::commands ? first != '*' : reads_ == Reads::anything && !begins_value(first);
    Tree tree = is_line ? inline_line() : value(0, true);
    if (tree.values.empty() && (is_line || reads_ == Reads::commands)) return std::nullopt;
    return tree;
}

/// The attributes before a value, and the value. Each attribute adds one level of depth to what follows it.
Tree Reference::value(std::size_t depth, bool push_allowed) {
    const std::size_t begin = at_;
    if (reads_ == Reads::commands && depth != 0 && peek() != '$') wrong(Errc::expected_bulk);
    std::vector<Tree> attributes;
    while (peek() == '|') {
        const std::size_t attribute_begin = at_;
        attributes.push_back(aggregate(Type::attribute, depth++, false));
        attributes.back().begin = attribute_begin;
        attributes.back().end = at_;
    }
    Tree tree = bare_value(depth, push_allowed);
    tree.attributes = std::move(attributes);
    tree.begin = begin;
    tree.end = at_;
    return tree;
}

Tree Reference::bare_value(std::size_t depth, bool push_allowed) {
    const char first = peek();
    const auto type = static_cast<Type>(first);
    switch (first) {
        case '+':
        case '-':
        case ',':
        case '(': return line(type);
        case ':': return integer();
        case '#': return boolean();
        case '_': return null();
        case '$':
        case '!':
        case '=': return string(type);
        case '*':
        case '~':
        case '%':
        case '>': return aggregate(type, depth, push_allowed);
        default: wrong(Errc::bad_type);
    }
}

/// A line of at most max_line bytes, and LF or CRLF.
Tree Reference::inline_line() {
    const std::size_t begin = at_;
    const std::string_view here = bytes_.substr(at_, end_ - at_);
    const std::size_t longest = limits_.max_line + 2;
    const std::size_t lf = here.substr(0, longest).find('\n');
    const bool goes_on = here.size() > limits_.max_line && here[limits_.max_line] != '\r';
    if (lf == std::string_view::npos && here.size() < longest && !goes_on) throw Cut{};
    std::string_view text = here.substr(0, lf);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (lf == std::string_view::npos || text.size() > limits_.max_line) {
        wrong(Errc::inline_too_long, at_ + limits_.max_line);
    }
    const InlineWords words = split_inline(text);
    if (words.unbalanced_at) wrong(Errc::unbalanced_quotes, at_ + *words.unbalanced_at);
    at_ += lf + 1;
    Tree tree{.type = Type::array, .is_inline = true, .begin = begin, .end = at_};
    for (const std::string& word : words.words) {
        tree.values.push_back({.type = Type::bulk_string, .is_inline = true, .text = word});
    }
    return tree;
}

// ---- aggregates

Tree Reference::aggregate(Type type, std::size_t depth, bool push_allowed) {
    if (type == Type::push && !push_allowed) wrong(Errc::bad_push);
    if (type != Type::array && depth == limits_.max_depth) wrong(Errc::too_deep);
    const char after = peek(1);  // distinguishes a null array from an array
    if (type == Type::array && after == '-') {
        return reads_ == Reads::commands ? negative_array() : null_of(Type::null_array, Errc::bad_count);
    }
    if (depth == limits_.max_depth) wrong(Errc::too_deep);
    ++at_;
    Tree tree{.type = type};
    const bool may_stream = type == Type::array || type == Type::set || type == Type::map;
    if (after == '?' && may_stream && reads_ != Reads::commands) {
        tree.values = streamed_values(type, depth);
        return tree;
    }
    const std::uint64_t count = length(limits_.max_elements, Errc::bad_count, Errc::too_many_elements);
    for (std::uint64_t i = 0; i != count * (holds_pairs(type) ? 2 : 1); ++i) {
        tree.values.push_back(value(depth + 1, false));
    }
    return tree;
}

std::vector<Tree> Reference::streamed_values(Type type, std::size_t depth) {
    ++at_;
    end_line(Errc::bad_count);
    std::vector<Tree> values;
    while (peek() != '.') {
        if (!begins_value(peek())) wrong(Errc::bad_type);
        if (values.size() == limits_.max_elements * (holds_pairs(type) ? 2 : 1))
            wrong(Errc::too_many_elements);
        values.push_back(value(depth + 1, false));
    }
    if (holds_pairs(type) && values.size() % 2 != 0) wrong(Errc::bad_stream);
    ++at_;
    end_line(Errc::bad_stream);
    return values;
}

/// `-1` after the type byte.
Tree Reference::null_of(Type type, Errc malformed) {
    at_ += 2;
    if (peek() != '1') bad_text(malformed);
    ++at_;
    end_line(malformed);
    return {.type = type};
}

/// A request with any negative number of words, which Redis skips.
Tree Reference::negative_array() {
    at_ += 2;
    if (peek() == '0') wrong(Errc::bad_count);
    static_cast<void>(length(std::uint64_t{1} << 63, Errc::bad_count, Errc::bad_count));
    return {.type = Type::null_array};
}

Outcome reference(std::string_view bytes, Reads reads, const resp::Limits& limits) {
    return Reference{bytes, reads, limits}.read();
}

}  // namespace fuzz
