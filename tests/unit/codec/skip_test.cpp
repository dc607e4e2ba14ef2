// What a decoder skips between frames: it counts the bytes, and stops where the caller asks it to.
#include <libresp/codec/decoder.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/feed.hpp"
#include "support/pieces.hpp"

using resp::Decoder;
using resp::Limits;
using resp::Reads;
using support::decode;
using support::error_of;
using support::receive;
using support::repeat;

namespace {

constexpr std::string_view ping = "*1\r\n$4\r\nPING\r\n";

/// All that a decoder of commands skips.
const std::vector<std::string> skipped_commands = {"\n",
                                                   "\r\n",
                                                   " \n",
                                                   "\t\v\f \r\r\n",
                                                   "*0\r\n",
                                                   "*-1\r\n",
                                                   "*-10\r\n",
                                                   "*-999999999999999999\r\n",
                                                   "*-9223372036854775808\r\n"};

/// How far next(skip_end) goes in the bytes, and what it has skipped then.
struct Stop {
    bool found;
    std::uint64_t offset;
    std::uint64_t skipped;
    bool operator==(const Stop&) const = default;
};

Stop stop(std::string_view bytes, std::uint64_t skip_end, Reads reads = Reads::commands,
          const Limits& limits = {}) {
    Decoder decoder{limits, reads};
    decoder.feed(bytes);
    const bool found = decoder.next(skip_end).has_value();
    return {found, decoder.offset(), decoder.skipped()};
}

}  // namespace

TEST_CASE("each form that is skipped is counted, alone and many times, in any pieces") {
    for (const std::string& one : skipped_commands) {
        const std::string bytes = repeat(one, 20);
        CAPTURE(one);
        const support::Outcome outcome = decode(bytes + std::string{ping}, Reads::commands);
        CHECK(outcome.frames.size() == 1);
        CHECK_FALSE(outcome.error);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
            Decoder decoder{{}, Reads::commands};
            for (std::size_t at = 0; at < bytes.size(); at += piece) {
                receive(decoder, std::string_view{bytes}.substr(at, piece));
                CHECK_FALSE(decoder.next());
            }
            CHECK(decoder.skipped() == bytes.size());
            CHECK(decoder.offset() == bytes.size());
            CHECK(decoder.pending() == 0);
            receive(decoder, ping);
            CHECK(decoder.next()->wire() == ping);
            CHECK(decoder.skipped() == bytes.size());
            decoder.shrink(0);
            CHECK(decoder.skipped() == bytes.size());
            Decoder moved{std::move(decoder)};
            CHECK(moved.skipped() == bytes.size());
            moved.reset();
            CHECK(moved.skipped() == 0);
        }
    }
}

TEST_CASE("a request with a negative count is skipped as in Redis, and only plain decimals are counts") {
    CHECK(decode("*-10\r\n" + std::string{ping}, Reads::commands).frames.size() == 1);
    CHECK(error_of("*-0\r\n", Reads::commands) == "bad_count at 2");
    CHECK(error_of("*-01\r\n", Reads::commands) == "bad_count at 2");
    CHECK(error_of("*--1\r\n", Reads::commands) == "bad_count at 2");
    CHECK(error_of("*-1 \r\n", Reads::commands) == "bad_count at 3");
    CHECK(error_of("*-10\n", Reads::commands) == "bad_line at 4");
    CHECK(error_of("*-9223372036854775809\r\n", Reads::commands) == "bad_count at 20");
    CHECK(error_of("*1\r\n*-1\r\n", Reads::commands) == "expected_bulk at 4");
}

TEST_CASE("only a reader of commands accepts a negative count other than -1") {
    for (const Reads reads : {Reads::replies, Reads::anything}) {
        CHECK(error_of("*-10\r\n", reads) == "bad_count at 3");
        CHECK(error_of("*-2\r\n", reads) == "bad_count at 2");
        CHECK(decode("*-1\r\n", reads).frames.size() == 1);
    }
}

