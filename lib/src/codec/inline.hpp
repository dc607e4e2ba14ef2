// Splitting an inline command into its words, with Redis' rules of quoting.
#pragma once

#include <string>
#include <string_view>

namespace resp::detail {

/// Hands out the words of a line one by one. A word without quotes lies in the line; one with quotes
/// is put together behind what `scratch` holds.
///
///     SET k "two words"  ->  SET   k   two words
///
/// Source: Redis, sdssplitargs: `"…"` knows \n \r \t \b \a \\ \" \xHH, `'…'` knows \', and a closing
/// quote ends the word.
class InlineWords {
public:
    struct Word {
        std::string_view text;  // in the line, or in the scratch, where a longer one may move it
        bool in_scratch;
    };

    InlineWords(std::string_view line, std::string& scratch) noexcept
        : at_(line.data()), end_(line.data() + line.size()), scratch_(scratch) {}

    /// Reads the next word into `word`. False at the end of the line, and where quotes are not
    /// balanced: then wrong() is the byte that cannot stand there, the end of the line included.
    bool next(Word& word);
    [[nodiscard]] const char* wrong() const noexcept { return wrong_; }

private:
    bool quoted();
    void escape();

    const char* at_;
    const char* end_;
    const char* wrong_ = nullptr;
    std::string& scratch_;
};

}  // namespace resp::detail
