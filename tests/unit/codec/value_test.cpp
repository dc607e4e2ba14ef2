// Owned values: copying, moving and comparing them, and parse().
#include <libresp/codec/value.hpp>

#include <memory>
#include <utility>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Errc;
using resp::Parsed;
using resp::Reads;
using resp::Type;
using resp::Value;
using resp::View;
using support::decode_one;
using support::describe;

namespace {

/// Whether the values of two inputs are equal. The order of the two must make no difference.
bool equal(std::string_view a, std::string_view b) {
    const Value left = *resp::parse(a);
    const Value right = *resp::parse(b);
    const bool answer = left == right;
    CHECK((right == left) == answer);
    CHECK((left != right) == !answer);
    CHECK(left == left);
    return answer;
}

/// A copy of a value in a frame. The bytes of the frame are overwritten before it returns.
template <class Select>
Value copy_of(std::string_view bytes, Reads reads, Select select) {
    auto buffer = std::make_unique<std::string>(bytes);
    resp::Decoder decoder{{}, reads};
    decoder.feed(*buffer);
    const std::optional<View> view = decoder.next();
    REQUIRE(view);
    Value value{select(*view)};
    std::fill(buffer->begin(), buffer->end(), '#');
    return value;
}

}  // namespace

TEST_CASE("a value outlives the bytes that it was read from") {
    const Value value = copy_of("*2\r\n$5\r\nhello\r\n:7\r\n", Reads::replies, [](View v) { return v; });
    CHECK(value.view()[0].text() == "hello");
    CHECK(value.view().wire() == "*2\r\n$5\r\nhello\r\n:7\r\n");
}

TEST_CASE("an element is copied without its neighbours") {
    const Value value = copy_of("*3\r\n:1\r\n*2\r\n$1\r\na\r\n$?\r\n;1\r\nb\r\n;0\r\n:2\r\n", Reads::replies,
                                [](View v) { return v[1]; });
    CHECK(value.view().size() == 2);
    CHECK(value.view()[1].text() == "b");
    CHECK(value.view().wire() == "*2\r\n$1\r\na\r\n$?\r\n;1\r\nb\r\n;0\r\n");
}

TEST_CASE("an element is copied with its attribute") {
    const Value value =
        copy_of("*2\r\n:1\r\n|1\r\n+k\r\n+v\r\n:2\r\n", Reads::replies, [](View v) { return v[1]; });
    CHECK(value.view().integer() == 2);
    REQUIRE(value.view().attribute());
    CHECK(value.view().attribute()->find("k")->text() == "v");
    CHECK(value.view().wire() == "|1\r\n+k\r\n+v\r\n:2\r\n");
}

TEST_CASE("words of an inline line are copied, with or without quotes") {
    const Value plain = copy_of("GET \"a b\" c\r\n", Reads::commands, [](View v) { return v[2]; });
    CHECK(plain.view().text() == "c");
    CHECK(plain.view().wire() == "c");
    const Value quoted = copy_of("GET \"a b\" c\r\n", Reads::commands, [](View v) { return v[1]; });
    CHECK(quoted.view().text() == "a b");
    CHECK(describe(Value{quoted}) == describe(quoted));
    const Value line = copy_of("GET \"a b\" 'c'\r\n", Reads::commands, [](View v) { return v; });
    CHECK(line.view()[1].text() == "a b");
    CHECK(line.view()[2].text() == "c");
    CHECK(line.view().wire() == "GET \"a b\" 'c'\r\n");
    CHECK(describe(Value{line}) == describe(line));
}

TEST_CASE("a copy of an attribute itself is a map") {
    const Value map = copy_of("|1\r\n+k\r\n*1\r\n:7\r\n$5\r\nvalue\r\n", Reads::replies,
                              [](View v) { return *v.attribute(); });
    CHECK(map.view().type() == Type::map);
    CHECK(map.view().size() == 2);
    CHECK(map.view().wire() == "%1\r\n+k\r\n*1\r\n:7\r\n");
    CHECK((*map.view().find("k"))[0].integer() == 7);
}

TEST_CASE("a copy of an attribute itself compares, encodes, prints and copies as a map") {
    const Value map = copy_of("|1\r\n+k\r\n*1\r\n:7\r\n*2\r\n:1\r\n:2\r\n", Reads::replies,
                              [](View v) { return *v.attribute(); });
    CHECK(map == *resp::parse("%1\r\n+k\r\n*1\r\n:7\r\n"));
    CHECK(to_string(map) == "{k: [7]}");
    std::string text;
    resp::Encoder out{text};
    encode(out, map);
    CHECK(text == "%1\r\n+k\r\n*1\r\n:7\r\n");
    CHECK(Value{map} == map);
}

