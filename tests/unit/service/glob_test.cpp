// Patterns as in KEYS. A port of the function in Redis is the reference.
#include <libresp/service/glob.hpp>

#include "support/catch.hpp"

#include <random>
#include <string>
#include <string_view>
#include <utility>

using resp::matches_glob;
using resp::matches_glob_ignoring_case;

namespace {

/// stringmatchlen() of Redis 7.4 (util.c) with string_views, without its case folding. `text` is not empty.
class RedisGlob {
public:
    static bool matches(std::string_view pattern, std::string_view text) {
        while (!pattern.empty() && !text.empty()) {
            const char c = text.front();
            if (pattern.front() == '*') return star(pattern, text);
            if (pattern.front() == '[') {
                if (!set(pattern, c)) return false;
            } else if (pattern.front() != '?') {
                if (pattern.front() == '\\' && pattern.size() >= 2) pattern.remove_prefix(1);
                if (pattern.front() != c) return false;
            }
            text.remove_prefix(1);
            if (!pattern.empty()) pattern.remove_prefix(1);
            if (text.empty()) {
                while (pattern.starts_with('*')) pattern.remove_prefix(1);
            }
        }
        return pattern.empty() && text.empty();
    }

private:
    static bool star(std::string_view pattern, std::string_view text) {
        while (pattern.size() >= 2 && pattern[1] == '*') pattern.remove_prefix(1);
        if (pattern.size() == 1) return true;
        for (; !text.empty(); text.remove_prefix(1)) {
            if (matches(pattern.substr(1), text)) return true;
        }
        return false;
    }
    /// Leaves the `]` in the pattern, or nothing if there is none.
    static bool set(std::string_view& pattern, char c) {
        pattern.remove_prefix(1);
        const bool inverted = pattern.starts_with('^');
        if (inverted) pattern.remove_prefix(1);
        bool found = false;
        for (;; pattern.remove_prefix(1)) {
            if (pattern.size() >= 2 && pattern[0] == '\\') {
                pattern.remove_prefix(1);
                found = found || pattern[0] == c;
            } else if (pattern.empty() || pattern[0] == ']') {
                return found != inverted;
            } else if (pattern.size() >= 3 && pattern[1] == '-') {
                const auto [least, most] = std::minmax(pattern[0], pattern[2]);
                found = found || (c >= least && c <= most);
                pattern.remove_prefix(2);
            } else {
                found = found || pattern[0] == c;
            }
        }
    }
};

}  // namespace

TEST_CASE("a pattern without special bytes matches itself") {
    CHECK(matches_glob("abc", "abc"));
    CHECK(matches_glob("", ""));
    CHECK_FALSE(matches_glob("abc", "ab"));
    CHECK_FALSE(matches_glob("abc", "abcd"));
    CHECK_FALSE(matches_glob("abc", ""));
    CHECK_FALSE(matches_glob("", "a"));
    CHECK_FALSE(matches_glob("abc", "aBc"));
    CHECK(matches_glob(std::string_view{"a\0b", 3}, std::string_view{"a\0b", 3}));
    CHECK_FALSE(matches_glob(std::string_view{"a\0b", 3}, std::string_view{"a\0c", 3}));
    CHECK(matches_glob("]", "]"));
    CHECK(matches_glob("a-b^", "a-b^"));
}

TEST_CASE("a question mark matches one byte") {
    CHECK(matches_glob("abc", "a?c"));
    CHECK(matches_glob("a", "?"));
    CHECK_FALSE(matches_glob("", "?"));
    CHECK_FALSE(matches_glob("ab", "?"));
    CHECK_FALSE(matches_glob("a", "??"));
}

TEST_CASE("a star matches any bytes") {
    for (const char* pattern :
         {"*", "**", "a*", "*c", "a*c", "*b*", "*a*b*c*", "a***c", "a*bc", "*?", "*?*?*?*"}) {
        CAPTURE(pattern);
        CHECK(matches_glob("abc", pattern));
    }
    for (const char* pattern : {"b*", "*b", "*d*", "a*d", "*abcd", "*?*?*?*?*", "*a"}) {
        CAPTURE(pattern);
        CHECK_FALSE(matches_glob("abc", pattern));
    }
    CHECK(matches_glob("aXbXc", "a*X*c"));
    CHECK(matches_glob("mississippi", "m*iss*p*i"));
    CHECK_FALSE(matches_glob("mississippi", "m*iss*q*i"));
    // Redis does not match the empty text with a star; there, KEYS * does not use its patterns.
    CHECK(matches_glob("", "*"));
    CHECK(matches_glob("", "**"));
    CHECK_FALSE(matches_glob("", "*a"));
}

