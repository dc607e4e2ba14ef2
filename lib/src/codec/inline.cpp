// Splits the line of an inline command into words.
#include "inline.hpp"

#include <algorithm>
#include <cassert>

namespace resp::detail {

namespace {

// Redis skips all white space before a word, but only these bytes end a word.
bool ends_word(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

const char* closing_quote(const char* open, const char* end) noexcept {
    assert(open != end && is_quote(*open));
    const char* const stop =
        std::find_if(open + 1, end, [&](char c) { return c == *open || c == '\\' || c == wire::lf; });
    if (stop == end || *stop != *open) return nullptr;
    return stop + 1 == end || is_space(stop[1]) ? stop : nullptr;
}

bool InlineWords::next(Word& word) {
    assert(wrong_ == nullptr);
    while (at_ != end_ && is_space(*at_)) ++at_;
    if (at_ == end_) return false;
    const char* const first = at_;
    while (at_ != end_ && !ends_word(*at_) && !is_quote(*at_)) ++at_;
    if (at_ == end_ || ends_word(*at_)) {
        word = {{first, static_cast<std::size_t>(at_ - first)}, false};
        return true;
    }
    const char* const close = at_ == first ? closing_quote(first, end_) : nullptr;
    if (close != nullptr) {
        word = {{first + 1, static_cast<std::size_t>(close - first) - 1}, false};
        at_ = close + 1;
        return true;
    }
    const std::size_t begin = scratch_.size();
    scratch_.append(first, at_);
    if (!quoted()) return false;
    word = {std::string_view{scratch_}.substr(begin), true};
    return true;
}

/// Appends the quoted text that begins at `at_` to the scratch, without its quotes. Returns false if there is
/// no closing quote, or if the word continues after it.
bool InlineWords::quoted() {
    assert(at_ != end_ && is_quote(*at_));
    const char quote = *at_++;
    while (at_ != end_ && *at_ != quote) {
        if (*at_ == '\\' && end_ - at_ > 1 && (quote == '"' || at_[1] == '\'')) {
            escape();
        } else {
            scratch_ += *at_++;
        }
    }
    if (at_ != end_ && (++at_ == end_ || is_space(*at_))) return true;
    wrong_ = at_;
    return false;
}

/// Appends the byte that the escape sequence at `at_` stands for to the scratch. At least one byte follows
/// the backslash.
void InlineWords::escape() {
    assert(end_ - at_ > 1 && *at_ == '\\');
    const char c = at_[1];
    if (c == 'x' && end_ - at_ > 3) {
        const int high = hex_digit(at_[2]);
        const int low = hex_digit(at_[3]);
        if (high >= 0 && low >= 0) {
            scratch_ += static_cast<char>(high * 16 + low);
            at_ += 4;
            return;
        }
    }
    switch (c) {
        case 'n': scratch_ += '\n'; break;
        case 'r': scratch_ += '\r'; break;
        case 't': scratch_ += '\t'; break;
        case 'b': scratch_ += '\b'; break;
        case 'a': scratch_ += '\a'; break;
        default: scratch_ += c;
    }
    at_ += 2;
}

}  // namespace resp::detail