TEST_CASE("a copy of an attribute itself omits the attributes before it") {
    const Value map = copy_of("|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n:3\r\n", Reads::replies,
                              [](View v) { return *v.attribute(); });
    CHECK(map == *resp::parse("%1\r\n+b\r\n:2\r\n"));
    CHECK(map.view().wire() == "%1\r\n+b\r\n:2\r\n");
    CHECK(describe(Value{map}) == describe(map));
}

TEST_CASE("a copy does not depend on the original") {
    auto original = std::make_unique<Value>(*resp::parse("*1\r\n$2\r\nhi\r\n"));
    Value copy{*original};
    Value assigned = *resp::parse(":1\r\n");
    assigned = *original;
    original.reset();
    CHECK(copy.view()[0].text() == "hi");
    CHECK(assigned == copy);
    copy = *&copy;
    CHECK(copy == assigned);
}

TEST_CASE("a view survives the move of its value") {
    Value value = *resp::parse("*2\r\n$1\r\na\r\n$?\r\n;1\r\nb\r\n;0\r\n");
    const View view = value.view();
    const Value moved{std::move(value)};
    Value assigned = *resp::parse(":1\r\n");
    CHECK(view[0].text() == "a");
    CHECK(view[1].text() == "b");
    assigned = Value{moved};
    CHECK(assigned == moved);
}

TEST_CASE("values are equal by type and content") {
    CHECK(equal("$1\r\na\r\n", "$1\r\na\r\n"));
    CHECK_FALSE(equal("$1\r\na\r\n", "+a\r\n"));
    CHECK_FALSE(equal("$1\r\na\r\n", "$1\r\nb\r\n"));
    CHECK_FALSE(equal(":1\r\n", "#t\r\n"));
    CHECK_FALSE(equal("!1\r\na\r\n", "-a\r\n"));
    CHECK_FALSE(equal("=5\r\ntxt:a\r\n", "=5\r\nmkd:a\r\n"));
    CHECK_FALSE(equal("(1\r\n", ":1\r\n"));
}

TEST_CASE("the three nulls are different values") {
    CHECK_FALSE(equal("_\r\n", "$-1\r\n"));
    CHECK_FALSE(equal("$-1\r\n", "*-1\r\n"));
    CHECK_FALSE(equal("*-1\r\n", "_\r\n"));
    CHECK(equal("*-1\r\n", "*-1\r\n"));
}

TEST_CASE("framing makes no difference to equality") {
    CHECK(equal(":+7\r\n", ":7\r\n"));
    CHECK(equal("$?\r\n;1\r\na\r\n;1\r\nb\r\n;0\r\n", "$2\r\nab\r\n"));
    CHECK(equal("*?\r\n:1\r\n.\r\n", "*1\r\n:1\r\n"));
    CHECK(equal("*2\r\n*?\r\n.\r\n:1\r\n", "*2\r\n*0\r\n:1\r\n"));
    CHECK(equal("%?\r\n+k\r\n$?\r\n;0\r\n.\r\n", "%1\r\n+k\r\n$0\r\n\r\n"));
}

TEST_CASE("doubles are equal by value, and NaN equals NaN") {
    CHECK(equal(",1.50\r\n", ",15e-1\r\n"));
    CHECK(equal(",nan\r\n", ",-nan\r\n"));
    CHECK(equal(",nan\r\n", ",NAN(0x8000)\r\n"));
    CHECK(equal(",+1.5\r\n", ",1.5\r\n"));
    CHECK(equal(",0\r\n", ",-0\r\n"));
    CHECK(equal(",1e999\r\n", ",inf\r\n"));
    CHECK_FALSE(equal(",inf\r\n", ",-inf\r\n"));
    CHECK_FALSE(equal(",1\r\n", ",nan\r\n"));
}

TEST_CASE("aggregates are equal if their types, sizes and order are equal") {
    CHECK_FALSE(equal("*2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:1\r\n"));
    CHECK_FALSE(equal("~2\r\n:1\r\n:2\r\n", "~2\r\n:2\r\n:1\r\n"));
    CHECK_FALSE(equal("*1\r\n:1\r\n", "*2\r\n:1\r\n:1\r\n"));
    CHECK_FALSE(equal("*1\r\n:1\r\n", "~1\r\n:1\r\n"));
    CHECK_FALSE(equal("*2\r\n*1\r\n:1\r\n:2\r\n", "*2\r\n:1\r\n*1\r\n:2\r\n"));
    CHECK_FALSE(equal("*2\r\n:1\r\n:2\r\n", "%1\r\n:1\r\n:2\r\n"));
}

