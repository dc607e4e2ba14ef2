// pause_above(): a decoder stops before a long word of a command, and its caller decides what becomes of it.
#include <libresp/codec/decoder.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using resp::Decoder;
using resp::Errc;
using resp::Reads;

namespace {

const std::string before = "*4\r\n$3\r\nSET\r\n$3\r\nkey\r\n";
const std::string word = "01234567890123456789";
const std::string after = "$2\r\nEX\r\n";
const std::string whole_frame = before + "$20\r\n" + word + "\r\n" + after;
constexpr std::size_t above = 10;

Decoder pausing(std::size_t max_bulk = 1000, std::uint64_t most = 1000) {
    Decoder decoder{{.max_bulk = max_bulk}, Reads::commands};
    decoder.pause_above(above, most);
    return decoder;
}

/// Feeds the bytes in pieces until the decoder pauses. Returns the offset of the first byte that was not fed.
std::size_t feed_until_paused(Decoder& decoder, std::string_view bytes, std::size_t piece) {
    for (std::size_t at = 0; at != bytes.size();) {
        const std::string_view next = bytes.substr(at, piece);
        decoder.feed(next);
        at += next.size();
        REQUIRE_FALSE(decoder.next());
        if (decoder.paused() != 0) return at;
        REQUIRE_FALSE(decoder.error());
        decoder.release();
    }
    return bytes.size();
}

std::string joined(const resp::Command& words) {
    std::string text;
    for (const std::string_view each : words) text += std::string{each} + ' ';
    return text;
}

}  // namespace

TEST_CASE("a decoder pauses before a long word, wherever the input is cut") {
    const auto piece = GENERATE(range(std::size_t{1}, std::size_t{70}));
    CAPTURE(piece);
    Decoder decoder = pausing();
    std::size_t at = feed_until_paused(decoder, whole_frame, piece);
    REQUIRE(decoder.paused() == word.size());
    CHECK(joined(decoder.words_before()) == "SET key ");
    CHECK(joined(decoder.words_before()) == "SET key ");
    CHECK_FALSE(decoder.next());
    CHECK(decoder.paused() == word.size());
    SECTION("resume() keeps the word like any other") {
        decoder.resume();
        std::optional<resp::View> command = decoder.next();
        while (!command) {
            REQUIRE(at != whole_frame.size());
            REQUIRE(decoder.paused() == 0);
            decoder.feed(std::string_view{whole_frame}.substr(at++, 1));
            command = decoder.next();
        }
        CHECK(joined(resp::Command{*command}) == "SET key " + word + " EX ");
        CHECK(command->wire() == whole_frame);
        CHECK(decoder.offset() == whole_frame.size());
    }
    SECTION("cut() hands over the rest of the stream") {
        Decoder::Cut cut = decoder.cut();
        CHECK(cut.before == before);
        CHECK(cut.words_left == 2);
        const std::string rest = std::string{cut.unread} + whole_frame.substr(at);
        cut.rest.resume(word.size());
        cut.rest.feed(rest);
        const auto token = cut.rest.next();
        REQUIRE(token);
        CHECK(token->text == word);
        CHECK(token->offset == before.size());
        const auto last = cut.rest.next();
        REQUIRE(last);
        CHECK(last->text == "EX");
        CHECK(last->ends_frame());
        CHECK(cut.rest.offset() == whole_frame.size());
        decoder.reset();
        decoder.feed("*1\r\n$4\r\nPING\r\n");
        CHECK(decoder.next());
    }
}

TEST_CASE("a decoder pauses again at the next long word") {
    Decoder decoder = pausing();
    const std::string two = "*2\r\n$11\r\n01234567890\r\n$12\r\n012345678901\r\n*1\r\n$11\r\n01234567890\r\n";
    decoder.feed(two);
    for (const std::uint64_t size : {11U, 12U}) {
        CHECK_FALSE(decoder.next());
        CHECK(decoder.paused() == size);
        decoder.resume();
    }
    const auto command = decoder.next();
    REQUIRE(command);
    CHECK(resp::Command{*command}[1] == "012345678901");
    CHECK_FALSE(decoder.next());
    CHECK(decoder.paused() == 11);
    CHECK(decoder.words_before().empty());
}

TEST_CASE("a decoder that pauses reports the same errors at the same bytes") {
    struct Case {
        std::string bytes;
        std::size_t max_bulk;
    };
    const std::vector<Case> cases = {
        {before + "$20\r\n", 15},     // resumed, and over max_bulk
        {before + "$8\r\n", 5},       // never paused, and over max_bulk
        {before + "$020\r\n", 1000},  // malformed
        {before + "$2x\r\n", 1000},  {before + "$20\r\n" + word + "xx", 1000}, {"*1\r\n+x\r\n", 1000},
    };
    for (const auto& [bytes, max_bulk] : cases) {
        CAPTURE(bytes);
        Decoder plain{{.max_bulk = max_bulk}, Reads::commands};
        Decoder decoder = pausing(max_bulk);
        plain.feed(bytes);
        decoder.feed(bytes);
        CHECK_FALSE(plain.next());
        CHECK_FALSE(decoder.next());
        if (decoder.paused() != 0) {
            decoder.resume();
            CHECK_FALSE(decoder.next());
        }
        REQUIRE(plain.error());
        CHECK(plain.error() == decoder.error());
    }
}

TEST_CASE("a word of more than `most` bytes is an error") {
    Decoder decoder = pausing(5, 50);
    const std::string bytes = before + "$51\r\n";
    decoder.feed(bytes);
    CHECK_FALSE(decoder.next());
    CHECK(decoder.paused() == 0);
    REQUIRE(decoder.error());
    CHECK(decoder.error()->code == Errc::bulk_too_long);
    CHECK(decoder.error()->offset == before.size() + 2);
}

TEST_CASE("max_frame does not count what arrived of a long word before which the decoder has paused") {
    Decoder decoder{{.max_frame = 40}, Reads::commands};
    decoder.pause_above(above, 1000);
    const std::string bytes = before + "$500\r\n" + std::string(400, 'x');
    decoder.feed(bytes);
    CHECK_FALSE(decoder.next());
    CHECK(decoder.paused() == 500);
    CHECK_FALSE(decoder.error());
    decoder.resume();
    CHECK_FALSE(decoder.next());
    REQUIRE(decoder.error());
    CHECK(decoder.error()->code == Errc::frame_too_long);
    CHECK(decoder.error()->offset == 40);
}
