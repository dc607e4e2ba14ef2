// Values as text for people: printable, and not longer than asked for.
#include <libresp/codec/format.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Reads;
using resp::Value;
using support::bytes;
using support::decode_one;
using support::repeat;

namespace {

std::string shown(std::string_view text, Reads reads = Reads::replies) {
    const Value value = decode_one(text, reads);
    const std::string formatted = fmt::format("{}", value);
    CHECK(formatted == to_string(value.view()));
    CHECK(formatted == fmt::format("{}", value.view()));
    return formatted;
}

}  // namespace

TEST_CASE("each type of scalar has its own form") {
    CHECK(shown("+OK\r\n") == "OK");
    CHECK(shown("-ERR no\r\n") == "(error) ERR no");
    CHECK(shown("!6\r\nERR no\r\n") == "(error) ERR no");
    CHECK(shown(":42\r\n") == "42");
    CHECK(shown("$9\r\ntwo words\r\n") == "\"two words\"");
    CHECK(shown("=6\r\ntxt:hi\r\n") == "\"hi\"");
    CHECK(shown("#t\r\n") == "true");
    CHECK(shown("#f\r\n") == "false");
    CHECK(shown(",1.50\r\n") == "1.50");
    CHECK(shown("(123\r\n") == "123");
    CHECK(shown("_\r\n") == "nil");
    CHECK(shown("$-1\r\n") == "nil");
    CHECK(shown("*-1\r\n") == "nil");
    CHECK(shown("$?\r\n;1\r\na\r\n;1\r\nb\r\n;0\r\n") == "\"ab\"");
}

TEST_CASE("aggregates are shown with their values") {
    CHECK(shown("*0\r\n") == "[]");
    CHECK(shown("*3\r\n:1\r\n*2\r\n:2\r\n*0\r\n$1\r\na\r\n") == "[1, [2, []], \"a\"]");
    CHECK(shown("%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n") == "{a: 1, b: [2]}");
    CHECK(shown("%0\r\n") == "{}");
    CHECK(shown("~2\r\n:1\r\n:2\r\n") == "~[1, 2]");
    CHECK(shown(">1\r\n+m\r\n") == ">[m]");
    CHECK(shown("*?\r\n:1\r\n.\r\n") == "[1]");
}

TEST_CASE("attributes are shown before their values") {
    CHECK(shown("|1\r\n+k\r\n+v\r\n:1\r\n") == "|{k: v} 1");
    CHECK(shown("*2\r\n:1\r\n|0\r\n*1\r\n:2\r\n") == "[1, |{} [2]]");
    CHECK(shown("%1\r\n|1\r\n+a\r\n+b\r\n+k\r\n|0\r\n+v\r\n") == "{|{a: b} k: |{} v}");
}

TEST_CASE("an inline line is shown as an array of strings") {
    CHECK(shown("SET k 'a b'\r\n", Reads::commands) == "[\"SET\", \"k\", \"a b\"]");
}

TEST_CASE("bytes that are not printable are escaped in every type") {
    CHECK(shown(bytes("$5\r\n\r\n\0\x1b\xff\r\n")) == "\"\\x0d\\x0a\\x00\\x1b\\xff\"");
    CHECK(shown("$2\r\n\"\\\r\n") == "\"\\\"\\\\\"");
    CHECK(shown("+\x1b[2J\r\n") == "\\x1b[2J");
    CHECK(shown("-\x7f\r\n") == "(error) \\x7f");
}

TEST_CASE("all 256 bytes are shown as printable bytes") {
    std::string text;
    for (int c = 0; c != 256; ++c) text += static_cast<char>(c);
    for (const char* const type : {"$256\r\n", "!256\r\n"}) {
        for (const char c : shown(type + text + "\r\n")) CHECK((c >= 0x20 && c < 0x7f));
    }
    for (const char c : shown("=260\r\ntxt:" + text + "\r\n")) CHECK((c >= 0x20 && c < 0x7f));
}

TEST_CASE("a precision limits the length of a string") {
    const Value value = decode_one("$10\r\n0123456789\r\n");
    CHECK(fmt::format("{:.4}", value) == "\"0123...\"");
    CHECK(fmt::format("{:.10}", value) == "\"0123456789\"");
    CHECK(fmt::format("{:.100}", value) == "\"0123456789\"");
    CHECK(fmt::format("{:.4}", value.view()) == "\"0123...\"");
}

TEST_CASE("a precision limits the number of values") {
    const Value value = decode_one("*1000\r\n" + repeat(":1\r\n", 1000));
    CHECK(fmt::format("{:.11}", value) == "[1, 1, 1, 1...");
    CHECK(to_string(value, 0) == "...");
}

TEST_CASE("the text is at most about as long as the limit") {
    const std::string wire =
        "*4\r\n$3\r\nabc\r\n+" + repeat("x", 1000) + "\r\n$1000\r\n" + repeat("y", 1000) + "\r\n:1\r\n";
    const Value value = decode_one(wire);
    for (std::size_t limit = 0; limit != 50; ++limit) {
        CAPTURE(limit);
        CHECK(to_string(value, limit).size() <= limit + 20);
    }
}

TEST_CASE("an omission is marked once") {
    const Value value = decode_one("*3\r\n$3\r\nabc\r\n:1\r\n+OK\r\n");
    for (std::size_t limit = 0; limit != 20; ++limit) {
        const std::string text = to_string(value, limit);
        CAPTURE(limit, text);
        CHECK(text.find("......") == std::string::npos);
    }
}

TEST_CASE("a format that is not a precision is refused") {
    const Value value = decode_one(":1\r\n");
    CHECK_THROWS_AS(fmt::format(fmt::runtime("{:x}"), value), fmt::format_error);
    CHECK_THROWS_AS(fmt::format(fmt::runtime("{:.5x}"), value), fmt::format_error);
    CHECK_THROWS_AS(fmt::format(fmt::runtime("{:.}"), value), fmt::format_error);
}
