// The decoder reads frames ahead. Nothing of that is visible from outside.
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/value.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/feed.hpp"
#include "support/pieces.hpp"

using resp::Decoder;
using resp::Reads;
using support::error_of;
using support::receive;
using support::repeat;

namespace {

std::string number(int i) { return ":" + std::to_string(i) + "\r\n"; }

std::vector<std::string> rest(Decoder& decoder) {
    std::vector<std::string> frames;
    while (const auto frame = decoder.next()) frames.emplace_back(frame->wire());
    return frames;
}

}  // namespace

TEST_CASE("offset() and pending() count frame by frame") {
    const std::string bytes = "$1\r\na\r\n*2\r\n:1\r\n$2\r\nbb\r\n+OK\r\n_\r\n";
    Decoder decoder;
    decoder.feed(bytes);
    for (const std::uint64_t offset : {7U, 23U, 28U, 31U}) {
        REQUIRE(decoder.next());
        CHECK(decoder.offset() == offset);
        CHECK(decoder.pending() == bytes.size() - offset);
    }
}

TEST_CASE("an attribute belongs to the frame after it") {
    Decoder decoder;
    decoder.feed(std::string_view{":1\r\n|1\r\n+a\r\n+b\r\n:2\r\n:3\r\n"});
    REQUIRE(decoder.next());
    CHECK(decoder.offset() == 4);
    REQUIRE(decoder.next());
    CHECK(decoder.offset() == 20);
    CHECK(decoder.next()->integer() == 3);
}

TEST_CASE("bytes may be received while complete frames are not returned yet") {
    Decoder decoder;
    receive(decoder, "*1\r\n+a\r\n*2\r\n+b\r\n:7\r\n*2\r\n+cut\r\n*2\r\n:1\r\n");
    CHECK(decoder.next()->wire() == "*1\r\n+a\r\n");
    receive(decoder, ":2\r\n+last\r\n");
    CHECK(decoder.offset() == 8);
    CHECK(rest(decoder) ==
          std::vector<std::string>{"*2\r\n+b\r\n:7\r\n", "*2\r\n+cut\r\n*2\r\n:1\r\n:2\r\n", "+last\r\n"});
    CHECK(decoder.pending() == 0);
}

TEST_CASE("a loan may end while complete frames are not returned yet") {
    Decoder decoder;
    std::string lent = "+a\r\n$3\r\nbcd\r\n*2\r\n:1\r\n:2\r\n*2\r\n:3\r\n";
    decoder.feed(lent);
    CHECK(decoder.next()->text() == "a");
    decoder.release();
    std::fill(lent.begin(), lent.end(), '?');
    CHECK(decoder.next()->text() == "bcd");
    decoder.feed(std::string_view{":4\r\n"});
    CHECK(rest(decoder) == std::vector<std::string>{"*2\r\n:1\r\n:2\r\n", "*2\r\n:3\r\n:4\r\n"});
}

TEST_CASE("more frames than fit into the index are returned in order") {
    std::string bytes;
    for (int i = 0; i != 3000; ++i) bytes += i % 7 == 0 ? "*1\r\n" + number(i) : number(i);
    Decoder decoder;
    decoder.feed(bytes);
    for (int i = 0; i != 3000; ++i) {
        const auto frame = decoder.next();
        REQUIRE(frame);
        REQUIRE((i % 7 == 0 ? (*frame)[0] : *frame).integer() == i);
    }
    CHECK_FALSE(decoder.next());
}

TEST_CASE("an aggregate that is larger than the index is complete after other frames") {
    std::string bytes = number(1) + "*2\r\n" + number(2) + "*1000\r\n";
    for (int i = 0; i != 1000; ++i) bytes += number(i);
    Decoder decoder;
    for (const std::size_t first : {std::size_t{4}, std::size_t{40}, bytes.size() / 2, bytes.size() - 1}) {
        CAPTURE(first);
        decoder.reset();
        receive(decoder, bytes.substr(0, first));
        CHECK(decoder.next()->integer() == 1);
        CHECK_FALSE(decoder.next());
        receive(decoder, bytes.substr(first));
        const auto frame = decoder.next();
        REQUIRE(frame);
        CHECK(frame->wire() == bytes.substr(4));
        CHECK((*frame)[1].size() == 1000);
        CHECK((*frame)[1][999].integer() == 999);
        CHECK_FALSE(decoder.next());
    }
}

