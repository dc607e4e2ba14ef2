// A stream that arrives byte by byte. After each byte the decoder reports everything that the bytes so far
// show.
#include <libresp/codec/decoder.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using resp::Decoder;
using resp::Limits;
using resp::Reads;

namespace {

struct Progress {
    int frames = 0;
    std::optional<resp::DecodeError> error;
    bool operator==(const Progress&) const = default;
};

void take(Decoder& decoder, Progress& progress) {
    while (decoder.next()) ++progress.frames;
    progress.error = decoder.error();
}

/// The error that the tokenizer finds if it reads all of `bytes` at once.
std::optional<resp::DecodeError> error_of_tokens(std::string_view bytes, const Limits& limits, Reads reads) {
    resp::Tokenizer tokenizer{limits, reads};
    tokenizer.feed(bytes);
    while (tokenizer.next()) {
    }
    return tokenizer.error();
}

/// Gives the bytes one by one to a decoder. After each one it must report what a decoder reports that got the
/// same bytes at once. Returns the number of bytes until the stream failed, or all of them.
std::size_t bytes_until_error(std::string_view bytes, const Limits& limits, Reads reads) {
    Decoder lent{limits, reads};
    Decoder own{limits, reads};
    Progress of_lent;
    Progress of_own;
    for (std::size_t n = 1; n <= bytes.size(); ++n) {
        INFO("byte " << n << " of " << bytes);
        Decoder whole{limits, reads};
        Progress expected;
        whole.feed(bytes.substr(0, n));
        take(whole, expected);
        if (const auto error = error_of_tokens(bytes.substr(0, n), limits, reads)) {
            CHECK(expected.error == error);
        }

        lent.feed(bytes.substr(n - 1, 1));
        take(lent, of_lent);
        lent.release();
        *own.prepare(1).data() = bytes[n - 1];
        own.commit(1);
        take(own, of_own);
        CHECK(of_lent == expected);
        CHECK(of_own == expected);
        if (expected.error) return n;
    }
    return bytes.size();
}

constexpr std::size_t all = std::string_view::npos;

struct Case {
    std::string_view bytes;
    std::size_t until;  // bytes up to the first wrong byte, that byte included
};

void check(const Case& c, const Limits& limits, Reads reads) {
    INFO(c.bytes);
    CHECK(bytes_until_error(c.bytes, limits, reads) == (c.until == all ? c.bytes.size() : c.until));
}

}  // namespace

TEST_CASE("a wrong byte in a number or header is reported as soon as it is received") {
    const Limits limits{.max_bulk = 1'000, .max_elements = 1'000, .max_depth = 2};
    for (const Case c :
         {Case{"*1\r\n$4\r\nPING\r\n", all}, Case{"*12\r\n$0\r\n\r\n", all}, Case{"*x", 2}, Case{"*1x", 3},
          Case{"*12x", 4}, Case{"*01", 3}, Case{"*1\n", 3}, Case{"*1\rx", 4}, Case{"*1\r\r", 4},
          Case{"*1001", 5}, Case{"*1\r\n$1001", 9}, Case{"*1\r\n$4\r\nPINGx", 13},
          Case{"*1\r\n$4\r\nPING\rx", 14}, Case{"*1\r\n$-", 6}}) {
        check(c, limits, Reads::commands);
    }
    for (const Case c :
         {Case{":1\r\n:-12\r\n:123456789012345678\r\n", all}, Case{":1x", 3}, Case{":12345678x", 10},
          Case{":01", 3}, Case{":-0", 3}, Case{":", all}, Case{":\r", 2}, Case{":9223372036854775808", 20},
          Case{"*2\r\n:1\r\n*1\r\n*1", 14}, Case{"*2\r\n:1\r\n*1\r\n:1\r\n", all}, Case{"$12\rx", 5}}) {
        check(c, limits, Reads::replies);
    }
}

TEST_CASE("a limit that is exceeded is reported as soon as the byte over it is received") {
    for (const Case c : {Case{"*1\r\n$6", 6}, Case{"*6", 2}, Case{"*1\r\n$5\r\nhello\r\n", all}}) {
        check(c, {.max_bulk = 5, .max_elements = 5}, Reads::commands);
    }
    check({"*", 1}, {.max_depth = 0}, Reads::replies);
    // The limit of a frame ends within a body, its CRLF, or a header.
    for (const std::size_t most : {6, 9, 11, 13, 14, 15}) {
        check({"*1\r\n$5\r\nhello\r\n", most < 15 ? most + 1 : all}, {.max_frame = most}, Reads::replies);
    }
    // It ends within a number, a text, or an inline line.
    for (const std::size_t most : {1, 2, 5, 6, 7, 8}) {
        check({"*1\r\n:123\r\n", most + 1}, {.max_frame = most}, Reads::replies);
        check({":1234\r\n", most < 7 ? most + 1 : all}, {.max_frame = most}, Reads::replies);
        check({"+text\r\n", most < 7 ? most + 1 : all}, {.max_frame = most}, Reads::replies);
        check({"words\r\n", most < 7 ? most + 1 : all}, {.max_frame = most}, Reads::commands);
    }
    // A length or count is over its limit.
    for (const std::size_t most : {0, 8, 9, 99, 998, 999, 1'000, 9'998}) {
        const std::string over = "$" + std::to_string(most + 1) + "0";
        const Limits limits{.max_bulk = most, .max_elements = most};
        check({over, over.size() - 1}, limits, Reads::replies);
        check({"*" + over.substr(1), over.size() - 1}, limits, Reads::replies);
    }
}

