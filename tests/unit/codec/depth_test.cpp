// Nesting: its limit, and that no part of the codec recurses over it. The deep cases run on a thread whose
// stack is too small for a recursion over the input.
#include <libresp/codec/format.hpp>
#include <libresp/codec/value.hpp>

#include "support/catch.hpp"
#include "support/feed.hpp"
#include "support/pieces.hpp"
#include "support/small_stack.hpp"

using resp::Limits;
using resp::Reads;
using support::decode;
using support::decode_one;
using support::error_of;
using support::on_small_stack;
using support::repeat;

namespace {

constexpr std::size_t deepest = 1024;
constexpr Limits deep{.max_depth = deepest};

/// Parses, copies, compares, prints and encodes the value on a small stack.
void check_on_small_stack(const std::string& wire, const std::string& wanted) {
    std::string printed;
    std::string encoded;
    bool equal = false;
    on_small_stack([&] {
        const resp::Parsed parsed = resp::parse(wire, deep);
        const resp::Value copy{*parsed};
        equal = copy == *parsed;
        printed = fmt::format("{}", copy);
        resp::Encoder out{encoded};
        encode(out, copy);
    });
    CHECK(equal);
    CHECK(printed == wanted);
    CHECK(encoded == wire);
}

}  // namespace

TEST_CASE("aggregates may be nested max_depth deep, and one more is an error") {
    const Limits limits{.max_depth = 2};
    CHECK(decode_one("*1\r\n*1\r\n:1\r\n", Reads::replies, limits).view()[0][0].integer() == 1);
    CHECK(error_of("*1\r\n*1\r\n*1\r\n:1\r\n", Reads::replies, limits) == "too_deep at 8");
    CHECK(error_of("*1\r\n*1\r\n*0\r\n", Reads::replies, limits) == "too_deep at 8");
    CHECK(error_of("*?\r\n*?\r\n*?\r\n", Reads::replies, limits) == "too_deep at 8");
    CHECK(error_of("~1\r\n%1\r\n~1\r\n", Reads::replies, limits) == "too_deep at 8");
}

TEST_CASE("a null array does not count as a level") {
    const Limits limits{.max_depth = 1};
    CHECK(decode_one("*1\r\n*-1\r\n", Reads::replies, limits).view()[0].is_null());
}

TEST_CASE("a max_depth of 0 accepts only scalars") {
    const Limits limits{.max_depth = 0};
    CHECK(decode_one(":1\r\n", Reads::replies, limits).view().integer() == 1);
    CHECK(error_of("*1\r\n", Reads::replies, limits) == "too_deep at 0");
    CHECK(error_of("*0\r\n", Reads::replies, limits) == "too_deep at 0");
}

TEST_CASE("siblings do not add to the depth") {
    const Limits limits{.max_depth = 2};
    const resp::Value value = decode_one("*3\r\n*1\r\n:1\r\n*1\r\n:2\r\n*0\r\n", Reads::replies, limits);
    CHECK(value.view()[1][0].integer() == 2);
}

TEST_CASE("an attribute counts as a level while its value is read") {
    const Limits limits{.max_depth = 1};
    CHECK(decode_one("|1\r\n+a\r\n:1\r\n:2\r\n", Reads::replies, limits).view().integer() == 2);
    CHECK(error_of("|1\r\n+a\r\n:1\r\n*1\r\n:2\r\n", Reads::replies, limits) == "too_deep at 12");
    CHECK(error_of("|0\r\n|0\r\n:2\r\n", Reads::replies, limits) == "too_deep at 4");
}

TEST_CASE("a reply is at most 128 deep by default, also if other limits are set") {
    CHECK(resp::parse(repeat("*1\r\n", 128) + ":1\r\n"));
    CHECK(resp::parse(repeat("*1\r\n", 128) + ":1\r\n", {.max_bulk = 100}));
    CHECK(error_of(repeat("*1\r\n", 129) + ":1\r\n") == "too_deep at 512");
}

