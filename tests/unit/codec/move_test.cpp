// Moving a decoder: the new one continues the stream wherever the old one stopped.
#include <libresp/codec/decoder.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/pieces.hpp"

using resp::Decoder;
using resp::Reads;
using support::receive;

static_assert(std::is_nothrow_move_constructible_v<Decoder>);
static_assert(std::is_nothrow_move_assignable_v<Decoder>);
static_assert(!std::is_copy_constructible_v<Decoder>);
static_assert(std::is_nothrow_move_constructible_v<resp::Tokenizer>);
static_assert(std::is_nothrow_move_assignable_v<resp::Tokenizer>);

namespace {

/// Constructs a decoder from `old`, and destroys `old`. So a pointer into the old object is a bug that ASan
/// sees.
Decoder moved(std::unique_ptr<Decoder> old) { return Decoder{std::move(*old)}; }

/// The same by assignment, over a decoder that is inside a frame and holds memory.
Decoder assigned(std::unique_ptr<Decoder> old) {
    Decoder decoder{{.max_bulk = 8}, Reads::anything};
    receive(decoder, "$?\r\n;6\r\nothers\r\n;7\r\n");
    CHECK_FALSE(decoder.next());
    decoder = std::move(*old);
    return decoder;
}

/// Texts of the frames that are complete.
std::vector<std::string> texts(Decoder& decoder) {
    std::vector<std::string> all;
    while (const auto frame = decoder.next()) all.emplace_back(frame->text());
    return all;
}

using Texts = std::vector<std::string>;

/// Every value that the tests below cut: all kinds of state inside a frame.
const std::string stream =
    "$5\r\nhello\r\n"
    "+line\r\n"
    ":-42\r\n"
    "*2\r\n$1\r\na\r\n*1\r\n=5\r\ntxt:b\r\n"
    "$?\r\n;2\r\nab\r\n;3\r\ncde\r\n;0\r\n"
    "%?\r\n+k\r\n,1.5\r\n.\r\n"
    "|1\r\n+a\r\n+b\r\n(123\r\n"
    "SET 'a b' \"\\x41\" c\r\n"
    "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*2\r\n*0\r\n:7\r\n"
    "$3\r\nend\r\n";

/// The wires of all frames of the stream, from a decoder that is moved at byte `cut`.
template <class Move>
std::vector<std::string> wires_moved_at(std::size_t cut, bool lent, bool read_first, Move move) {
    auto first = std::make_unique<Decoder>(resp::Limits{}, Reads::anything);
    const support::Block head{std::string_view{stream}.substr(0, cut)};
    const support::Block tail{std::string_view{stream}.substr(cut)};
    const std::span<const char> head_bytes = head;
    const std::span<const char> tail_bytes = tail;
    std::vector<std::string> wires;
    const auto take = [&](Decoder& decoder) {
        while (const auto frame = decoder.next()) wires.emplace_back(frame->wire());
    };
    lent ? first->feed(head_bytes) : receive(*first, {head_bytes.data(), head_bytes.size()});
    if (read_first) take(*first);
    Decoder second = move(std::move(first));
    take(second);
    second.feed(tail_bytes);
    take(second);
    CHECK(second.pending() == 0);
    CHECK(second.offset() == stream.size());
    CHECK_FALSE(second.error());
    return wires;
}

}  // namespace

TEST_CASE("a decoder moved after any byte returns the same frames as one that is not moved") {
    std::vector<std::string> expected;
    Decoder whole{resp::Limits{}, Reads::anything};
    whole.feed(stream);
    while (const auto frame = whole.next()) expected.emplace_back(frame->wire());
    REQUIRE(expected.size() == 10);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        for (const bool lent : {false, true}) {
            for (const bool read_first : {false, true}) {
                CAPTURE(cut, lent, read_first);
                CHECK(wires_moved_at(cut, lent, read_first, moved) == expected);
                CHECK(wires_moved_at(cut, lent, read_first, assigned) == expected);
            }
        }
    }
}

