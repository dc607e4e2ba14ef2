// The words of an inline command, with the quoting rules of Redis.
#include <libresp/codec/decoder.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Reads;
using support::bytes;
using support::decode;
using support::decode_one;
using support::error_of;

namespace {

/// The words of a line, each in angle brackets.
std::string words(std::string_view line) {
    const resp::Value value = decode_one(line, Reads::commands);
    std::string joined;
    for (const resp::View word : value.view()) {
        joined += '<' + std::string{word.text()} + '>';
    }
    return joined;
}

std::string error(std::string_view line) { return error_of(line, Reads::commands); }

}  // namespace

TEST_CASE("an inline line is split into words at spaces and tabs") {
    CHECK(words("SET key 7\r\n") == "<SET><key><7>");
    CHECK(words("  SET \t key\t\t7  \r\n") == "<SET><key><7>");
    CHECK(words("PING\n") == "<PING>");
}

TEST_CASE("a CR inside a line ends a word, and a CR before LF ends the line") {
    CHECK(words("a\rb\r\n") == "<a><b>");
    CHECK(words("a\r\r\n") == "<a>");
}

TEST_CASE("vertical tabs and form feeds are skipped before a word, and are part of a word inside it") {
    CHECK(words("\v\fa\vb\r\n") == "<a\vb>");
}

TEST_CASE("a word may contain a NUL") {
    const resp::Value value = decode_one(bytes("ECHO a\0b\r\n"), Reads::commands);
    CHECK(value.view()[1].text() == bytes("a\0b"));
}

TEST_CASE("a word in quotes may contain spaces") {
    CHECK(words("SET k \"two words\"\r\n") == "<SET><k><two words>");
    CHECK(words("SET k 'two words'\r\n") == "<SET><k><two words>");
    CHECK(words("\"\" ''\r\n") == "<><>");
}

TEST_CASE("a word in quotes that needs no unescaping is read where it was received") {
    constexpr std::string_view line = "SET 'a key' \"\" 'a\\tb' \"a\rb\" x'y' \"\v\"\r\n";
    resp::Decoder decoder{{}, Reads::commands};
    for (const std::string_view rest : {"PING\r\n", ""}) {  // with more input, and at its very end
        const std::string bytes = std::string{line}.append(rest);
        decoder.feed(bytes);
        const auto request = decoder.next();
        REQUIRE(request);
        std::string in_place;
        for (const resp::View word : *request) {
            const char* const at = word.text().data();
            in_place += bytes.data() <= at && at < bytes.data() + bytes.size() ? 'y' : 'n';
        }
        CHECK(in_place == "yyynyny");
        while (decoder.next()) {
        }
        decoder.release();
    }
}

TEST_CASE("a closing quote in a later line does not close a word") {
    CHECK(error("\"abc\nPING \"\r\n") == "unbalanced_quotes at 4");
    CHECK(error("x 'abc\r\n'PING\r\n") == "unbalanced_quotes at 6");
}

TEST_CASE("escape sequences in double quotes are decoded") {
    CHECK(words("\"\\n\\r\\t\\b\\a\\\\\\\"\"\r\n") == "<\n\r\t\b\a\\\">");
    CHECK(words("\"\\x41\\x7a\\xFf\"\r\n") == "<Az\xff>");
    CHECK(words("\"\\q\\'\"\r\n") == "<q'>");
}

TEST_CASE("a hex escape needs two digits") {
    CHECK(words("\"\\x4\"\r\n") == "<x4>");
    CHECK(words("\"\\x4g\"\r\n") == "<x4g>");
    CHECK(words("\"\\xg4\"\r\n") == "<xg4>");
    CHECK(words("\"\\x\"\r\n") == "<x>");
}

TEST_CASE("single quotes have one escape sequence") {
    CHECK(words("'it\\'s'\r\n") == "<it's>");
    CHECK(words("'a\\nb\\x41\"'\r\n") == "<a\\nb\\x41\">");
    CHECK(words("'a\\\\b'\r\n") == "<a\\\\b>");
    CHECK(error("'a\\\\'\r\n") == "unbalanced_quotes at 5");
}

TEST_CASE("a quote inside a word continues the word, and the closing quote ends it") {
    CHECK(words("foo\"bar baz\" x\r\n") == "<foobar baz><x>");
    CHECK(words("a'b' c\r\n") == "<ab><c>");
    CHECK(words("\"a\"\vb\r\n") == "<a><b>");
}

TEST_CASE("a backslash outside quotes is an ordinary byte") { CHECK(words("a\\nb\\\r\n") == "<a\\nb\\>"); }

TEST_CASE("quotes that are not closed are an error at the end of the line") {
    CHECK(error("\"abc\r\n") == "unbalanced_quotes at 4");
    CHECK(error("'abc\n") == "unbalanced_quotes at 4");
    CHECK(error("a \"\r\n") == "unbalanced_quotes at 3");
    CHECK(error("\"abc\\\"\r\n") == "unbalanced_quotes at 6");
    CHECK(error("\"abc\\\r\n") == "unbalanced_quotes at 5");
    CHECK(error("'abc\\'\r\n") == "unbalanced_quotes at 6");
}

TEST_CASE("a byte directly after a closing quote is an error at that byte") {
    CHECK(error("\"a\"b\r\n") == "unbalanced_quotes at 3");
    CHECK(error("'a''b'\r\n") == "unbalanced_quotes at 3");
    CHECK(error("PING\r\n'a'\"b\"\r\n") == "unbalanced_quotes at 9");
}

TEST_CASE("requests before unbalanced quotes are returned") {
    const support::Outcome outcome = decode("PING\r\nSET \"a\r\nPING\r\n", Reads::commands);
    CHECK(outcome.frames.size() == 1);
    REQUIRE(outcome.error);
    CHECK(outcome.error->message() == "unbalanced quotes in request");
}

TEST_CASE("an inline line reads as an array of bulk strings, and is_inline() is true") {
    const resp::Value value = decode_one("GET \"a b\"\r\n", Reads::commands);
    CHECK(value.view().type() == resp::Type::array);
    CHECK(value.view().is_inline());
    CHECK(value.view().wire() == "GET \"a b\"\r\n");
    CHECK(value.view()[1].type() == resp::Type::bulk_string);
    CHECK(value.view()[1].is_inline());
    CHECK(value.view()[1].wire() == "a b");
}

TEST_CASE("quoted words keep their text while later words are unescaped") {
    std::string line;
    std::string expected;
    for (int i = 0; i != 40; ++i) {
        line += "\"word \\x41" + std::to_string(i) + "\" plain" + std::to_string(i) + ' ';
        expected += "<word A" + std::to_string(i) + "><plain" + std::to_string(i) + '>';
    }
    CHECK(words(line + "\r\n") == expected);
}

TEST_CASE("an inline line of any length is accepted if max_line is the largest number") {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}}) {
        CAPTURE(piece);
        constexpr std::string_view line = "SET 'a key' value\r\n";
        resp::Decoder decoder{{.max_line = SIZE_MAX}, resp::Reads::commands};
        std::size_t words = 0;
        for (std::size_t at = 0; at < line.size(); at += piece) {
            decoder.feed(line.substr(at, piece));
            if (const auto request = decoder.next()) words = request->size();
            decoder.release();
        }
        CHECK_FALSE(decoder.error());
        CHECK(words == 3);
    }
}
