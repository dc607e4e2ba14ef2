// Both sides of every limit.
#include <libresp/codec/limits.hpp>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Limits;
using resp::Reads;
using resp::Type;
using support::decode;
using support::decode_one;
using support::error_of;
using support::repeat;

TEST_CASE("limits above their ceilings are lowered to them") {
    const Limits clamped = resp::limits::clamped(
        {.max_elements = std::size_t{1} << 40, .max_depth = 1025, .max_frame = std::size_t{1} << 40},
        Reads::replies);
    CHECK(clamped.max_depth == 1024);
    CHECK(clamped.max_elements == 2147483647);
    CHECK(clamped.max_frame == 4294967295);
}

TEST_CASE("a depth that is not set is 128 for replies and 32 for requests") {
    CHECK(resp::limits::clamped({}, Reads::replies).max_depth == 128);
    CHECK(resp::limits::clamped({}, Reads::commands).max_depth == 32);
    CHECK(resp::limits::clamped({}, Reads::anything).max_depth == 32);
    CHECK(resp::limits::clamped({.max_depth = 0}, Reads::replies).max_depth == 0);
    CHECK(resp::limits::clamped({.max_depth = 128}, Reads::anything).max_depth == 128);
}

TEST_CASE("limits below their ceilings are not changed") {
    const Limits clamped = resp::limits::clamped(
        {.max_line = 1, .max_bulk = 2, .max_elements = 3, .max_depth = 4, .max_frame = 5}, Reads::replies);
    CHECK(clamped.max_line == 1);
    CHECK(clamped.max_bulk == 2);
    CHECK(clamped.max_elements == 3);
    CHECK(clamped.max_depth == 4);
    CHECK(clamped.max_frame == 5);
}

TEST_CASE("a line of max_line bytes is accepted, and one more byte is an error") {
    const Limits limits{.max_line = 4};
    CHECK(decode_one("+abcd\r\n", Reads::replies, limits).view().text() == "abcd");
    CHECK(error_of("+abcde\r\n", Reads::replies, limits) == "line_too_long at 5");
    CHECK(error_of("+abcde", Reads::replies, limits) == "line_too_long at 5");
    CHECK(decode_one("-abcd\r\n", Reads::replies, limits).view().text() == "abcd");
    CHECK(error_of("-abcde\r\n", Reads::replies, limits) == "line_too_long at 5");
    CHECK(decode_one("(1234\r\n", Reads::replies, limits).view().text() == "1234");
    CHECK(error_of("(12345\r\n", Reads::replies, limits) == "line_too_long at 5");
    CHECK(decode_one(",1e10\r\n", Reads::replies, limits).view().as_double() == 1e10);
    CHECK(error_of(",1e100\r\n", Reads::replies, limits) == "line_too_long at 5");
    CHECK(error_of("+OK\r\n", Reads::replies, {.max_line = 1}) == "line_too_long at 2");
}

TEST_CASE("a wrong byte within max_line is reported, not that the line is too long") {
    const Limits limits{.max_line = 4};
    CHECK(error_of("(12x45\r\n", Reads::replies, limits) == "bad_big_number at 3");
    CHECK(error_of(",12x45\r\n", Reads::replies, limits) == "bad_double at 3");
    CHECK(error_of("+abcd\rx\r\n", Reads::replies, limits) == "bad_line at 6");
}

TEST_CASE("an inline line may have max_line bytes before its LF or CRLF") {
    const Limits limits{.max_line = 4};
    CHECK(decode_one("PING\n", Reads::commands, limits).view()[0].text() == "PING");
    CHECK(decode_one("PING\r\n", Reads::commands, limits).view()[0].text() == "PING");
    CHECK(error_of("PINGS\n", Reads::commands, limits) == "inline_too_long at 4");
    CHECK(error_of("PINGS\r\n", Reads::anything, limits) == "inline_too_long at 4");
    CHECK(error_of("PINGSS", Reads::commands, limits) == "inline_too_long at 4");
    CHECK(error_of("PINGS", Reads::commands, limits) == "inline_too_long at 4");
    CHECK(decode("PING", Reads::commands, limits).incomplete);
    CHECK(decode("PING\r", Reads::commands, limits).incomplete);
    CHECK(error_of("PING\r\r\n", Reads::commands, limits) == "inline_too_long at 4");
}

