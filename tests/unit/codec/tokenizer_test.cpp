// The content of single tokens. support/feed.hpp checks for every wire case that cuts change no token.
#include <libresp/codec/tokenizer.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/describe.hpp"

using resp::Reads;
using resp::Token;
using resp::Tokenizer;
using resp::Type;
using Kind = resp::Token::Kind;

namespace {

std::vector<Token> tokens_of(Tokenizer& tokenizer, std::string_view bytes) {
    tokenizer.feed(bytes);
    std::vector<Token> tokens;
    while (const std::optional<Token> token = tokenizer.next()) tokens.push_back(*token);
    return tokens;
}

std::string_view rest_of(const Tokenizer& tokenizer) {
    return {tokenizer.rest().data(), tokenizer.rest().size()};
}

}  // namespace

TEST_CASE("a scalar is one token that ends a frame") {
    Tokenizer tokenizer;
    const std::vector<Token> tokens = tokens_of(tokenizer, ":-42\r\n");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].kind == Kind::value);
    CHECK(tokens[0].type == Type::integer);
    CHECK(tokens[0].integer == -42);
    CHECK(tokens[0].text == "-42");
    CHECK(tokens[0].depth == 0);
    CHECK(tokens[0].offset == 0);
    CHECK(tokens[0].ends_frame());
    CHECK(tokenizer.rest().empty());
    CHECK(tokenizer.offset() == 6);
}

TEST_CASE("the token of a boolean has its integer") {
    Tokenizer tokenizer;
    const std::vector<Token> tokens = tokens_of(tokenizer, "#t\r\n#f\r\n");
    REQUIRE(tokens.size() == 2);
    CHECK(tokens[0].integer == 1);
    CHECK(tokens[1].integer == 0);
    CHECK(tokens[1].text == "f");
}

TEST_CASE("a token has its depth and the number of aggregates that it closes") {
    Tokenizer tokenizer;
    const std::vector<Token> tokens = tokens_of(tokenizer, "*2\r\n:1\r\n*1\r\n$2\r\nhi\r\n");
    REQUIRE(tokens.size() == 4);
    CHECK(tokens[0].kind == Kind::aggregate);
    CHECK(tokens[0].size == 2);
    CHECK_FALSE(tokens[0].ends_frame());
    CHECK(tokens[1].depth == 1);
    CHECK(tokens[1].closes == 0);
    CHECK(tokens[2].depth == 1);
    CHECK(tokens[2].offset == 8);
    CHECK(tokens[3].depth == 2);
    CHECK(tokens[3].closes == 2);
    CHECK(tokens[3].size == 2);
    CHECK(tokens[3].offset == 12);
    CHECK(tokens[3].ends_frame());
}

TEST_CASE("an empty aggregate is complete at once") {
    Tokenizer tokenizer;
    const std::vector<Token> tokens = tokens_of(tokenizer, "*0\r\n*1\r\n%0\r\n");
    REQUIRE(tokens.size() == 3);
    CHECK(tokens[0].ends_frame());
    CHECK_FALSE(tokens[1].ends_frame());
    CHECK(tokens[2].closes == 1);
    CHECK(tokens[2].ends_frame());
}

TEST_CASE("the size of a map is its number of pairs") {
    Tokenizer tokenizer;
    const std::vector<Token> tokens = tokens_of(tokenizer, "%1\r\n+k\r\n+v\r\n");
    REQUIRE(tokens.size() == 3);
    CHECK(tokens[0].size == 1);
    CHECK(tokens[2].closes == 1);
}

TEST_CASE("a string in pieces becomes parts with positions") {
    Tokenizer tokenizer;
    std::vector<Token> tokens = tokens_of(tokenizer, "$9\r\nhel");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].kind == Kind::part);
    CHECK(tokens[0].text == "hel");
    CHECK(tokens[0].size == 9);
    CHECK_FALSE(tokens[0].last);
    CHECK_FALSE(tokens[0].ends_frame());
    CHECK(tokenizer.inside_frame());
    tokens = tokens_of(tokenizer, "lo wor");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].text == "lo wor");
    CHECK(tokens[0].position == 3);
    CHECK(tokens_of(tokenizer, "\r").empty());
    CHECK(rest_of(tokenizer) == "\r");
    tokens = tokens_of(tokenizer, "\r\n");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].text == "");
    CHECK(tokens[0].position == 9);
    CHECK(tokens[0].last);
    CHECK(tokens[0].ends_frame());
    CHECK_FALSE(tokenizer.inside_frame());
    CHECK(tokenizer.offset() == 15);
}

TEST_CASE("a line in pieces becomes parts") {
    Tokenizer tokenizer;
    std::vector<Token> tokens = tokens_of(tokenizer, "+hel");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].size == 0);
    tokens = tokens_of(tokenizer, "lo\r\n");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].text == "lo");
    CHECK(tokens[0].position == 3);
    CHECK(tokens[0].size == 5);
    CHECK(tokens[0].ends_frame());
}

