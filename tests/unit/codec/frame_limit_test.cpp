// Limits::max_frame, the limit of a whole frame. Cuts do not change the error.
#include <libresp/codec/decoder.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Limits;
using resp::Reads;
using support::decode;
using support::decode_one;
using support::error_of;

TEST_CASE("a frame of max_frame bytes is accepted, and one more byte is an error") {
    CHECK(decode_one("$5\r\nhello\r\n", Reads::replies, Limits{.max_frame = 11}).view().text() == "hello");
    CHECK(error_of("$5\r\nhello\r\n", Reads::replies, Limits{.max_frame = 10}) == "frame_too_long at 10");
    CHECK(error_of("$5\r\nhello\r\n", Reads::replies, Limits{.max_frame = 3}) == "frame_too_long at 3");
    CHECK(error_of("+OK\r\n", Reads::replies, Limits{.max_frame = 4}) == "frame_too_long at 4");
    CHECK(error_of(":1\r\n", Reads::replies, Limits{.max_frame = 0}) == "frame_too_long at 0");
}

TEST_CASE("max_frame bytes of an incomplete frame are no error") {
    CHECK(decode("$5\r\nhello\r", Reads::replies, Limits{.max_frame = 10}).incomplete);
    CHECK(decode("*2\r\n:1\r\n", Reads::replies, Limits{.max_frame = 8}).incomplete);
}

TEST_CASE("the limit applies to each frame alone") {
    const Limits limits{.max_frame = 5};
    CHECK(decode("+OK\r\n+OK\r\n+OK\r\n", Reads::replies, limits).frames.size() == 3);
    const support::Outcome outcome = decode("+OK\r\n+OKAY\r\n", Reads::replies, limits);
    CHECK(outcome.frames.size() == 1);
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == resp::Errc::frame_too_long);
    CHECK(outcome.error->offset == 10);
}

TEST_CASE("the limit counts an aggregate with all its values, and attributes") {
    CHECK(decode_one("*2\r\n:1\r\n:2\r\n", Reads::replies, Limits{.max_frame = 12}).view().size() == 2);
    CHECK(error_of("*2\r\n:1\r\n:2\r\n", Reads::replies, Limits{.max_frame = 11}) == "frame_too_long at 11");
    CHECK(error_of("|1\r\n+a\r\n+b\r\n:1\r\n", Reads::replies, Limits{.max_frame = 15}) ==
          "frame_too_long at 15");
    CHECK(error_of("*?\r\n:1\r\n:2\r\n:3\r\n", Reads::replies, Limits{.max_frame = 13}) ==
          "frame_too_long at 13");
    CHECK(error_of("$?\r\n;1\r\na\r\n;1\r\nb\r\n", Reads::replies, Limits{.max_frame = 13}) ==
          "frame_too_long at 13");
}

TEST_CASE("an error before the limit is reported, not the limit") {
    CHECK(error_of("*2\r\n:1\r\nx2\r\n", Reads::replies, Limits{.max_frame = 9}) == "bad_type at 8");
    CHECK(error_of("*2\r\n:1\r\nx2\r\n", Reads::replies, Limits{.max_frame = 8}) == "frame_too_long at 8");
}

TEST_CASE("the limit applies to commands and inline lines") {
    CHECK(decode_one("PING\r\n", Reads::commands, Limits{.max_frame = 6}).view().size() == 1);
    CHECK(error_of("PING\r\n", Reads::commands, Limits{.max_frame = 5}) == "frame_too_long at 5");
    CHECK(error_of("*1\r\n$4\r\nPING\r\n", Reads::commands, Limits{.max_frame = 13}) ==
          "frame_too_long at 13");
}

TEST_CASE("requests that are skipped do not count towards the next frame") {
    const support::Outcome outcome =
        decode("\r\n\r\n*0\r\n*-1\r\nPING\n", Reads::commands, Limits{.max_frame = 5});
    CHECK(outcome.frames.size() == 1);
    CHECK_FALSE(outcome.error);
}
