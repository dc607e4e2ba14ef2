// Attributes. Each belongs to the value after it, at any depth.
#include <libresp/codec/view.hpp>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Type;
using resp::Value;
using resp::View;
using support::decode;
using support::decode_one;
using support::error_of;

TEST_CASE("an attribute belongs to the value after it") {
    const Value value = decode_one("|1\r\n+ttl\r\n:3600\r\n$2\r\nhi\r\n");
    CHECK(value.view().type() == Type::bulk_string);
    CHECK(value.view().text() == "hi");
    CHECK(value.view().wire() == "|1\r\n+ttl\r\n:3600\r\n$2\r\nhi\r\n");
    const std::optional<View> attribute = value.view().attribute();
    REQUIRE(attribute);
    CHECK(attribute->type() == Type::attribute);
    CHECK(attribute->is_aggregate());
    CHECK(attribute->size() == 2);
    CHECK((*attribute)[0].text() == "ttl");
    CHECK((*attribute)[1].integer() == 3600);
    REQUIRE(attribute->find("ttl"));
    CHECK(attribute->find("ttl")->integer() == 3600);
    CHECK(attribute->wire() == "|1\r\n+ttl\r\n:3600\r\n");
    CHECK_FALSE(attribute->attribute());
}

TEST_CASE("an empty attribute is an attribute") {
    const Value value = decode_one("|0\r\n:1\r\n");
    CHECK(value.view().integer() == 1);
    REQUIRE(value.view().attribute());
    CHECK(value.view().attribute()->empty());
    CHECK(value.view().attribute()->wire() == "|0\r\n");
}

TEST_CASE("of several attributes the last belongs to the value, and each other one to the next attribute") {
    const Value value = decode_one("|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n*1\r\n:3\r\n");
    CHECK(value.view()[0].integer() == 3);
    const std::optional<View> last = value.view().attribute();
    REQUIRE(last);
    CHECK(last->find("b"));
    CHECK_FALSE(last->find("a"));
    const std::optional<View> first = last->attribute();
    REQUIRE(first);
    CHECK(first->find("a"));
    CHECK_FALSE(first->attribute());
    CHECK(first->wire() == "|1\r\n+a\r\n:1\r\n");
    CHECK(last->wire() == "|1\r\n+b\r\n:2\r\n");
    CHECK(value.view().wire() == "|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n*1\r\n:3\r\n");
}

TEST_CASE("a copied attribute is a map without attributes") {
    const Value value = decode_one("|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n*1\r\n:3\r\n");
    const Value kept{*value.view().attribute()};
    CHECK(kept.view().wire() == "%1\r\n+b\r\n:2\r\n");
    CHECK_FALSE(kept.view().attribute());
}

TEST_CASE("an attribute in an aggregate is not one of its elements") {
    const Value value = decode_one("*3\r\n:1\r\n|1\r\n+k\r\n+v\r\n:2\r\n:3\r\n");
    CHECK(value.view().size() == 3);
    CHECK(value.view()[1].integer() == 2);
    CHECK(value.view()[1].wire() == "|1\r\n+k\r\n+v\r\n:2\r\n");
    CHECK(value.view()[2].integer() == 3);
    CHECK_FALSE(value.view()[2].attribute());
    REQUIRE(value.view()[1].attribute());
    CHECK(value.view()[1].attribute()->find("k")->text() == "v");
}

TEST_CASE("keys and values of a map may have attributes") {
    const Value value = decode_one("%1\r\n|1\r\n+a\r\n:1\r\n+k\r\n|1\r\n+b\r\n:2\r\n+v\r\n");
    CHECK(value.view().size() == 2);
    REQUIRE(value.view().find("k"));
    CHECK(value.view().find("k")->text() == "v");
    CHECK(value.view().find("k")->attribute()->find("b")->integer() == 2);
    CHECK(value.view()[0].attribute()->find("a")->integer() == 1);
}

TEST_CASE("values in an attribute may have attributes") {
    const Value value = decode_one("|1\r\n+k\r\n|1\r\n+n\r\n:1\r\n*1\r\n+deep\r\n:2\r\n");
    CHECK(value.view().integer() == 2);
    const View inner = *value.view().attribute()->find("k");
    CHECK(inner[0].text() == "deep");
    CHECK(inner.attribute()->find("n")->integer() == 1);
    CHECK(inner.wire() == "|1\r\n+n\r\n:1\r\n*1\r\n+deep\r\n");
}

TEST_CASE("an aggregate may end with a value that has an attribute") {
    const Value value = decode_one("*2\r\n:1\r\n|1\r\n+k\r\n+v\r\n*1\r\n|0\r\n:2\r\n");
    CHECK(value.view()[1][0].integer() == 2);
    CHECK(value.view()[1].wire() == "|1\r\n+k\r\n+v\r\n*1\r\n|0\r\n:2\r\n");
}

TEST_CASE("an attribute in a streamed aggregate belongs to its next value") {
    const Value value = decode_one("*?\r\n|1\r\n+k\r\n+v\r\n:1\r\n:2\r\n.\r\n");
    CHECK(value.view().size() == 2);
    CHECK(value.view()[0].attribute());
    CHECK_FALSE(value.view()[1].attribute());
    CHECK(error_of("*?\r\n|1\r\n+k\r\n+v\r\n.\r\n") == "bad_type at 16");
}

TEST_CASE("an attribute before a streamed value belongs to it") {
    CHECK(decode_one("|0\r\n$?\r\n;1\r\na\r\n;0\r\n").view().attribute());
    CHECK(decode_one("|0\r\n$?\r\n;1\r\na\r\n;0\r\n").view().attribute()->wire() == "|0\r\n");
    CHECK(decode_one("|0\r\n*?\r\n:1\r\n.\r\n").view().attribute()->wire() == "|0\r\n");
    CHECK(
        decode_one("|1\r\n$?\r\n;1\r\nk\r\n;0\r\n*?\r\n.\r\n:1\r\n").view().attribute()->find("k")->empty());
}

TEST_CASE("an attribute without its value is incomplete") {
    CHECK(decode("|1\r\n+k\r\n+v\r\n").incomplete);
    CHECK(decode("|0\r\n").incomplete);
}

TEST_CASE("a push may have an attribute") {
    const Value value = decode_one("|1\r\n+k\r\n+v\r\n>1\r\n+message\r\n");
    CHECK(value.view().type() == Type::push);
    CHECK(value.view().attribute());
    CHECK(decode_one("|0\r\n|0\r\n>0\r\n").view().type() == Type::push);
}

TEST_CASE("a push is allowed only between replies") {
    CHECK(error_of("*1\r\n>1\r\n+a\r\n") == "bad_push at 4");
    CHECK(error_of(">1\r\n>0\r\n") == "bad_push at 4");
    CHECK(error_of("*?\r\n>0\r\n") == "bad_push at 4");
    CHECK(error_of("|1\r\n>0\r\n") == "bad_push at 4");
    CHECK(error_of("|1\r\n+k\r\n>0\r\n") == "bad_push at 8");
    CHECK(error_of("*1\r\n|0\r\n>0\r\n") == "bad_push at 8");
    CHECK(decode(":1\r\n>1\r\n+a\r\n:2\r\n").frames.size() == 3);
}
