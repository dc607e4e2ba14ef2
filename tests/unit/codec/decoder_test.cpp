// The decoder: values, errors and their offsets, lent bytes, reset().
#include <libresp/codec/decoder.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/feed.hpp"
#include "support/pieces.hpp"

using resp::Decoder;
using resp::Errc;
using resp::Reads;
using support::bytes;
using support::decode;
using support::decode_one;
using support::error_of;
using support::receive;

namespace {

/// Takes the complete frames and returns their number.
std::size_t count_frames(Decoder& decoder) {
    std::size_t n = 0;
    while (decoder.next()) ++n;
    return n;
}

}  // namespace

TEST_CASE("a bulk string cut anywhere yields one frame") {
    CHECK(decode_one("$5\r\nhello\r\n").view().text() == "hello");
}

TEST_CASE("a bulk string may contain CR, LF, NUL and text that looks like RESP") {
    CHECK(decode_one(bytes("$8\r\n\r\n\0$1\r\n\xff\r\n")).view().text() == bytes("\r\n\0$1\r\n\xff"));
}

TEST_CASE("a line may contain every byte except CR and LF") {
    std::string text;
    for (int c = 0; c != 256; ++c) {
        if (c != '\r' && c != '\n') text += static_cast<char>(c);
    }
    CHECK(decode_one('+' + text + "\r\n").view().text() == text);
    CHECK(decode_one('-' + text + "\r\n").view().text() == text);
}

TEST_CASE("a line that begins like OK is read to its end") {
    for (const std::string text : {"OK", "O", "", "OKAY", "OX", "KO", "ok"}) {
        INFO(text);
        const std::string line = '+' + text + "\r\n";
        CHECK(decode_one(line).view().text() == text);
        CHECK(decode_one("*3\r\n+OK\r\n" + line + line).view()[2].text() == text);
    }
    CHECK(error_of("+OK\n") == "bad_line at 3");
    CHECK(error_of("+OK\rx") == "bad_line at 4");
}

TEST_CASE("integers are read up to the limits of 64 bits") {
    CHECK(decode_one(":9223372036854775807\r\n").view().integer() == INT64_MAX);
    CHECK(decode_one(":-9223372036854775808\r\n").view().integer() == INT64_MIN);
    CHECK(decode_one(":+9223372036854775807\r\n").view().integer() == INT64_MAX);
    CHECK(decode_one(":999999999999999999\r\n").view().integer() == 999999999999999999);
    CHECK(decode_one(":-1000000000000000000\r\n").view().integer() == -1000000000000000000);
    CHECK(error_of(":9223372036854775808\r\n") == "bad_integer at 19");
    CHECK(error_of(":-9223372036854775809\r\n") == "bad_integer at 20");
    CHECK(error_of(":10000000000000000000\r\n") == "bad_integer at 20");
}

TEST_CASE("an integer that is not canonical is an error at its first wrong byte") {
    CHECK(error_of(":\r\n") == "bad_integer at 1");
    CHECK(error_of(":+\r\n") == "bad_integer at 2");
    CHECK(error_of(":-\r\n") == "bad_integer at 2");
    CHECK(error_of(":00\r\n") == "bad_integer at 2");
    CHECK(error_of(":-0\r\n") == "bad_integer at 2");
    CHECK(error_of(":-01\r\n") == "bad_integer at 2");
    CHECK(error_of(":1 \r\n") == "bad_integer at 2");
    CHECK(error_of(": 1\r\n") == "bad_integer at 1");
    CHECK(error_of(":1.5\r\n") == "bad_integer at 2");
    CHECK(error_of(":--1\r\n") == "bad_integer at 2");
    CHECK(decode_one(":+0\r\n").view().text() == "+0");
}

TEST_CASE("a bare LF in a RESP line is an error at that byte") {
    CHECK(error_of("+OK\n") == "bad_line at 3");
    CHECK(error_of("-ERR\n") == "bad_line at 4");
    CHECK(error_of(":1\n") == "bad_line at 2");
    CHECK(error_of("$1\n") == "bad_line at 2");
    CHECK(error_of("*1\n") == "bad_line at 2");
    CHECK(error_of("_\n") == "bad_line at 1");
    CHECK(error_of("#t\n") == "bad_line at 2");
    CHECK(error_of("(1\n") == "bad_line at 2");
    CHECK(error_of(",1\n") == "bad_line at 2");
    CHECK(error_of("$-\n") == "bad_line at 2");
    CHECK(error_of("*-\n") == "bad_line at 2");
    CHECK(error_of("#\n") == "bad_line at 1");
    CHECK(error_of(",\n") == "bad_line at 1");
    CHECK(error_of(",in\n") == "bad_line at 3");
    CHECK(error_of("(\n") == "bad_line at 1");
    CHECK(error_of(",\r\n") == "bad_double at 1");
}

