// The matcher of patterns. After a mismatch only the last star takes one byte more, so it never tries all ways. It
// decides as Redis does, with one difference: a star matches the empty text.
#include <libresp/service/glob.hpp>

#include <cstddef>
#include <utility>

namespace resp {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class Glob {
public:
    Glob(std::string_view text, std::string_view pattern, bool folds) noexcept
        : text_(text), pattern_(pattern), folds_(folds) {}

    bool matches() noexcept {
        std::size_t star = std::string_view::npos;  // after the last star
        std::size_t star_text = 0;                  // where the bytes of that star end
        while (at_ != text_.size() || next_ != pattern_.size()) {
            if (next_ != pattern_.size() && pattern_[next_] == '*') {
                star = ++next_;
                star_text = at_;
            } else if (next_ == pattern_.size() || at_ == text_.size() || !one()) {
                if (star == std::string_view::npos || star_text == text_.size()) return false;
                at_ = ++star_text;
                next_ = star;
            }
        }
        return true;
    }

private:
    char fold(char c) const noexcept { return folds_ ? lower(c) : c; }
    /// Matches one byte with one element of the pattern, and goes on to the next ones.
    bool one() noexcept {
        const char c = fold(text_[at_]);
        bool fits = true;
        if (pattern_[next_] == '[') {
            fits = one_of_set(c);
        } else if (pattern_[next_] != '?') {
            if (pattern_[next_] == '\\' && next_ + 1 != pattern_.size()) ++next_;
            fits = fold(pattern_[next_++]) == c;
        } else {
            ++next_;
        }
        if (fits) ++at_;
        return fits;
    }
    /// A set without its `]` ends with the pattern, as in Redis.
    bool one_of_set(char c) noexcept {
        ++next_;
        const bool inverted = next_ != pattern_.size() && pattern_[next_] == '^';
        if (inverted) ++next_;
        bool found = false;
        while (next_ != pattern_.size() && pattern_[next_] != ']') {
            const bool escaped = pattern_[next_] == '\\' && next_ + 1 != pattern_.size();
            if (escaped) ++next_;
            char first = pattern_[next_];
            char last = first;
            // As in Redis, a byte after `\` begins no range.
            if (!escaped && next_ + 2 < pattern_.size() && pattern_[next_ + 1] == '-') {
                last = pattern_[next_ + 2];
                next_ += 2;
            }
            if (first > last) std::swap(first, last);
            found = found || (c >= fold(first) && c <= fold(last));
            ++next_;
        }
        if (next_ != pattern_.size()) ++next_;
        return found != inverted;
    }

    std::string_view text_;
    std::string_view pattern_;
    bool folds_;
    std::size_t at_ = 0;    // in the text
    std::size_t next_ = 0;  // in the pattern
};

}  // namespace

bool matches_glob(std::string_view text, std::string_view pattern) noexcept {
    return Glob{text, pattern, false}.matches();
}
bool matches_glob_ignoring_case(std::string_view text, std::string_view pattern) noexcept {
    return Glob{text, pattern, true}.matches();
}

}  // namespace resp