TEST_CASE("a set matches one of its bytes") {
    CHECK(matches_glob("hello", "h[ae]llo"));
    CHECK_FALSE(matches_glob("hillo", "h[ae]llo"));
    CHECK(matches_glob("hbllo", "h[^e]llo"));
    CHECK_FALSE(matches_glob("hello", "h[^e]llo"));
    CHECK(matches_glob("hallo", "h[a-b]llo"));
    CHECK(matches_glob("hallo", "h[b-a]llo"));
    CHECK_FALSE(matches_glob("hcllo", "h[a-b]llo"));
    CHECK(matches_glob("5", "[0-46-95]"));
    CHECK_FALSE(matches_glob("", "[a]"));
    CHECK_FALSE(matches_glob("a", "[]"));
    CHECK(matches_glob("a", "[^]"));
    CHECK(matches_glob("^", "[a^]"));
    CHECK(matches_glob("-", "[a-]") == RedisGlob::matches("[a-]", "-"));
    CHECK(matches_glob("]", "[\\]]"));
    CHECK(matches_glob("?", "[?]"));
    CHECK_FALSE(matches_glob("a", "[?]"));
    CHECK(matches_glob("-", "[-a]"));
}

TEST_CASE("a set without its end reaches to the end of the pattern") {
    CHECK(matches_glob("a", "[abc"));
    CHECK(matches_glob("xa", "x[a-c"));
    CHECK_FALSE(matches_glob("d", "[abc"));
    CHECK(matches_glob("d", "[^abc"));
    CHECK_FALSE(matches_glob("a", "["));
    CHECK(matches_glob("a", "[^"));
    CHECK(matches_glob("\\", "[\\"));
    CHECK(matches_glob("-", "[a-"));
    CHECK_FALSE(matches_glob("ab", "[ab"));
}

TEST_CASE("a byte after a backslash is taken as it is") {
    CHECK(matches_glob("*", "\\*"));
    CHECK_FALSE(matches_glob("a", "\\*"));
    CHECK(matches_glob("a?c", "a\\?c"));
    CHECK_FALSE(matches_glob("abc", "a\\?c"));
    CHECK(matches_glob("[a]", "\\[a]"));
    CHECK(matches_glob("\\", "\\\\"));
    CHECK(matches_glob("a\\", "a\\"));
    CHECK(matches_glob("abc", "\\a\\b\\c"));
    // In a set, it begins no range.
    CHECK_FALSE(matches_glob("b", "[\\a-c]"));
    CHECK(matches_glob("-", "[\\a-c]"));
    CHECK(matches_glob("c", "[\\a-c]"));
}

TEST_CASE("letters of both cases are equal if the pattern ignores case") {
    CHECK(matches_glob_ignoring_case("MaxMemory", "max*"));
    CHECK(matches_glob_ignoring_case("maxmemory", "MAX*Y"));
    CHECK(matches_glob_ignoring_case("B", "[a-c]"));
    CHECK(matches_glob_ignoring_case("b", "[A-C]"));
    CHECK_FALSE(matches_glob_ignoring_case("b", "[^A-C]"));
    CHECK(matches_glob_ignoring_case("x", "\\X"));
    CHECK_FALSE(matches_glob_ignoring_case("@", "`"));
    CHECK_FALSE(matches_glob_ignoring_case("[", "{"));
    // The range from Z to a: Redis orders its ends first, and folds them then.
    CHECK_FALSE(matches_glob_ignoring_case("m", "[Z-a]"));
    CHECK_FALSE(matches_glob("b", "B"));
}

TEST_CASE("patterns with many stars end soon") {
    const std::string text(20'000, 'a');
    CHECK_FALSE(matches_glob(text, "*a*a*a*a*b"));
    std::string pattern;
    for (int i = 0; i != 1'000; ++i) pattern += "*a";
    CHECK(matches_glob(text, pattern));
    CHECK_FALSE(matches_glob(text, pattern + "b"));
    CHECK_FALSE(matches_glob(text, pattern + "*b"));
    CHECK_FALSE(matches_glob(text, std::string(20'000, '*') + "b"));
    CHECK(matches_glob(text, std::string(20'000, '?')));
}

TEST_CASE("random patterns match what Redis matches") {
    constexpr std::string_view pattern_bytes = "ab*?[]^-\\c";
    constexpr std::string_view text_bytes = "abc-]^\\";
    std::mt19937 random{3};
    std::size_t matched = 0;
    for (int round = 0; round != 200'000; ++round) {
        std::string pattern, text;
        for (std::size_t n = random() % 9; n != 0; --n)
            pattern += pattern_bytes[random() % pattern_bytes.size()];
        for (std::size_t n = 1 + random() % 4; n != 0; --n) text += text_bytes[random() % text_bytes.size()];
        const bool expected = RedisGlob::matches(pattern, text);
        matched += expected ? 1U : 0U;
        if (matches_glob(text, pattern) == expected) continue;
        CAPTURE(pattern, text, expected);
        FAIL("not as Redis");
    }
    CHECK(matched > 5'000);
}