TEST_CASE("frames after one that needs the tokenizer are found") {
    Decoder decoder{resp::Limits{}, Reads::anything};
    decoder.feed(
        std::string_view{"+a\r\nGET \"k 1\" v\r\n$?\r\n;2\r\nxy\r\n;0\r\nSET k  v \r\n+b\r\n\nQUIT\n:1\r\n"});
    CHECK(decoder.next()->text() == "a");
    CHECK((*decoder.next())[1].text() == "k 1");
    CHECK(decoder.next()->text() == "xy");
    const auto line = decoder.next();
    CHECK(line->wire() == "SET k  v \r\n");
    CHECK(line->size() == 3);
    CHECK((*line)[2].text() == "v");
    CHECK(decoder.next()->text() == "b");
    CHECK(decoder.next()->wire() == "QUIT\n");
    CHECK(decoder.next()->integer() == 1);
    CHECK_FALSE(decoder.next());
}

TEST_CASE("frames before an error are returned, then the error with its offset") {
    Decoder decoder;
    decoder.feed(std::string_view{":1\r\n:2\r\n:3\r\n*2\r\n:4\r\n:x\r\n"});
    CHECK(rest(decoder).size() == 3);
    REQUIRE(decoder.error());
    CHECK(decoder.error()->offset == 21);
    CHECK(decoder.offset() == 12);
}

TEST_CASE("an error after frames that were read ahead is set only after they are returned") {
    Decoder decoder;
    decoder.feed(std::string_view{":1\r\n:2\r\n?"});
    CHECK(decoder.next());
    CHECK_FALSE(decoder.error());
    CHECK(decoder.next());
    CHECK_FALSE(decoder.error());
    CHECK_FALSE(decoder.next());
    CHECK(decoder.error());
}

TEST_CASE("inline lines that differ slightly from the common form are read correctly") {
    const auto words = [](std::string_view line) {
        Decoder decoder{resp::Limits{}, Reads::commands};
        decoder.feed(line);
        std::vector<std::string> found;
        if (const auto frame = decoder.next()) {
            for (const resp::View word : *frame) found.emplace_back(word.text());
        }
        return found;
    };
    using Words = std::vector<std::string>;
    CHECK(words("a b\tc\r\n") == Words{"a", "b", "c"});
    CHECK(words("a\rb\n") == Words{"a", "b"});
    CHECK(words("a \r\r\n") == Words{"a"});
    CHECK(words("a 'b c'\n") == Words{"a", "b c"});
    CHECK(words("  a\x80\xff\n") == Words{"a\x80\xff"});
    CHECK(words("a \r") == Words{});
    CHECK(words("\r\n \n a\n") == Words{"a"});
}

TEST_CASE("a frame that differs in one byte from the frame before is read correctly") {
    // Each byte of the fourth frame is changed. The result must be that of a decoder that gets one byte at a
    // time.
    const auto string = [](std::size_t size) {
        return "$" + std::to_string(size) + "\r\n" + std::string(size, '1') + "\r\n";
    };
    const std::string frames[] = {
        "*1\r\n$4\r\nPING\r\n",
        "*2\r\n$3\r\nGET\r\n$2\r\nk1\r\n",
        "*2\r\n:12\r\n+OK\r\n",
        string(10),
        "SET k v\r\n",
        "*1\r\n" + string(40),
        "*1\r\n" + string(53),  // 64 bytes, all of which are compared
        "*1\r\n" + string(54),  // 65: only the bytes before the string, and its CRLF, are compared
        "*2\r\n" + string(4) + string(128),  // the same
        "*2\r\n" + string(48) + string(70),  // the second string begins at byte 64
        "*2\r\n" + string(49) + string(70),  // and here after it
        "*2\r\n" + string(47) + string(0),
        "*2\r\n" + string(48) + string(0),
        "*2\r\n" + string(70) + ":1\r\n",  // a number after a long string
        "*1\r\n!54\r\n" + std::string(54, '1') + "\r\n",
        "*3\r\n" + string(70) + string(1) + string(70)};
    for (const std::string& frame : frames) {
        for (std::size_t at = 0; at != frame.size(); ++at) {
            for (const char other : {'0', '1', '4', '$', '*', '+', '\r', '\n', ' ', 'x'}) {
                for (const Reads reads : {Reads::anything, Reads::commands}) {
                    std::string changed = frame;
                    changed[at] = other;
                    CAPTURE(frame, at, other);
                    const std::string bytes = frame + frame + frame + changed + frame;
                    Decoder whole{resp::Limits{}, reads};
                    whole.feed(bytes);
                    const std::vector<std::string> found = rest(whole);
                    Decoder alone{resp::Limits{}, reads};
                    std::vector<std::string> expected;
                    for (const char& byte : bytes) {
                        alone.feed({&byte, 1});
                        for (std::string& one : rest(alone)) expected.push_back(std::move(one));
                    }
                    REQUIRE(found == expected);
                    REQUIRE(whole.error().has_value() == alone.error().has_value());
                    if (!whole.error()) continue;
                    REQUIRE(whole.error()->offset == alone.error()->offset);
                    REQUIRE(whole.error()->code == alone.error()->code);
                }
            }
        }
    }
}