TEST_CASE("a CR without its LF is an error at the byte after it") {
    CHECK(error_of("+O\rK\r\n") == "bad_line at 3");
    CHECK(error_of("+\r\r\n") == "bad_line at 2");
    CHECK(error_of("$1\rx") == "bad_line at 3");
    CHECK(error_of("*0\r*") == "bad_line at 3");
    CHECK(error_of("_\rx") == "bad_line at 2");
}

TEST_CASE("the two bytes after a string must be CRLF") {
    CHECK(error_of("$2\r\nabc\r\n") == "bad_terminator at 6");
    CHECK(error_of("$2\r\nab\n\r") == "bad_terminator at 6");
    CHECK(error_of("$2\r\nab\rx") == "bad_terminator at 7");
    CHECK(error_of("!2\r\nabxx") == "bad_terminator at 6");
    CHECK(error_of("=4\r\ntxt:xx") == "bad_terminator at 8");
    CHECK(error_of("$?\r\n;2\r\nabxx") == "bad_terminator at 10");
    CHECK(error_of("*1\r\n$2\r\nabxx", Reads::commands) == "bad_terminator at 10");
}

TEST_CASE("a length is plain decimal digits") {
    CHECK(error_of("$\r\n") == "bad_length at 1");
    CHECK(error_of("$+1\r\n") == "bad_length at 1");
    CHECK(error_of("$01\r\n") == "bad_length at 2");
    CHECK(error_of("$-0\r\n") == "bad_length at 2");
    CHECK(error_of("$-2\r\n") == "bad_length at 2");
    CHECK(error_of("$-1x\r\n") == "bad_length at 3");
    CHECK(error_of("!-1\r\n") == "bad_length at 1");
    CHECK(error_of("=-1\r\n") == "bad_length at 1");
    CHECK(error_of("$?x\r\n") == "bad_length at 2");
    CHECK(error_of("!?\r\n") == "bad_length at 1");
    CHECK(error_of(bytes("$\0\r\n")) == "bad_length at 1");
}

TEST_CASE("a count is plain decimal digits") {
    CHECK(error_of("*\r\n") == "bad_count at 1");
    CHECK(error_of("*+1\r\n") == "bad_count at 1");
    CHECK(error_of("*01\r\n") == "bad_count at 2");
    CHECK(error_of("*-2\r\n") == "bad_count at 2");
    CHECK(error_of("*-1x\r\n") == "bad_count at 3");
    CHECK(error_of("%-1\r\n") == "bad_count at 1");
    CHECK(error_of("~-1\r\n") == "bad_count at 1");
    CHECK(error_of(">-1\r\n") == "bad_count at 1");
    CHECK(error_of("|-1\r\n") == "bad_count at 1");
    CHECK(error_of(">?\r\n") == "bad_count at 1");
    CHECK(error_of("|?\r\n") == "bad_count at 1");
}

TEST_CASE("a byte that begins no value is an error at that byte") {
    CHECK(error_of("x") == "bad_type at 0");
    CHECK(error_of("\r\n") == "bad_type at 0");
    CHECK(error_of(":1\r\n\r\n") == "bad_type at 4");
    CHECK(error_of("*1\r\nx") == "bad_type at 4");
    CHECK(error_of(";1\r\n") == "bad_type at 0");
    CHECK(error_of(".\r\n") == "bad_type at 0");
    CHECK(error_of("*1\r\n.\r\n") == "bad_type at 4");
}

TEST_CASE("a wrong boolean, null or number is an error at its first wrong byte") {
    CHECK(error_of("#x\r\n") == "bad_boolean at 1");
    CHECK(error_of("#tt\r\n") == "bad_boolean at 2");
    CHECK(error_of("#\r\n") == "bad_boolean at 1");
    CHECK(error_of("_x\r\n") == "bad_null at 1");
    CHECK(error_of(",1.x\r\n") == "bad_double at 3");
    CHECK(error_of(",\r\n") == "bad_double at 1");
    CHECK(error_of(",1.\r\n") == "bad_double at 3");
    CHECK(error_of(",-\r\n") == "bad_double at 2");
    CHECK(error_of("(\r\n") == "bad_big_number at 1");
    CHECK(error_of("(-\r\n") == "bad_big_number at 2");
    CHECK(error_of("(1-\r\n") == "bad_big_number at 2");
    CHECK(error_of("(12a\r\n") == "bad_big_number at 3");
}

TEST_CASE("a verbatim string must begin with three bytes of format and a colon") {
    CHECK(decode_one("=4\r\ntxt:\r\n").view().text() == "");
    CHECK(error_of("=3\r\ntxt\r\n") == "bad_verbatim at 2");
    CHECK(error_of("=0\r\n\r\n") == "bad_verbatim at 2");
    CHECK(error_of("=5\r\ntxt-a\r\n") == "bad_verbatim at 7");
}

