// Splits a line byte by byte.
#include "reference_inline.hpp"

namespace fuzz {

namespace {

bool is_one_of(char c, std::string_view bytes) { return bytes.find(c) != std::string_view::npos; }

constexpr std::string_view spaces = " \t\n\v\f\r";    // allowed before a word and after a closing quote
constexpr std::string_view word_ends = " \t\n\r";     // end a word that has no quotes
constexpr std::string_view letters = "nrtba";         // in "...", after a backslash
constexpr std::string_view controls = "\n\r\t\b\a";   // the bytes they mean, in the same order
constexpr std::string_view hex = "0123456789abcdef";  // either case

/// The value of two hexadecimal digits at the beginning of a text.
std::optional<char> hex_byte(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    unsigned value = 0;
    for (const char c : text.substr(0, 2)) {
        const char small = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        if (!is_one_of(small, hex)) return std::nullopt;
        value = value * 16 + static_cast<unsigned>(hex.find(small));
    }
    return static_cast<char>(value);
}

/// Removes one byte between quotes from the line, or the escape that means it, and returns the byte.
char quoted_byte(std::string_view& line, char quote) {
    const char c = line.front();
    line.remove_prefix(1);
    if (c != '\\' || line.empty()) return c;
    const char next = line.front();
    if (quote == '\'') {
        if (next != '\'') return c;
        line.remove_prefix(1);
        return next;
    }
    line.remove_prefix(1);
    const std::optional<char> byte = next == 'x' ? hex_byte(line) : std::nullopt;
    if (byte) {
        line.remove_prefix(2);
        return *byte;
    }
    return is_one_of(next, letters) ? controls[letters.find(next)] : next;
}

}  // namespace

InlineWords split_inline(std::string_view line) {
    InlineWords result;
    const std::size_t size = line.size();
    for (;;) {
        while (!line.empty() && is_one_of(line.front(), spaces)) line.remove_prefix(1);
        if (line.empty()) return result;
        std::string word;
        while (!line.empty() && !is_one_of(line.front(), word_ends) && !is_one_of(line.front(), "\"'")) {
            word += line.front();
            line.remove_prefix(1);
        }
        if (!line.empty() && is_one_of(line.front(), "\"'")) {
            const char quote = line.front();
            line.remove_prefix(1);
            while (!line.empty() && line.front() != quote) word += quoted_byte(line, quote);
            const bool closed = !line.empty();
            if (closed) line.remove_prefix(1);
            if (!closed || (!line.empty() && !is_one_of(line.front(), spaces))) {
                result.unbalanced_at = size - line.size();
                return result;
            }
        }
        result.words.push_back(std::move(word));
    }
}

}  // namespace fuzz