TEST_CASE("one element too many in a streamed aggregate is reported at its first byte") {
    for (const std::string_view element : {":1\r\n", "$1\r\na\r\n", "*1\r\n:1\r\n"}) {
        std::string bytes = "*?\r\n";
        for (int i = 0; i != 100; ++i) bytes += ":1\r\n";
        const std::size_t good = bytes.size();
        bytes += element;
        check({bytes, good + 1}, {.max_elements = 100}, Reads::replies);
    }
}

TEST_CASE("a value with one changed byte gives the same result byte by byte as in one piece") {
    const std::string others = "\r\n0159-+.:eEtx \"_";
    for (const std::string_view value : {":0\r\n",
                                         ":-7\r\n",
                                         ":120\r\n",
                                         ":123456789012345678\r\n",
                                         ":-9223372036854775808\r\n",
                                         ",0\r\n",
                                         ",-1.25\r\n",
                                         ",10e-2\r\n",
                                         ",inf\r\n",
                                         "(0\r\n",
                                         "(-123\r\n",
                                         "+\r\n",
                                         "+OK\r\n",
                                         "-ERR no\r\n",
                                         "_\r\n",
                                         "#t\r\n",
                                         "!2\r\nno\r\n",
                                         "=5\r\ntxt:a\r\n",
                                         "$0\r\n\r\n",
                                         "$3\r\n\r\n1\r\n",
                                         "$4\r\n\n12\r\r\n",
                                         "$-1\r\n",
                                         "*-1\r\n",
                                         "%1\r\n+a\r\n:1\r\n",
                                         "~1\r\n_\r\n",
                                         ">1\r\n+a\r\n",
                                         "|1\r\n+a\r\n_\r\n:1\r\n",
                                         "*1\r\n>1\r\n_\r\n",
                                         "$?\r\n;1\r\na\r\n;0\r\n",
                                         "*?\r\n:1\r\n.\r\n"}) {
        for (std::size_t at = 0; at != value.size(); ++at) {
            for (const char other : others) {
                std::string bytes{value};
                bytes[at] = other;
                bytes += ":1\r\n";
                bytes_until_error(bytes, {}, Reads::replies);
                bytes_until_error(bytes, {}, Reads::anything);
            }
        }
    }
    for (const std::string_view request :
         {"PING\r\n", "a \"b\" 'c'\n", "\r\n", "*-1\r\n", "*1\r\n$1\r\na\r\n"}) {
        for (std::size_t at = 0; at != request.size(); ++at) {
            for (const char other : others) {
                std::string bytes{request};
                bytes[at] = other;
                bytes_until_error(bytes + "a\r\n", {}, Reads::commands);
            }
        }
    }
}

TEST_CASE("a wrong byte is reported at once if more bytes arrive with it") {
    for (const std::string_view bytes :
         {":12x34", ":12\r34", ":-x1", ",1x2", "(1x2", "+a\nb", "+a\rb", "$1x2", "*1x2"}) {
        for (std::size_t cut = 1; cut != bytes.size(); ++cut) {
            INFO(bytes << " cut at " << cut);
            Decoder whole;
            Progress expected;
            whole.feed(bytes);
            take(whole, expected);
            REQUIRE(expected.error);
            Decoder decoder;
            Progress progress;
            decoder.feed(bytes.substr(0, cut));
            take(decoder, progress);
            CHECK(progress.error == error_of_tokens(bytes.substr(0, cut), {}, Reads::replies));
            decoder.feed(bytes.substr(cut));
            take(decoder, progress);
            CHECK(progress == expected);
        }
    }
}

TEST_CASE("a decoder forgets a cut value when the value is complete or reset() is called") {
    // Each piece is in a block of exactly its size, so that a read after it is seen.
    const auto frames_of = [](Decoder& decoder, std::string_view piece) {
        const std::vector<char> bytes{piece.begin(), piece.end()};
        decoder.feed(bytes);
        int frames = 0;
        while (decoder.next()) ++frames;
        decoder.release();
        return frames;
    };
    Decoder decoder;
    CHECK(frames_of(decoder, "+OK\r") == 0);
    CHECK(frames_of(decoder, "\n+A") == 1);
    CHECK(frames_of(decoder, "B\r\n") == 1);
    CHECK(frames_of(decoder, "+0123456789") == 0);
    decoder.reset();
    CHECK(frames_of(decoder, "+O") == 0);
    CHECK(frames_of(decoder, "K\r\n") == 1);
    CHECK_FALSE(decoder.error());
}

TEST_CASE("a line that is too long is reported at the first byte over the limit") {
    for (const std::string type : {"+", "-", "("}) {
        const std::string too_long = type + "123456";
        const std::string whole = type + "12345\r\n";
        check({too_long, 7}, {.max_line = 5}, Reads::replies);
        check({whole, all}, {.max_line = 5}, Reads::replies);
    }
    for (const Reads reads : {Reads::commands, Reads::anything}) {
        check({"123456", 6}, {.max_line = 5}, reads);
        check({"12345\r\n", all}, {.max_line = 5}, reads);
    }
}