TEST_CASE("a line has at most 64 KiB by default") {
    const std::string text = repeat("x", 65536);
    CHECK(decode_one('+' + text + "\r\n").view().text() == text);
    CHECK(error_of('+' + text + "y\r\n") == "line_too_long at 65537");
    CHECK(decode_one(text + "\n", Reads::commands).view()[0].text() == text);
    CHECK(error_of(text + "yy\n", Reads::commands) == "inline_too_long at 65536");
}

TEST_CASE("a string of max_bulk bytes is accepted, and one more byte is an error") {
    const Limits limits{.max_bulk = 8};
    CHECK(decode_one("$8\r\nabcdefgh\r\n", Reads::replies, limits).view().text() == "abcdefgh");
    CHECK(error_of("$9\r\nabcdefghi\r\n", Reads::replies, limits) == "bulk_too_long at 1");
    CHECK(error_of("$10\r\n", Reads::replies, limits) == "bulk_too_long at 2");
    CHECK(error_of("!9\r\n", Reads::replies, limits) == "bulk_too_long at 1");
    CHECK(error_of("=9\r\n", Reads::replies, limits) == "bulk_too_long at 1");
    CHECK(decode_one("=8\r\ntxt:abcd\r\n", Reads::replies, limits).view().text() == "abcd");
    CHECK(error_of("*1\r\n$9\r\n", Reads::commands, limits) == "bulk_too_long at 5");
}

TEST_CASE("a max_bulk of 0 accepts only the empty string") {
    const Limits limits{.max_bulk = 0};
    CHECK(decode_one("$0\r\n\r\n", Reads::replies, limits).view().text() == "");
    CHECK(error_of("$1\r\na\r\n", Reads::replies, limits) == "bulk_too_long at 1");
}

TEST_CASE("the chunks of a streamed string share max_bulk") {
    const Limits limits{.max_bulk = 8};
    CHECK(decode_one("$?\r\n;4\r\nabcd\r\n;4\r\nefgh\r\n;0\r\n", Reads::replies, limits).view().text() ==
          "abcdefgh");
    CHECK(error_of("$?\r\n;4\r\nabcd\r\n;5\r\nefghi\r\n;0\r\n", Reads::replies, limits) ==
          "bulk_too_long at 15");
    CHECK(error_of("$?\r\n;9\r\n", Reads::replies, limits) == "bulk_too_long at 5");
    CHECK(error_of("$?\r\n;8\r\nabcdefgh\r\n;1\r\n", Reads::replies, limits) == "bulk_too_long at 19");
}

TEST_CASE("a string has at most 512 MiB by default") {
    CHECK(decode("$536870912\r\n").incomplete);
    CHECK(error_of("$536870913\r\n") == "bulk_too_long at 9");
    CHECK(decode("*1\r\n$536870912\r\n", Reads::commands).incomplete);
    CHECK(error_of("*1\r\n$536870913\r\n", Reads::commands) == "bulk_too_long at 13");
}

TEST_CASE("an aggregate of max_elements values or pairs is accepted, and one more is an error") {
    const Limits limits{.max_elements = 2};
    CHECK(decode_one("*2\r\n:1\r\n:2\r\n", Reads::replies, limits).view().size() == 2);
    CHECK(decode_one("%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n", Reads::replies, limits).view().size() == 4);
    CHECK(error_of("*3\r\n", Reads::replies, limits) == "too_many_elements at 1");
    CHECK(error_of("~3\r\n", Reads::replies, limits) == "too_many_elements at 1");
    CHECK(error_of(">3\r\n", Reads::replies, limits) == "too_many_elements at 1");
    CHECK(error_of("%3\r\n", Reads::replies, limits) == "too_many_elements at 1");
    CHECK(error_of("|3\r\n", Reads::replies, limits) == "too_many_elements at 1");
    CHECK(error_of("*10\r\n", Reads::replies, limits) == "too_many_elements at 2");
    CHECK(error_of("*3\r\n", Reads::commands, limits) == "too_many_elements at 1");
}

