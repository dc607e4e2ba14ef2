// What a decoder accepts as a frame: replies, commands or anything.
#include <libresp/codec/decoder.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Reads;
using resp::Type;
using support::decode;
using support::decode_one;
using support::error_of;

namespace {

std::string message_of(std::string_view bytes) {
    const support::Outcome outcome = decode(bytes, Reads::commands);
    return outcome.error ? outcome.error->message() : "no error";
}

}  // namespace

TEST_CASE("a reader of commands accepts arrays of bulk strings") {
    const resp::Value value = decode_one("*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n", Reads::commands);
    CHECK(value.view().size() == 2);
    CHECK(value.view()[0].text() == "ECHO");
    CHECK(value.view()[1].text() == "\r\n");
    CHECK_FALSE(value.view().is_inline());
}

TEST_CASE("a reader of commands skips blank lines, empty arrays and null arrays") {
    const support::Outcome outcome =
        decode("\r\n\n \t \r\n*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n\r\n", Reads::commands);
    REQUIRE(outcome.frames.size() == 1);
    CHECK(outcome.frames[0].view()[0].text() == "PING");
    CHECK(outcome.wires[0] == "*1\r\n$4\r\nPING\r\n");
    CHECK_FALSE(outcome.incomplete);
    CHECK(outcome.taken == 33);
}

TEST_CASE("skipped requests leave nothing pending") {
    for (const char* const bytes : {"\r\n", "\n", "*0\r\n", "*-1\r\n", "  \r\n*0\r\n"}) {
        const support::Outcome outcome = decode(bytes, Reads::commands);
        CAPTURE(bytes);
        CHECK(outcome.frames.empty());
        CHECK_FALSE(outcome.incomplete);
        CHECK_FALSE(outcome.error);
    }
}

TEST_CASE("a reader of commands refuses other values with Redis' error texts") {
    CHECK(error_of("*1\r\nword\r\n", Reads::commands) == "expected_bulk at 4");
    CHECK(message_of("*1\r\nword\r\n") == "expected '$', got 'w'");
    CHECK(error_of("*2\r\n$1\r\na\r\n:1\r\n", Reads::commands) == "expected_bulk at 11");
    CHECK(message_of("*2\r\n$1\r\na\r\n:1\r\n") == "expected '$', got ':'");
    CHECK(message_of("*1\r\n\r\n") == "expected '$', got ' '");
    CHECK(message_of("*1\r\n*1\r\n$1\r\na\r\n") == "expected '$', got '*'");
    CHECK(message_of("*1\r\n.\r\n") == "expected '$', got '.'");
    CHECK(message_of("*1\r\n\x01") == "expected '$', got '\\x01'");
}

TEST_CASE("a reader of commands refuses null strings, streamed strings and streamed arrays") {
    CHECK(error_of("*1\r\n$-1\r\n", Reads::commands) == "bad_length at 5");
    CHECK(error_of("*1\r\n$?\r\n;0\r\n", Reads::commands) == "bad_length at 5");
    CHECK(error_of("*?\r\n", Reads::commands) == "bad_count at 1");
    CHECK(message_of("*?\r\n") == "invalid multibulk length");
    CHECK(message_of("*1\r\n$-1\r\n") == "invalid bulk length");
}

TEST_CASE("a reader of commands reads a line with another type byte as an inline line") {
    const resp::Value value = decode_one("+PING x\r\n", Reads::commands);
    CHECK(value.view().is_inline());
    CHECK(value.view()[0].text() == "+PING");
    CHECK(decode_one("$3 x\r\n", Reads::commands).view().size() == 2);
}

TEST_CASE("a reader of anything accepts RESP values and inline lines in any order") {
    const support::Outcome outcome =
        decode(":1\r\nPING a\n%1\r\n+k\r\n_\r\nGET b\r\n$-1\r\n", Reads::anything);
    REQUIRE(outcome.frames.size() == 5);
    CHECK(outcome.frames[0].view().integer() == 1);
    CHECK(outcome.frames[1].view().is_inline());
    CHECK(outcome.frames[1].view()[1].text() == "a");
    CHECK(outcome.frames[2].view().type() == Type::map);
    CHECK(outcome.frames[3].view()[0].text() == "GET");
    CHECK(outcome.wires[3] == "GET b\r\n");
    CHECK(outcome.frames[4].view().type() == Type::null_bulk_string);
}

TEST_CASE("a reader of anything reads lines that begin with a period or semicolon as inline lines") {
    CHECK(decode_one(".\r\n", Reads::anything).view()[0].text() == ".");
    CHECK(decode_one(";1\r\n", Reads::anything).view()[0].text() == ";1");
}

TEST_CASE("a reader of anything skips blank lines and returns empty and null arrays") {
    const support::Outcome outcome = decode("\r\n*0\r\n \n*-1\r\n", Reads::anything);
    REQUIRE(outcome.frames.size() == 2);
    CHECK(outcome.frames[0].view().type() == Type::array);
    CHECK(outcome.frames[1].view().type() == Type::null_array);
}

TEST_CASE("an inline line inside a RESP value is an error") {
    CHECK(error_of("*1\r\nPING\r\n", Reads::anything) == "bad_type at 4");
    CHECK(error_of("|1\r\n+k\r\n+v\r\nPING\r\n", Reads::anything) == "bad_type at 12");
    CHECK(error_of("*?\r\n\r\n", Reads::anything) == "bad_type at 4");
}

TEST_CASE("a reader of replies refuses inline lines") {
    CHECK(error_of("PING\r\n") == "bad_type at 0");
    CHECK(decode("\r\n").error->message() == "unknown type ' '");
}

TEST_CASE("an inline line and an array of the same words are equal") {
    CHECK(decode_one("GET key\r\n", Reads::commands) ==
          decode_one("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", Reads::commands));
}