TEST_CASE("a reader of anything skips blank lines only, and a reader of replies nothing") {
    CHECK(stop("\n\r\n *0\n", UINT64_MAX, Reads::anything) == Stop{true, 7, 3});
    CHECK(stop("\n\r\n*0\r\n", UINT64_MAX, Reads::anything) == Stop{true, 7, 3});
    CHECK(stop("*-1\r\n", UINT64_MAX, Reads::anything) == Stop{true, 5, 0});
    CHECK(error_of("\n", Reads::replies) == "bad_type at 0");
    CHECK(error_of(" \n", Reads::replies) == "bad_type at 0");
}

TEST_CASE("next() stops skipping at the offset that the caller gives") {
    const std::string lines = repeat("\r\n", 100);
    const std::string bytes = lines + std::string{ping};
    CHECK(stop(bytes, 50) == Stop{false, 50, 50});
    CHECK(stop(bytes, 51) == Stop{false, 52, 52});
    CHECK(stop(bytes, 200) == Stop{false, 200, 200});
    CHECK(stop(bytes, 201) == Stop{true, 214, 200});
    CHECK(stop(bytes, UINT64_MAX) == Stop{true, 214, 200});
    CHECK(stop(repeat("*-10\r\n", 10), 7) == Stop{false, 12, 12});
    CHECK(stop("          \n" + bytes, 1) == Stop{false, 11, 11});
}

TEST_CASE("next() continues where it has stopped, and skips at least one thing each time") {
    for (const std::string& one : skipped_commands) {
        CAPTURE(one);
        const std::string bytes = repeat(one, 5) + std::string{ping};
        Decoder decoder{{}, Reads::commands};
        decoder.feed(bytes);
        for (std::uint64_t i = 1; i <= 5; ++i) {
            CHECK_FALSE(decoder.next(decoder.offset() + 1));
            CHECK(decoder.offset() == i * one.size());
            CHECK(decoder.pending() == bytes.size() - i * one.size());
            CHECK_FALSE(decoder.error());
        }
        CHECK(decoder.next(0)->wire() == ping);  // a frame is returned even after this offset
    }
}

TEST_CASE("next() returns the frames before the offset and after it") {
    const std::string bytes = std::string{ping} + "\n\n" + std::string{ping} + "\n";
    Decoder decoder{{}, Reads::commands};
    decoder.feed(bytes);
    CHECK(decoder.next(3));
    CHECK(decoder.offset() == 14);
    CHECK_FALSE(decoder.next(15));
    CHECK(decoder.offset() == 15);
    CHECK(decoder.next(100));
    CHECK_FALSE(decoder.next());
    CHECK(decoder.skipped() == 3);
    CHECK(decoder.pending() == 0);
}

TEST_CASE("the limits apply to what is skipped") {
    const Limits short_lines{.max_line = 4};
    CHECK(stop("    \n", UINT64_MAX, Reads::commands, short_lines) == Stop{false, 5, 5});
    CHECK(stop("    \r\n", UINT64_MAX, Reads::commands, short_lines) == Stop{false, 6, 6});
    CHECK(error_of("     \n", Reads::commands, short_lines) == "inline_too_long at 4");
    CHECK(error_of("\n    \r \n", Reads::commands, short_lines) == "inline_too_long at 5");
    CHECK(error_of("\n*0\r\n", Reads::commands, {.max_depth = 0}) == "too_deep at 1");
    CHECK(error_of("\n*0\r\n", Reads::commands, {.max_frame = 3}) == "frame_too_long at 4");
    CHECK(error_of("\n  \n", Reads::commands, {.max_line = 2, .max_frame = 2}) == "frame_too_long at 3");
    CHECK(decode("\n*0\r\n \n", Reads::commands, {.max_line = 2, .max_frame = 4}).taken == 7);
}

TEST_CASE("a line of blanks that is cut is not searched again") {
    // 64 KiB byte by byte: searched again from its beginning with each byte, this would take seconds.
    Decoder decoder{{}, Reads::commands};
    for (int i = 0; i != 65'536; ++i) {
        receive(decoder, " ");
        REQUIRE_FALSE(decoder.next());
    }
    receive(decoder, "\n");
    CHECK_FALSE(decoder.next());
    CHECK(decoder.skipped() == 65'537);
}