TEST_CASE("a decoder that is moved between two frames continues with the next frame") {
    auto old = std::make_unique<Decoder>();
    receive(*old, "$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
    CHECK(old->next()->text() == "a");
    Decoder decoder = moved(std::move(old));
    CHECK(decoder.offset() == 7);
    CHECK(texts(decoder) == Texts{"b", "c"});
}

TEST_CASE("a decoder that is moved inside a frame keeps its own bytes") {
    auto old = std::make_unique<Decoder>();
    receive(*old, "*2\r\n$5\r\nhello\r\n$5\r\nwor");
    CHECK_FALSE(old->next());
    Decoder decoder = moved(std::move(old));
    CHECK(decoder.missing() == 4);
    receive(decoder, "ld\r\n");
    const auto frame = decoder.next();
    REQUIRE(frame);
    CHECK((*frame)[0].text() == "hello");
    CHECK((*frame)[1].text() == "world");
}

TEST_CASE("a decoder that is moved with lent bytes reads them where they stand") {
    const std::string lent = "$1\r\na\r\n$5\r\nhello\r\n";
    auto old = std::make_unique<Decoder>();
    old->feed(lent);
    CHECK(old->next()->text() == "a");
    Decoder decoder = moved(std::move(old));
    const auto frame = decoder.next();
    REQUIRE(frame);
    CHECK((frame->text().data() == lent.data() + 11));
}

TEST_CASE("the joined text of a streamed string moves with the decoder, also if it is short") {
    auto old = std::make_unique<Decoder>();
    receive(*old, "$?\r\n;2\r\nab\r\n");
    CHECK_FALSE(old->next());
    Decoder decoder = assigned(std::move(old));
    receive(decoder, ";1\r\nc\r\n;0\r\n");
    CHECK(texts(decoder) == Texts{"abc"});
}

TEST_CASE("an error moves with the decoder") {
    auto old = std::make_unique<Decoder>();
    receive(*old, "+OK\r\nx");
    CHECK(texts(*old) == Texts{"OK"});
    REQUIRE(old->error());
    Decoder decoder = moved(std::move(old));
    REQUIRE(decoder.error());
    CHECK(decoder.error()->offset == 5);
    receive(decoder, "+OK\r\n");
    CHECK_FALSE(decoder.next());
}

TEST_CASE("the limits and the kind of frames move with the decoder") {
    Decoder old{{.max_bulk = 3}, Reads::commands};
    Decoder decoder;
    decoder = std::move(old);
    receive(decoder, "PING\r\n*1\r\n$4\r\n");
    CHECK(decoder.next()->is_inline());
    CHECK_FALSE(decoder.next());
    CHECK(decoder.error()->code == resp::Errc::bulk_too_long);
}

TEST_CASE("a decoder that was moved from holds nothing and can begin again") {
    Decoder old;
    receive(old, "$1\r\na\r\n*2\r\n$5\r\nhel");
    CHECK(old.next());
    CHECK_FALSE(old.next());
    Decoder decoder{std::move(old)};
    CHECK(decoder.pending() == 11);
    // What a moved-from decoder promises is tested here, so it is used on purpose.
    CHECK(old.memory() <= 64);  // NOLINT(bugprone-use-after-move)
    old.reset(100);
    receive(old, "+OK\r\n");
    CHECK(texts(old) == Texts{"OK"});
    CHECK(old.offset() == 105);
    old = std::move(decoder);
    receive(old, "lo\r\n+x\r\n");
    CHECK(old.next()->size() == 2);
}

TEST_CASE("a decoder that is assigned to itself stays as it is") {
    Decoder decoder;
    receive(decoder, "$5\r\nhel");
    CHECK_FALSE(decoder.next());
    Decoder& same = decoder;
    decoder = std::move(same);
    receive(decoder, "lo\r\n");
    CHECK(texts(decoder) == Texts{"hello"});
}

TEST_CASE("decoders in a vector survive its growth") {
    std::vector<Decoder> decoders;
    for (int i = 0; i != 20; ++i) {
        decoders.emplace_back();
        receive(decoders.back(), "$2\r\n" + std::to_string(i % 10));
        CHECK_FALSE(decoders.back().next());
    }
    for (int i = 0; i != 20; ++i) {
        Decoder& decoder = decoders[static_cast<std::size_t>(i)];
        receive(decoder, "x\r\n");
        CHECK(texts(decoder) == Texts{std::to_string(i % 10) + "x"});
    }
}
