// The memory of a decoder grows with the bytes that are received, never with an announced length.
#include <libresp/codec/decoder.hpp>

#include <algorithm>
#include <string>

#include "support/catch.hpp"
#include "support/describe.hpp"
#include "support/pieces.hpp"

using resp::Decoder;
using resp::Limits;
using resp::Reads;
using support::repeat;

namespace {

constexpr std::size_t page = 64 * 1024;
constexpr Limits wide{
    .max_bulk = SIZE_MAX, .max_elements = SIZE_MAX, .max_depth = SIZE_MAX, .max_frame = SIZE_MAX};

/// The most memory that a decoder holds while it receives the bytes in pieces, lent or into its room.
std::size_t held(std::string_view bytes, bool lent, std::size_t piece, Reads reads = Reads::replies) {
    Decoder decoder{wide, reads};
    std::size_t most = 0;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::string_view part = bytes.substr(at, piece);
        lent ? decoder.feed(part) : support::receive(decoder, part);
        while (decoder.next()) {
        }
        if (lent) decoder.release();
        most = std::max(most, decoder.memory());
    }
    return most;
}

void require_honest(std::string_view bytes, Reads reads = Reads::replies) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
        for (const bool lent : {false, true}) {
            CAPTURE(bytes.substr(0, 40), piece, lent);
            CHECK(held(bytes, lent, piece, reads) <= page + 2 * bytes.size());
        }
    }
}

}  // namespace

TEST_CASE("a new decoder holds almost no memory") { CHECK(Decoder{}.memory() <= 64); }

TEST_CASE("no announced length of a string allocates") {
    require_honest("$536870912\r\nabc");
    require_honest("$9223372036854775807\r\n");
    require_honest("!9223372036854775807\r\nabc");
    require_honest("=9223372036854775807\r\ntxt:");
    require_honest("$?\r\n;9223372036854775807\r\nabc");
    require_honest("*2\r\n$4\r\nECHO\r\n$536870912\r\nabc", Reads::commands);
}

TEST_CASE("no announced count of an aggregate allocates") {
    for (const char* const type : {"*", "~", "%", "|", ">"}) {
        require_honest(type + std::string{"2147483647\r\n"});
        require_honest(type + std::string{"1048576\r\n:1\r\n"});
    }
    require_honest("*2147483647\r\n$1\r\na\r\n", Reads::commands);
}

TEST_CASE("nested counts do not multiply") {
    require_honest(repeat("*1048576\r\n", 128));
    require_honest(repeat("%1048576\r\n+k\r\n", 128));
    require_honest(repeat("|1048576\r\n", 128));
    require_honest(repeat("*?\r\n", 128));
}

TEST_CASE("many small chunks take at most twice their bytes") {
    require_honest("$?\r\n" + repeat(";1\r\nx\r\n", 5000));
    require_honest(repeat("$?\r\n;0\r\n", 5000));
}