TEST_CASE("a streamed aggregate has at most max_elements values or pairs") {
    const Limits limits{.max_elements = 2};
    CHECK(decode_one("*?\r\n:1\r\n:2\r\n.\r\n", Reads::replies, limits).view().size() == 2);
    CHECK(error_of("*?\r\n:1\r\n:2\r\n:3\r\n.\r\n", Reads::replies, limits) == "too_many_elements at 12");
    CHECK(decode_one("%?\r\n:1\r\n:2\r\n:3\r\n:4\r\n.\r\n", Reads::replies, limits).view().size() == 4);
    CHECK(error_of("%?\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n", Reads::replies, limits) ==
          "too_many_elements at 20");
}

TEST_CASE("an aggregate has at most 1048576 elements by default") {
    CHECK(decode("*1048576\r\n").incomplete);
    CHECK(error_of("*1048577\r\n") == "too_many_elements at 7");
    CHECK(error_of("*1048577\r\n", Reads::commands) == "too_many_elements at 7");
    CHECK(decode("%1048576\r\n").incomplete);
    CHECK(error_of("%1048577\r\n") == "too_many_elements at 7");
}

TEST_CASE("the ceilings apply if the limits are higher") {
    const Limits limits{.max_elements = SIZE_MAX, .max_depth = SIZE_MAX};
    CHECK(decode("*2147483647\r\n", Reads::replies, limits).incomplete);
    CHECK(error_of("*2147483648\r\n", Reads::replies, limits) == "too_many_elements at 10");
    CHECK(decode("|2147483647\r\n", Reads::replies, limits).incomplete);
    CHECK(decode(repeat("*1\r\n", 1024), Reads::replies, limits).incomplete);
    CHECK(error_of(repeat("*1\r\n", 1025), Reads::replies, limits) == "too_deep at 4096");
}

TEST_CASE("a header of more than 24 bytes is an error at a fixed byte however it is cut") {
    // The widest limits. Only the number itself bounds the header.
    const Limits wide{.max_bulk = SIZE_MAX, .max_elements = SIZE_MAX, .max_frame = SIZE_MAX};
    const std::string digits(23, '1');
    const auto error = [&](const std::string& bytes) {
        return error_of(bytes + "\r\n", Reads::replies, wide);
    };
    CHECK(error("$" + digits) == "bulk_too_long at 21");
    CHECK(error("!" + digits) == "bulk_too_long at 21");
    CHECK(error("=" + digits) == "bulk_too_long at 21");
    CHECK(error("$?\r\n;" + digits) == "bulk_too_long at 25");
    CHECK(error(":" + digits) == "bad_integer at 20");
    CHECK(error(":-" + digits) == "bad_integer at 21");
    CHECK(error(":+" + digits) == "bad_integer at 21");
    for (const std::string type : {"*", "~", "%", "|", ">"}) {
        CAPTURE(type);
        CHECK(error(type + digits) == "too_many_elements at 11");
    }
    // Leading zeros do not make a header longer.
    CHECK(error("$" + std::string(23, '0')) == "bad_length at 2");
    CHECK(error("*" + std::string(23, '0')) == "bad_count at 2");
    CHECK(error(":" + std::string(23, '0')) == "bad_integer at 2");
    CHECK(error(":-" + std::string(23, '0')) == "bad_integer at 2");
    CHECK(error_of("*1\r\n$" + digits + "\r\n", Reads::commands, wide) == "bulk_too_long at 25");
}

TEST_CASE("a decoder accepts the longest headers and reads them again from their type byte if they are cut") {
    const Limits wide{.max_bulk = SIZE_MAX, .max_frame = SIZE_MAX};
    for (const std::string header :
         {"$18446744073709551615\r\n", ":-9223372036854775808\r\n", ":+9223372036854775807\r\n"}) {
        CAPTURE(header);
        CHECK(header.size() <= resp::wire::longest_header);
        CHECK(error_of(header, Reads::replies, wide) == "none");
        for (std::size_t cut = 0; cut != header.size(); ++cut) {
            resp::Tokenizer tokenizer{wide};
            tokenizer.feed(std::string_view{header}.substr(0, cut));
            CHECK_FALSE(tokenizer.next());
            CHECK(tokenizer.rest().size() == cut);
        }
    }
}