TEST_CASE("a line keeps nothing of the value before it") {
    Tokenizer tokenizer;
    std::vector<Token> tokens = tokens_of(tokenizer, "$5\r\nhello\r\n+wo");
    REQUIRE(tokens.size() == 2);
    CHECK(tokens[1].size == 0);  // not known yet
    tokenizer.reset();
    tokens = tokens_of(tokenizer, "(123\r\n(\r\n");
    REQUIRE(tokens.size() == 1);
    REQUIRE(tokenizer.error());
    CHECK(tokenizer.error()->code == resp::Errc::bad_big_number);  // it has no digits
    CHECK(tokenizer.error()->offset == 7);
}

TEST_CASE("the token of a verbatim string includes its format") {
    Tokenizer tokenizer;
    const std::vector<Token> tokens = tokens_of(tokenizer, "=6\r\ntxt:hi\r\n");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].text == "txt:hi");
}

TEST_CASE("a streamed string becomes one part for each chunk and an empty last part") {
    Tokenizer tokenizer;
    const std::vector<Token> tokens = tokens_of(tokenizer, "$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n");
    REQUIRE(tokens.size() == 3);
    CHECK(tokens[0].streamed);
    CHECK(tokens[0].text == "ab");
    CHECK(tokens[1].position == 2);
    CHECK(tokens[2].text == "");
    CHECK(tokens[2].position == 3);
    CHECK(tokens[2].last);
    CHECK(tokens[2].ends_frame());
}

TEST_CASE("a streamed aggregate ends with a token that has its size") {
    Tokenizer tokenizer;
    const std::vector<Token> tokens = tokens_of(tokenizer, "*1\r\n%?\r\n+k\r\n+v\r\n.\r\n");
    REQUIRE(tokens.size() == 5);
    CHECK(tokens[1].streamed);
    CHECK(tokens[1].size == 0);
    CHECK(tokens[4].kind == Kind::stream_end);
    CHECK(tokens[4].type == Type::map);
    CHECK(tokens[4].size == 1);
    CHECK(tokens[4].depth == 2);
    CHECK(tokens[4].closes == 2);
    CHECK(tokens[4].ends_frame());
}

TEST_CASE("an attribute ends with the value that it belongs to") {
    Tokenizer tokenizer;
    const std::vector<Token> tokens = tokens_of(tokenizer, "|1\r\n+k\r\n+v\r\n:1\r\n");
    REQUIRE(tokens.size() == 4);
    CHECK(tokens[2].closes == 0);
    CHECK(tokens[3].depth == 1);
    CHECK(tokens[3].closes == 1);
    CHECK(tokens[3].ends_frame());
}

TEST_CASE("an inline line is one token without its end") {
    Tokenizer tokenizer{{}, Reads::commands};
    const std::vector<Token> tokens = tokens_of(tokenizer, "SET a 'b'\r\nPING\n");
    REQUIRE(tokens.size() == 2);
    CHECK(tokens[0].kind == Kind::inline_line);
    CHECK(tokens[0].text == "SET a 'b'");
    CHECK(tokens[1].text == "PING");
    CHECK(tokens[1].offset == 11);
    CHECK(tokens[1].ends_frame());
}

TEST_CASE("a cut inline line stays in rest() until it is complete") {
    Tokenizer tokenizer{{}, Reads::commands};
    CHECK(tokens_of(tokenizer, "PI").empty());
    CHECK(rest_of(tokenizer) == "PI");
    CHECK_FALSE(tokenizer.inside_frame());
    CHECK(tokens_of(tokenizer, "PING").empty());
    CHECK(tokens_of(tokenizer, "PING\n").size() == 1);
}

TEST_CASE("a cut header stays in rest() from its type byte") {
    Tokenizer tokenizer;
    CHECK(tokens_of(tokenizer, ":123\r").empty());
    CHECK(rest_of(tokenizer) == ":123\r");
    CHECK(tokenizer.offset() == 0);
    CHECK(tokens_of(tokenizer, ":123\r\n").size() == 1);
}

TEST_CASE("an error ends the stream of tokens") {
    Tokenizer tokenizer;
    CHECK(tokens_of(tokenizer, ":1\r\nx").size() == 1);
    REQUIRE(tokenizer.error());
    CHECK(tokenizer.error()->code == resp::Errc::bad_type);
    CHECK(tokenizer.error()->offset == 4);
    CHECK(tokenizer.error()->byte == 'x');
    CHECK(tokens_of(tokenizer, ":1\r\n").empty());
    CHECK(tokenizer.error()->offset == 4);
}

TEST_CASE("reset() begins a new stream of tokens at the given offset") {
    Tokenizer tokenizer;
    tokens_of(tokenizer, "*1\r\n$5\r\nab");
    tokenizer.reset(100);
    CHECK_FALSE(tokenizer.inside_frame());
    CHECK(tokenizer.offset() == 100);
    const std::vector<Token> tokens = tokens_of(tokenizer, ":1\r\nx");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].offset == 100);
    REQUIRE(tokenizer.error());
    CHECK(tokenizer.error()->offset == 104);
    tokenizer.reset();
    CHECK_FALSE(tokenizer.error());
}

TEST_CASE("the tokenizer accepts a string longer than max_frame") {
    Tokenizer tokenizer{{.max_frame = 8}};
    const std::string bytes = "$100\r\n" + support::repeat("x", 100) + "\r\n";
    CHECK(tokens_of(tokenizer, bytes).size() == 1);
}
