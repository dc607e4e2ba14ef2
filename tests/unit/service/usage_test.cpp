// The syntax of usage lines: what a line means, and what the error of a wrong line says.
#include <libresp/service.hpp>

#include "support/catch.hpp"

#include <random>
#include <string>
#include <string_view>

using resp::Usage;
using resp::UsageError;
using resp::UsageNode;

namespace {

std::string parts_of(const Usage& usage, std::uint8_t first, std::string_view between);

/// A part of a usage line, with the kind of each group: opt(), one(), rep0() and rep1().
std::string part_of(const Usage& usage, std::uint8_t i) {
    using Kind = UsageNode::Kind;
    const UsageNode& node = usage[i];
    if (node.kind == Kind::word || node.kind == Kind::keyword) return std::string{usage.text(node)};
    if (node.kind == Kind::sequence) return parts_of(usage, node.child, " ");
    if (node.kind == Kind::repeat) {
        return "rep" + std::to_string(node.least) + "(" + parts_of(usage, node.child, " ") + ")";
    }
    return (node.kind == Kind::optional ? "opt(" : "one(") + parts_of(usage, node.child, "|") + ")";
}

std::string parts_of(const Usage& usage, std::uint8_t first, std::string_view between) {
    std::string text;
    for (std::uint8_t i = first; i != 0; i = usage[i].sibling) {
        if (i != first) text += between;
        text += part_of(usage, i);
    }
    return text;
}

/// All parts of a line, in the form of part_of().
std::string parts_of_line(std::string_view line) {
    const Usage usage{line};
    return parts_of(usage, usage.first(), " ");
}

/// What the UsageError of a line says. "": the line is right.
std::string mistake_in(std::string_view line) {
    try {
        static_cast<void>(Usage{line});
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

/// Reads all of a usage, so that a sanitizer sees an index out of range.
std::size_t length_of_all(const Usage& usage) {
    std::size_t size = parts_of(usage, usage.first(), " ").size() + usage.name().size();
    size += usage.subcommand().size() + usage.arguments().size();
    for (std::size_t i = 0; i != usage.size(); ++i) size += usage.text(usage[i]).size();
    return size;
}

}  // namespace

// ---- lines that the compiler reads

namespace {

constexpr Usage ping{"PING"};
static_assert(ping.name() == "PING" && ping.subcommand().empty() && ping.arguments().empty());
static_assert(ping.arity() == 1 && ping.least_words() == 1 && ping.most_words() == 1);
static_assert(ping.is_simple() && ping.repeated_words() == 0 && ping.first() == 0 && ping.first_word() == 1);

constexpr Usage config_get{"CONFIG GET parameter [parameter ...]"};
static_assert(config_get.name() == "CONFIG" && config_get.subcommand() == "GET");
static_assert(config_get.arguments() == "parameter [parameter ...]");
static_assert(config_get.first_word() == 2 && config_get.arity() == -3);
static_assert(config_get.is_simple() && config_get.repeated_words() == 1);
static_assert(config_get.most_words() == Usage::unlimited);

constexpr Usage set_line{"SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]"};
static_assert(set_line.name() == "SET" && set_line.subcommand().empty());
static_assert(set_line.arity() == -3 && !set_line.is_simple());

constexpr Usage mset{"MSET key value [key value ...]"};
static_assert(mset.arity() == -3 && mset.is_simple() && mset.repeated_words() == 2);
static_assert(mset[mset.first()].kind == UsageNode::Kind::repeat && mset[mset.first()].least == 1);
static_assert(mset.text(mset[mset.first()]) == "key value [key value ...]");

}  // namespace

TEST_CASE("a usage line has a name, and a subcommand if the second word is in capitals") {
    CHECK(Usage{"GET key"}.name() == "GET");
    CHECK(Usage{"GET key"}.subcommand().empty());
    CHECK(Usage{"GET key"}.arguments() == "key");
    CHECK(Usage{"JSON.GET key"}.name() == "JSON.GET");
    CHECK(Usage{"A"}.name() == "A");
    CHECK(Usage{"CLIENT NO-EVICT <ON | OFF>"}.subcommand() == "NO-EVICT");
    CHECK(Usage{"CLIENT   ID  "}.subcommand() == "ID");
    CHECK(Usage{"CLIENT   ID  "}.arguments().empty());
    CHECK(Usage{"SORT[key]"}.name() == "SORT");
    CHECK(Usage{"GET   key  "}.arguments() == "key  ");
    // Only the second word can be a subcommand, and it begins with a letter.
    CHECK(Usage{"GET key EX"}.subcommand().empty());
    CHECK(Usage{"ADD * key"}.subcommand().empty());
    CHECK(Usage{"ADD [NX] key"}.subcommand().empty());
}

TEST_CASE("the parts of a usage line form a tree") {
    CHECK(parts_of_line("PING") == "");
    CHECK(parts_of_line("SET key value") == "key value");
    CHECK(parts_of_line("PING [message]") == "opt(message)");
    CHECK(parts_of_line("SET key value [NX | XX] [EX seconds|PX milliseconds]") ==
          "key value opt(NX|XX) opt(EX seconds|PX milliseconds)");
    CHECK(parts_of_line("LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>") ==
          "source destination one(LEFT|RIGHT) one(LEFT|RIGHT)");
    CHECK(parts_of_line("LPOS key element [RANK rank] [COUNT num]") ==
          "key element opt(RANK rank) opt(COUNT num)");
    CHECK(parts_of_line("XADD key [NOMKSTREAM] [MAXLEN [= | ~] threshold [LIMIT count]] <* | id>") ==
          "key opt(NOMKSTREAM) opt(MAXLEN opt(=|~) threshold opt(LIMIT count)) one(*|id)");
    CHECK(parts_of_line("A <x <B | y> | [C]>") == "one(x one(B|y)|opt(C))");
}

TEST_CASE("words before brackets with the same words and ... are the first repetition") {
    CHECK(parts_of_line("DEL key [key ...]") == "rep1(key)");
    CHECK(parts_of_line("DEL [key ...]") == "rep0(key)");
    CHECK(parts_of_line("DEL [key ... ]") == "rep0(key)");
    CHECK(parts_of_line("MSET key value [key value ...]") == "rep1(key value)");
    CHECK(parts_of_line("SADD key member [member ...]") == "key rep1(member)");
    CHECK(parts_of_line("HDEL key [field ...]") == "key rep0(field)");
    CHECK(parts_of_line("A key key [key ...]") == "key rep1(key)");
    CHECK(parts_of_line("A value key [key value ...]") == "value key rep0(key value)");
    CHECK(parts_of_line("A KEY [key ...]") == "rep0(key)");
    CHECK(parts_of_line("A x KEY [key ...]") == "x KEY rep0(key)");
    CHECK(parts_of_line("BLPOP key [key ...] timeout") == "rep1(key) timeout");
    CHECK(parts_of_line("A [key [key ...]]") == "opt(rep1(key))");
    CHECK(parts_of_line("A key [IDS id [id ...] | ALL]") == "key opt(IDS rep1(id)|ALL)");
    CHECK(parts_of_line("EVAL script numkeys [key ...] [arg ...]") == "script numkeys rep0(key) rep0(arg)");
    CHECK(parts_of_line("ZADD key [NX | XX] score member [score member ...]") ==
          "key opt(NX|XX) rep1(score member)");
}

TEST_CASE("the number of words follows from the parts") {
    struct Expected {
        const char* line;
        std::uint32_t least, most;
    };
    constexpr std::uint32_t any = Usage::unlimited;
    for (const Expected& expected : std::initializer_list<Expected>{
             {"PING", 1, 1},
             {"PING [message]", 1, 2},
             {"GET key", 2, 2},
             {"CONFIG GET parameter", 3, 3},
             {"DEL key [key ...]", 2, any},
             {"DEL [key ...]", 1, any},
             {"MSET key value [key value ...]", 3, any},
             {"A [b] [c d]", 1, 4},
             {"A <B | c d> e", 3, 4},
             {"A [B b | C c d]", 1, 4},
             {"A [B [c [d]]]", 1, 4},
             {"A [B b [c d]]", 1, 5},
             {"A <[b] | c d>", 1, 3},
             {"A x [IDS id [id ...]]", 2, any},
             {"BLPOP key [key ...] timeout", 3, any},
         }) {
        CAPTURE(expected.line);
        const Usage usage{expected.line};
        CHECK(usage.least_words() == expected.least);
        CHECK(usage.most_words() == expected.most);
        const int least = static_cast<int>(expected.least);
        if (expected.least == expected.most) CHECK(usage.arity() == least);
        if (expected.least != expected.most) CHECK(usage.arity() == -least);
    }
}

TEST_CASE("a line with a keyword that stands alone has no maximum, because a client may repeat it") {
    CHECK(Usage{"SET key value [NX | XX]"}.most_words() == Usage::unlimited);
    CHECK(Usage{"SET key value [EX seconds | KEEPTTL]"}.most_words() == Usage::unlimited);
    CHECK(Usage{"SET key value [EX seconds]"}.most_words() == 5);
    CHECK(Usage{"CLIENT REPLY <ON | OFF>"}.most_words() == 3);
}

TEST_CASE("a line is simple if the positions of its words follow from their number") {
    for (const char* line : {"PING", "PING [message]", "GET key", "A b [c] [d]", "DEL key [key ...]",
                             "HDEL key field [field ...]", "MSET key value [key value ...]", "A [b ...]",
                             "CONFIG SET parameter value [parameter value ...]"}) {
        CAPTURE(line);
        CHECK(Usage{line}.is_simple());
    }
    for (const char* line : {"SET key [NX]", "A b KEY", "A <b | c>", "A [b c]", "A [b] c", "A [b] [c ...]",
                             "A b [b ...] c", "A [b | c]", "A [[b]]", "A [b [b ...]]", "A [b ...] [c ...]",
                             "A b [b ...] [c]", "ZDIFF numkeys key [key ...]", "A numkeys [key ...]"}) {
        CAPTURE(line);
        CHECK_FALSE(Usage{line}.is_simple());
        CHECK(Usage{line}.repeated_words() == 0);
    }
    CHECK(Usage{"PING"}.repeated_words() == 0);
    CHECK(Usage{"DEL key [key ...]"}.repeated_words() == 1);
    CHECK(Usage{"GEOADD key a b c [a b c ...]"}.repeated_words() == 3);
    CHECK(Usage{"A numkeys"}.is_simple());
}

// ---- wrong lines

TEST_CASE("the error of a wrong line has the line, and a caret under the mistake") {
    CHECK(mistake_in("SET key [NX") ==
          "this is never closed\n"
          "    SET key [NX\n"
          "            ^");
    CHECK(mistake_in("set key") ==
          "a usage line begins with the name of the command, in capitals\n"
          "    set key\n"
          "    ^");
    CHECK(mistake_in("GET Key") ==
          "a keyword is in capitals, any other word in small letters\n"
          "    GET Key\n"
          "        ^");
    CHECK(mistake_in("DEL key [key...]") ==
          "a space must stand before \"...\"\n"
          "    DEL key [key...]\n"
          "             ^");
    CHECK(mistake_in("GET key]") ==
          "nothing was opened that this closes\n"
          "    GET key]\n"
          "           ^");
}

TEST_CASE("each mistake in a usage line has its own text and place") {
    struct Expected {
        std::string_view line, mistake;
        std::size_t column;
    };
    const auto name = "a usage line begins with the name of the command, in capitals";
    const auto dots = "\"...\" must stand after words in brackets, as in [key ...]";
    for (const Expected& expected : std::initializer_list<Expected>{
             {"", name, 0},
             {" GET key", name, 0},
             {"[key]", name, 0},
             {"Get key", name, 0},
             {"A key ...", dots, 6},
             {"A ...", dots, 2},
             {"A [...]", dots, 3},
             {"A [B | ...]", dots, 7},
             {"A [key ... key]", "\"...\" must be the last part in its brackets", 11},
             {"A [key ...x]", "\"...\" must be the last part in its brackets", 10},
             {"A [key ... ...]", "\"...\" must be the last part in its brackets", 11},
             {"A [key ... [b]]", "\"...\" must be the last part in its brackets", 11},
             {"A [key ... | B]", "\"...\" is for [ ] without alternatives", 2},
             {"A [B | key ...]", "\"...\" is for [ ] without alternatives", 2},
             {"A <key ...>", "\"...\" is for [ ] without alternatives", 2},
             {"A [KEY ...]", "only words can be repeated", 3},
             {"A [GET pattern ...]", "only words can be repeated", 3},
             {"A [key [b] ...]", "only words can be repeated", 7},
             {"A [key [key ...] ...]", "only words can be repeated", 3},
             {"A []", "an alternative is empty", 3},
             {"A [ ]", "an alternative is empty", 4},
             {"A [| B]", "an alternative is empty", 3},
             {"A <b |>", "an alternative is empty", 6},
             {"A [b", "this is never closed", 2},
             {"A [", "this is never closed", 2},
             {"A [b | ", "this is never closed", 2},
             {"A <b [c]", "this is never closed", 2},
             {"A [b [c]", "this is never closed", 2},
             {"A [b>", "this closes another bracket", 4},
             {"A <b [c>", "this closes another bracket", 7},
             {"A b]", "nothing was opened that this closes", 3},
             {"A >", "nothing was opened that this closes", 2},
             {"A b | c", "\"|\" must stand between alternatives in brackets", 4},
             {"A b cD", "a keyword is in capitals, any other word in small letters", 4},
             {"A b [cD]", "a keyword is in capitals, any other word in small letters", 5},
             {"A key...", "a space must stand before \"...\"", 2},
         }) {
        CAPTURE(expected.line);
        const std::string caret = std::string(4 + expected.column, ' ') + "^";
        const std::string line{expected.line};
        CHECK(mistake_in(expected.line) == std::string{expected.mistake} + "\n    " + line + "\n" + caret);
    }
}

TEST_CASE("a usage line has at most 63 parts and 4096 bytes") {
    std::string line = "A";
    for (int i = 0; i != 63; ++i) line += " b";
    CHECK(Usage{line}.size() == Usage::most_nodes);
    CHECK(Usage{line}.arity() == 64);
    CHECK(mistake_in(line + " b").starts_with("the line has more than 63 parts\n"));
    CHECK(mistake_in(line + " [b]").starts_with("the line has more than 63 parts\n"));
    CHECK(Usage{"A " + std::string(4'094, 'b')}.arity() == 2);
    CHECK(mistake_in("A " + std::string(4'095, 'b')).starts_with("the line has more than 4096 bytes\n"));
    CHECK(mistake_in("A " + std::string(4'000, '[')).starts_with("the line has more than 63 parts\n"));
    CHECK(mistake_in("A " + std::string(30, '[')).starts_with("this is never closed\n"));
}

TEST_CASE("a UsageError is a std::invalid_argument") {
    CHECK_THROWS_AS(Usage{"get"}, UsageError);
    CHECK_THROWS_AS(Usage{"get"}, std::invalid_argument);
}

TEST_CASE("a line with random changes is either read or refused") {
    constexpr std::string_view lines[] = {
        "SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]",
        "XADD key [MAXLEN [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]",
        "LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
        "CONFIG SET parameter value [parameter value ...]",
    };
    constexpr std::string_view bytes = "[]<>| .aA*\n";
    std::mt19937 random{7};
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    std::size_t read = 0, refused = 0, length = 0;
    for (int round = 0; round != 20'000; ++round) {
        std::string line{lines[below(4)]};
        for (std::size_t changes = 1 + below(3); changes != 0; --changes) {
            const std::size_t at = below(line.size());
            const std::size_t kind = below(4);
            if (kind == 0) line[at] = bytes[below(bytes.size())];
            if (kind == 1) line.insert(at, 1, bytes[below(bytes.size())]);
            if (kind == 2) line.erase(at, 1 + below(4));
            if (kind == 3) line.insert(below(line.size()), line.substr(at, 1 + below(12)));
            if (line.empty()) line = "A";
        }
        try {
            length += length_of_all(Usage{line});
            ++read;
        } catch (const UsageError& error) {
            ++refused;
            length += std::string_view{error.what()}.size();
        }
    }
    CHECK(read > 1'000);
    CHECK(refused > 1'000);
    CHECK(length > 0);
}