TEST_CASE("repeated frames have their own content") {
    std::string bytes;
    for (int i = 1000; i != 1500; ++i) {
        bytes += "*3\r\n$3\r\nSET\r\n$4\r\n" + std::to_string(i) + "\r\n$0\r\n\r\n";
    }
    Decoder decoder{resp::Limits{}, Reads::commands};
    for (const std::size_t cut : {bytes.size(), std::size_t{1000}, std::size_t{77}}) {
        decoder.reset();
        int expected = 1000;
        for (std::size_t at = 0; at < bytes.size(); at += cut) {
            receive(decoder, bytes.substr(at, cut));
            while (const auto frame = decoder.next()) {
                REQUIRE(frame->size() == 3);
                REQUIRE((*frame)[0].text() == "SET");
                REQUIRE((*frame)[1].text() == std::to_string(expected++));
                REQUIRE((*frame)[2].text().empty());
            }
        }
        CHECK(expected == 1500);
    }
}

TEST_CASE("a command is no repeat of the one before it if any byte of its framing differs") {
    // The last frame differs in its second word of eight bytes, where a wrong place in the frame before it has
    // the same bytes.
    const std::string word = "*1\r\n$6\r\nfoobar\r\n";
    CHECK(error_of(word + word + "*1\r\n$6\r\nfoobarXY", Reads::commands) == "bad_terminator at 46");
    const std::string two = "*2\r\n$1\r\na\r\n$7\r\nhhXXXXX\r\n";
    const std::string wrong = "*2\r\n$1\r\naXXXXX\raaaaaaa\nh";
    REQUIRE(two.size() == 24);
    REQUIRE(wrong.size() == 24);
    CHECK(error_of(two + two + wrong, Reads::commands) == "bad_terminator at 57");
}

TEST_CASE("a changed byte anywhere in the third of three equal commands is found") {
    for (std::size_t size = 1; size <= 70; ++size) {
        const std::string text(size, 'x');
        const std::string one = "*2\r\n$1\r\nk\r\n$" + std::to_string(size) + "\r\n" + text + "\r\n";
        for (std::size_t at = 0; at != one.size(); ++at) {
            std::string bytes = one + one + one;
            bytes[2 * one.size() + at] = '7';
            resp::Decoder whole{{}, Reads::commands};
            whole.feed(bytes);
            resp::Decoder cut{{}, Reads::commands};
            std::size_t frames = 0;
            while (whole.next()) ++frames;
            for (const char& byte : bytes) {
                receive(cut, {&byte, 1});
                while (cut.next()) --frames;
            }
            if (frames != 0 || whole.error() != cut.error() || whole.offset() != cut.offset())
                FAIL("byte " << at << " of " << one);
        }
    }
}

TEST_CASE("an inline line of more words than the index has room for is read") {
    for (const std::size_t words : {509, 510, 511, 512, 513, 765, 766, 767, 768, 5000}) {
        CAPTURE(words);
        const std::string line = repeat("ab ", words) + "\r\n";
        resp::Decoder decoder{{}, Reads::commands};
        decoder.feed(line);
        const auto frame = decoder.next();
        REQUIRE(frame);
        CHECK(frame->size() == words);
        CHECK(frame->wire() == line);
        CHECK((*frame)[words - 1].text() == "ab");
    }
}