TEST_CASE("large chunks take at most four times their bytes: twice as sent and twice joined") {
    const std::string chunk = ";65536\r\n" + repeat("x", 65536) + "\r\n";
    for (const bool lent : {false, true}) {
        const std::string bytes = "$?\r\n" + repeat(chunk, 17);
        CAPTURE(lent);
        CHECK(held(bytes, lent, 16'384) <= page + 4 * bytes.size());
    }
}

TEST_CASE("a bulk string takes at most twice its bytes") {
    const std::string bytes = "$1100000\r\n" + repeat("x", 1'100'000);
    CHECK(held(bytes, false, 16'384) <= page + 2 * bytes.size());
    CHECK(held(bytes, true, 16'384) <= page + 2 * bytes.size());
}

TEST_CASE("a string at the end of a frame takes memory only once, even if its length is a power of two") {
    const std::string bytes = "*2\r\n$3\r\nSET\r\n$1048576\r\n" + repeat("x", 1'048'576);
    CHECK(held(bytes, false, 16'384) <= page + bytes.size());
    CHECK(held(bytes.substr(bytes.find("$1048576")), false, 16'384) <= page + bytes.size());
}

TEST_CASE("a frame of many large strings grows the buffer only a few times") {
    Decoder decoder{wide};
    support::receive(decoder, "*1000\r\n");
    int moves = 0;
    std::size_t memory = 0;
    for (int i = 0; i != 1000; ++i) {
        for (const std::string& part :
             {std::string{"$20000\r\n"}, std::string(10'000, 'x'), std::string(10'000, 'x') + "\r\n"}) {
            support::receive(decoder, part);
            static_cast<void>(decoder.next());
            if (decoder.memory() != memory) ++moves;
            memory = decoder.memory();
        }
    }
    CHECK(moves <= 30);  // moves of the bytes or of the index
}

TEST_CASE("shrink() keeps only the bytes that were not taken, and decoding continues with them") {
    const std::string large = "$1000000\r\n" + repeat("x", 1'000'000) + "\r\n";
    const std::string small = "$5\r\nhello\r\n";
    const std::string array = "*2\r\n" + small + small;
    const std::string bytes = small + array.substr(0, 9);
    for (const bool lent : {false, true}) {
        for (const bool reads_ahead : {false, true}) {
            CAPTURE(lent, reads_ahead);
            Decoder decoder;
            support::receive(decoder, reads_ahead ? large + small : large);
            CHECK(decoder.next());
            lent ? decoder.feed(bytes) : support::receive(decoder, bytes);
            const std::uint64_t offset = decoder.offset();
            const std::size_t pending = decoder.pending();
            REQUIRE(decoder.memory() >= large.size());
            decoder.shrink(64 * 1024);
            CHECK(decoder.memory() <= 8 * 1024);
            CHECK(decoder.offset() == offset);
            CHECK(decoder.pending() == pending);
            for (int i = reads_ahead ? 0 : 1; i != 2; ++i) CHECK(decoder.next()->text() == "hello");
            CHECK_FALSE(decoder.next());
            decoder.shrink(0);
            support::receive(decoder, array.substr(9));
            CHECK(decoder.next()->size() == 2);
            CHECK(decoder.offset() == offset + pending + array.size() - 9);
            CHECK(decoder.pending() == 0);
        }
    }
}

TEST_CASE("shrink() frees the index of a frame that was returned, and of one that is incomplete") {
    const std::string wide_array = "*50000\r\n" + repeat(":1\r\n", 50'000);
    Decoder decoder;
    support::receive(decoder, wide_array);
    CHECK(decoder.next()->size() == 50'000);
    support::receive(decoder, "*2\r\n:1\r\n");
    CHECK_FALSE(decoder.next());
    CHECK(decoder.memory() >= 50'000 * 16);
    decoder.shrink(64 * 1024);
    CHECK(decoder.memory() <= 8 * 1024);
    support::receive(decoder, ":2\r\n" + wide_array.substr(0, wide_array.size() - 1));
    CHECK(decoder.next()->size() == 2);
    CHECK_FALSE(decoder.next());
    CHECK(decoder.memory() >= 50'000 * 16);
    decoder.shrink(0);
    CHECK(decoder.memory() <= wide_array.size() + 256);
    support::receive(decoder, "\n");
    CHECK(decoder.next()->size() == 50'000);
}

TEST_CASE("shrink() and reset() free the room for deep levels") {
    Decoder decoder{wide};
    support::receive(decoder, repeat("*1\r\n", 128) + ":1\r\n" + repeat("*1\r\n", 20));
    CHECK(decoder.next());
    CHECK_FALSE(decoder.next());
    const std::size_t memory = decoder.memory();
    decoder.shrink(0);
    CHECK(decoder.memory() <= 256);
    CHECK_FALSE(decoder.next());
    support::receive(decoder, ":7\r\n");
    CHECK(decoder.next());
    CHECK(decoder.memory() < memory);
    decoder.reset(0, 0);
    CHECK(decoder.memory() == 0);
}

TEST_CASE("a long line grows the buffer only a few times") {
    Decoder decoder{{.max_line = 1 << 22}};
    support::receive(decoder, "+");
    int moves = 0;
    std::size_t memory = 0;
    for (int i = 0; i != 2'000; ++i) {
        support::receive(decoder, std::string(1'000, 'x'));
        CHECK_FALSE(decoder.next());
        if (decoder.memory() != memory) ++moves;
        memory = decoder.memory();
    }
    CHECK(moves <= 20);
}

TEST_CASE("shrink() ends the loan also if it frees nothing") {
    Decoder decoder;
    std::string bytes = ":1\r\n:2\r\n$5\r\nhe";
    decoder.feed(bytes);
    CHECK(decoder.next()->integer() == 1);
    decoder.shrink(1'000'000);
    bytes.assign(bytes.size(), 'x');
    CHECK(decoder.next()->integer() == 2);
    decoder.feed(std::string_view{"llo\r\n"});
    CHECK(decoder.next()->text() == "hello");
}

TEST_CASE("shrink() does nothing if the decoder holds no more than it may keep") {
    Decoder decoder;
    support::receive(decoder, "$5\r\nhello\r\n$5\r\nhel");
    CHECK(decoder.next());
    CHECK_FALSE(decoder.next());
    const std::size_t memory = decoder.memory();
    decoder.shrink(memory);
    CHECK(decoder.memory() == memory);
    decoder.shrink(0);
    CHECK(decoder.memory() < memory);
}

TEST_CASE("after decoding lent bytes, a decoder holds only the index") {
    CHECK(held("$5\r\nhello\r\n" + repeat("$3\r\nabc\r\n", 100), true, 9) <= 10 * 1024);
}

TEST_CASE("reset() frees memory above the amount to keep") {
    for (const char* const type : {"bulk", "chunk", "array"}) {
        Decoder decoder;
        std::string bytes = "$100000\r\n" + repeat("x", 100'000);
        if (*type == 'c') bytes = "$?\r\n;100000\r\n" + repeat("x", 100'000);
        if (*type == 'a') bytes = "*100000\r\n" + repeat(":1\r\n", 50'000);
        decoder.feed(bytes);
        CHECK_FALSE(decoder.next());
        decoder.release();
        CAPTURE(type);
        CHECK(decoder.memory() >= 100'000);
        decoder.reset(0, 1'000'000'000);
        CHECK(decoder.memory() >= 100'000);
        decoder.reset(0, 1024);
        CHECK(decoder.memory() <= 8 * 1024);
    }
}