TEST_CASE("frames before an error are returned") {
    const support::Outcome outcome = decode(":1\r\n+OK\r\n!x");
    CHECK(outcome.frames.size() == 2);
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == Errc::bad_length);
    CHECK(outcome.error->offset == 10);
    CHECK(outcome.error->byte == 'x');
}

TEST_CASE("an error is final") {
    Decoder decoder;
    decoder.feed(std::string_view{"x"});
    CHECK_FALSE(decoder.next());
    REQUIRE(decoder.error());
    receive(decoder, ":1\r\n");
    CHECK_FALSE(decoder.next());
    CHECK(decoder.error()->offset == 0);
    CHECK(decoder.error()->code == Errc::bad_type);
}

TEST_CASE("an error is set only when next() reaches it") {
    Decoder decoder;
    decoder.feed(std::string_view{":1\r\nx"});
    CHECK(decoder.next());
    CHECK_FALSE(decoder.error());
    CHECK_FALSE(decoder.next());
    CHECK(decoder.error());
}

TEST_CASE("offset() and pending() count the bytes before and after the last returned frame") {
    Decoder decoder;
    receive(decoder, ":1\r\n+O");
    CHECK(decoder.offset() == 0);
    CHECK(decoder.pending() == 6);
    CHECK(decoder.next());
    CHECK(decoder.offset() == 4);
    CHECK(decoder.pending() == 2);
    CHECK_FALSE(decoder.next());
    CHECK(decoder.pending() == 2);
    receive(decoder, "K\r\n");
    CHECK(decoder.pending() == 5);
    CHECK(decoder.next());
    CHECK(decoder.offset() == 9);
    CHECK(decoder.pending() == 0);
}

TEST_CASE("missing() counts the bytes that a cut string still needs") {
    Decoder decoder;
    const auto missing = [&](std::string_view bytes) {
        receive(decoder, bytes);
        CHECK_FALSE(decoder.next());
        return decoder.missing();
    };
    CHECK(decoder.missing() == 1);
    CHECK(missing("*2\r\n$10") == 1);
    CHECK(missing("00\r\n") == 1002);
    CHECK(missing("abc") == 999);
    CHECK(missing(std::string(997, 'x')) == 1);  // each byte of the CRLF may be wrong
    CHECK(missing("\r\n:1") == 1);
    receive(decoder, "\r\n");
    CHECK(decoder.next());
    CHECK(decoder.missing() == 1);
}

TEST_CASE("missing() counts no byte after the first one over max_frame") {
    Decoder decoder{{.max_frame = 10}};
    receive(decoder, "$100\r\nab");
    CHECK_FALSE(decoder.next());
    CHECK(decoder.missing() == 3);
    receive(decoder, "cd");
    CHECK_FALSE(decoder.next());
    CHECK(decoder.missing() == 1);
    receive(decoder, "e");
    CHECK_FALSE(decoder.next());
    CHECK(decoder.error());
}

TEST_CASE("reset() begins a new stream at the given offset") {
    Decoder decoder;
    receive(decoder, ":1\r\n*2\r\n$5\r\nab");
    CHECK(count_frames(decoder) == 1);
    decoder.reset(1000);
    CHECK(decoder.pending() == 0);
    CHECK(decoder.offset() == 1000);
    receive(decoder, ":7\r\nx");
    CHECK(count_frames(decoder) == 1);
    REQUIRE(decoder.error());
    CHECK(decoder.error()->offset == 1004);
    decoder.reset();
    CHECK_FALSE(decoder.error());
    CHECK(decoder.offset() == 0);
}

TEST_CASE("reset() ends a loan without reading the bytes") {
    Decoder decoder;
    {
        const std::string lent = "$50\r\nhello";
        decoder.feed(lent);
        CHECK_FALSE(decoder.next());
        decoder.reset();
    }
    receive(decoder, ":7\r\n");
    CHECK(count_frames(decoder) == 1);
}

TEST_CASE("prepare() returns at least the room that is asked for") {
    Decoder decoder;
    CHECK(decoder.prepare(1).size() >= 1);
    CHECK(decoder.prepare(100'000).size() >= 100'000);
    decoder.commit(0);
    CHECK_FALSE(decoder.next());
}

TEST_CASE("lent bytes are decoded in place") {
    Decoder decoder;
    const std::string lent = "$5\r\nhello\r\n";
    decoder.feed(lent);
    const std::optional<resp::View> view = decoder.next();
    REQUIRE(view);
    CHECK((view->text().data() == lent.data() + 4));
    CHECK((view->wire().data() == lent.data()));
}

TEST_CASE("empty input is neither a frame nor an error") {
    Decoder decoder;
    CHECK_FALSE(decoder.next());
    decoder.feed({});
    CHECK_FALSE(decoder.next());
    decoder.release();
    CHECK_FALSE(decoder.error());
    CHECK(decode("").frames.empty());
}
