// Splits an inline command into its words, with the quoting rules of Redis.
#pragma once

#include <libresp/codec/wire.hpp>

#include <string>
#include <string_view>

namespace resp::detail {

/// White space in an inline line, for Redis.
[[nodiscard]] inline bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= wire::cr); }

[[nodiscard]] inline bool is_quote(char c) noexcept { return c == '"' || c == '\''; }

/// A byte that always belongs to a word: no white space, no other control byte, no quote.
[[nodiscard]] inline bool is_plain(char c) noexcept {
    return static_cast<unsigned char>(c) > ' ' && !is_quote(c);
}

/// A word in quotes that stands in the input as it is: it has no backslash, and no quotes in its middle. `open`
/// is its first quote. Returns its closing quote, or null if the word is not of this form, or is wrong.
[[nodiscard]] const char* closing_quote(const char* open, const char* end) noexcept;

/// Returns the words of a line one by one. A word is a part of the line if that is possible. A word with escape
/// sequences, or with quotes in its middle, is appended to `scratch`, which keeps the text that it already holds.
///
///     SET k "two words" "a\tb"  ->  [SET] [k] [two words]   scratch: [a<tab>b]
///
/// Source: Redis, sdssplitargs.
class InlineWords {
    // Between double quotes, \n \r \t \b \a \\ \" and \xHH are escape sequences. Between single quotes, only
    // \' is one. A closing quote must end the word.
public:
    struct Word {
        std::string_view text;
        bool in_scratch;  // the text is then valid only until the next call of next()
    };

    InlineWords(std::string_view line, std::string& scratch) noexcept
        : at_(line.data()), end_(line.data() + line.size()), scratch_(scratch) {}

    /// Reads the next word into `word`. Returns false at the end of the line: wrong() is then null. Also
    /// returns false if a quote is not closed (wrong() is the end of the line), or if a byte other than a
    /// space follows a closing quote (wrong() is that byte).
    bool next(Word& word);
    [[nodiscard]] const char* wrong() const noexcept { return wrong_; }
    /// Bytes of the line after the last word.
    [[nodiscard]] std::size_t rest() const noexcept { return static_cast<std::size_t>(end_ - at_); }

private:
    bool quoted();
    void escape();

    const char* at_;
    const char* end_;
    const char* wrong_ = nullptr;
    std::string& scratch_;
};

}  // namespace resp::detail