TEST_CASE("a request is at most 32 deep by default") {
    CHECK(decode(repeat("*1\r\n", 32) + ":1\r\n", Reads::anything).frames.size() == 1);
    CHECK(error_of(repeat("*1\r\n", 33) + ":1\r\n", Reads::anything) == "too_deep at 128");
}

TEST_CASE("a value just above each size of the stack of levels is read, whatever stands around it") {
    for (const std::size_t levels :
         {7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1023, 1024}) {
        CAPTURE(levels);
        const std::string lead = repeat("*2\r\n", levels - 1);
        for (const std::string inner :
             {"*0\r\n", "*-1\r\n", "*1\r\n:7\r\n", "*?\r\n.\r\n", "|1\r\n:1\r\n:2\r\n:3\r\n"}) {
            const std::string wire = lead + inner + repeat(":5\r\n", levels - 1);
            const resp::Parsed whole = resp::parse(wire, deep);
            REQUIRE(whole);
            CHECK((*whole).view().wire() == wire);
            resp::View view = (*whole).view();
            std::size_t depth = 1;
            for (; view.size() == 2 && view[1].integer() == 5; ++depth) view = view[0];
            CHECK(depth == levels);
            CHECK(view.wire() == inner);
            resp::Decoder decoder{deep};
            for (const char& byte : wire) {
                support::receive(decoder, {&byte, 1});
                const auto frame = decoder.next();
                CHECK(frame.has_value() == (&byte == &wire.back()));
                if (frame) CHECK(*frame == *whole);
            }
        }
    }
}

TEST_CASE("a million nested arrays are one error on a small stack") {
    std::string found;
    on_small_stack([&] { found = error_of(repeat("*1\r\n", 1'000'000), Reads::replies, deep); });
    CHECK(found == "too_deep at 4096");
}

TEST_CASE("a million nested maps are one error on a small stack") {
    std::string found;
    on_small_stack([&] { found = error_of(repeat("%1\r\n+k\r\n", 1'000'000), Reads::replies, deep); });
    CHECK(found == "too_deep at 8192");
}

TEST_CASE("a million stacked attributes are one error on a small stack") {
    std::string found;
    on_small_stack([&] { found = error_of(repeat("|1\r\n+k\r\n+v\r\n", 1'000'000), Reads::replies, deep); });
    CHECK(found == "too_deep at 12288");
}

TEST_CASE("the deepest value is parsed, copied, compared, printed and encoded on a small stack") {
    const std::string wire = repeat("*1\r\n", deepest) + ":7\r\n";
    check_on_small_stack(wire, repeat("[", deepest) + "7" + repeat("]", deepest));
}

TEST_CASE("the deepest attributes are parsed, copied, compared, printed and encoded on a small stack") {
    const std::string wire = repeat("|1\r\n+k\r\n+v\r\n", deepest) + ":7\r\n";
    check_on_small_stack(wire, repeat("|{k: v} ", deepest) + "7");
}

TEST_CASE("attributes nested in attributes are parsed, copied, compared and printed on a small stack") {
    // Each attribute's key is a value with the next attribute.
    const std::string wire = repeat("|1\r\n", deepest) + repeat(":1\r\n", 2 * deepest + 1);
    check_on_small_stack(wire, repeat("|{", deepest) + "1" + repeat(": 1} 1", deepest));
}

TEST_CASE("an aggregate that is too deep is an error at its type byte, except an array, which may be null") {
    const Limits limits{.max_depth = 1};
    CHECK(error_of("*1\r\n%", Reads::replies, limits) == "too_deep at 4");
    CHECK(error_of("*1\r\n|", Reads::replies, limits) == "too_deep at 4");
    CHECK(decode("*1\r\n*", Reads::replies, limits).incomplete);
    CHECK(decode_one("*1\r\n*-1\r\n", Reads::replies, limits).view()[0].is_null());
}