TEST_CASE("values with different attributes are not equal") {
    CHECK_FALSE(equal("|0\r\n:1\r\n", ":1\r\n"));
    CHECK_FALSE(equal("|1\r\n+a\r\n:1\r\n:2\r\n", "|1\r\n+a\r\n:9\r\n:2\r\n"));
    CHECK(equal("*1\r\n|1\r\n+a\r\n:1\r\n:2\r\n", "*?\r\n|1\r\n+a\r\n:+1\r\n:2\r\n.\r\n"));
}

TEST_CASE("parse() takes exactly one value") {
    const Parsed parsed = resp::parse(":42\r\n");
    REQUIRE(parsed);
    CHECK((*parsed).view().integer() == 42);
    const Parsed line = resp::parse("PING\r\n", {}, Reads::commands);
    CHECK((*line).view()[0].text() == "PING");
}

namespace {

template <class T>
concept HasView = requires(T&& value) { std::forward<T>(value).view(); };

}  // namespace

TEST_CASE("a temporary value has no view, but converts for a function that takes one") {
    STATIC_REQUIRE(HasView<Value&>);
    STATIC_REQUIRE(HasView<const Value&>);
    STATIC_REQUIRE_FALSE(HasView<Value>);
    STATIC_REQUIRE_FALSE(HasView<const Value>);
    CHECK(to_string(*resp::parse(":42\r\n")) == "42");
}

TEST_CASE("parse() reports what is wrong, and where") {
    CHECK(resp::parse("").error() == resp::DecodeError{Errc::incomplete, 0, 0});
    CHECK(resp::parse("*1\r\n").error() == resp::DecodeError{Errc::incomplete, 4, 0});
    CHECK(resp::parse(":1\r\n:2\r\n").error() == resp::DecodeError{Errc::trailing_data, 4, ':'});
    CHECK(resp::parse(":1\r\nx").error() == resp::DecodeError{Errc::trailing_data, 4, 'x'});
    CHECK(resp::parse(":x\r\n").error() == resp::DecodeError{Errc::bad_integer, 1, 'x'});
    CHECK(resp::parse("*2\r\n", {.max_elements = 1}).error().code == Errc::too_many_elements);
    CHECK(resp::parse("*0\r\n", {}, Reads::commands).error() == resp::DecodeError{Errc::incomplete, 4, 0});
}

TEST_CASE("a value whose bytes and joined strings need 4 GiB is refused before anything is copied") {
    // Entries of a streamed string, made by hand: they announce sizes, and no such bytes exist.
    using resp::detail::Node;
    const char byte = '$';
    const auto is_refused = [&](std::uint32_t wire_size, std::uint32_t text_size) {
        const resp::detail::Frame frame{&byte, &byte};
        const Node nodes[] = {{.begin = 4,
                               .type = Type::bulk_string,
                               .flags = Node::streamed | Node::spans,
                               .header = 4,
                               .digits = 0,
                               .size = text_size,
                               .span = 2},
                              {.begin = wire_size,
                               .type = Type{},
                               .flags = 0,
                               .header = 0,
                               .digits = 0,
                               .size = text_size,
                               .span = 0}};
        try {
            static_cast<void>(resp::Value{resp::detail::view_of({&frame, nodes})});
            return false;
        } catch (const std::bad_alloc&) {
            return true;
        }
    };
    CHECK(is_refused(0x8000'0000, 0x8000'0000));
    CHECK(is_refused(0xFFFF'FFF0, 0x10));
    CHECK(is_refused(0xFFFF'FFF0, 0xFFFF'FFFF));
    CHECK_FALSE(is_refused(1, 0));
}

TEST_CASE("a command is encoded as it was received, also through a copy and beside others") {
    const std::string commands =
        "*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$12\r\nabcdefghijkl\r\n*1\r\n$4\r\nPING\r\n";
    for (std::size_t cut = 0; cut <= commands.size(); ++cut) {
        resp::Decoder decoder{{}, resp::Reads::commands};
        resp::Buffer bytes;
        resp::Encoder out{bytes};
        resp::Buffer copied;
        resp::Encoder out_copied{copied};
        for (const std::string_view part :
             {std::string_view{commands}.substr(0, cut), std::string_view{commands}.substr(cut)}) {
            decoder.feed(part);
            while (const auto view = decoder.next()) {
                resp::encode(out, *view);
                const resp::Value copy{*view};
                resp::encode(out_copied, copy.view());
                resp::encode(out_copied, copy.view()[0]);
            }
            decoder.release();
        }
        CHECK(bytes.view() == commands);
        CHECK(copied.size() == commands.size() + 9 + 19 + 10);
    }
}
