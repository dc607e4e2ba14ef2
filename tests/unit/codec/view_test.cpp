// Views: the accessors of every type, positions, iteration and wire forms.
#include <libresp/codec/view.hpp>

#include <cmath>
#include <iterator>
#include <limits>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Reads;
using resp::Type;
using resp::Value;
using resp::View;
using support::decode_one;

static_assert(std::forward_iterator<View::iterator>);

TEST_CASE("every type is recognised") {
    CHECK(decode_one("+a\r\n").view().type() == Type::simple_string);
    CHECK(decode_one("-a\r\n").view().type() == Type::simple_error);
    CHECK(decode_one(":1\r\n").view().type() == Type::integer);
    CHECK(decode_one("$1\r\na\r\n").view().type() == Type::bulk_string);
    CHECK(decode_one("*0\r\n").view().type() == Type::array);
    CHECK(decode_one("_\r\n").view().type() == Type::null);
    CHECK(decode_one("$-1\r\n").view().type() == Type::null_bulk_string);
    CHECK(decode_one("*-1\r\n").view().type() == Type::null_array);
    CHECK(decode_one("#t\r\n").view().type() == Type::boolean);
    CHECK(decode_one(",1\r\n").view().type() == Type::double_);
    CHECK(decode_one("(1\r\n").view().type() == Type::big_number);
    CHECK(decode_one("!1\r\na\r\n").view().type() == Type::bulk_error);
    CHECK(decode_one("=4\r\ntxt:\r\n").view().type() == Type::verbatim_string);
    CHECK(decode_one("%0\r\n").view().type() == Type::map);
    CHECK(decode_one("~0\r\n").view().type() == Type::set);
    CHECK(decode_one(">0\r\n").view().type() == Type::push);
}

TEST_CASE("the three nulls are null and empty") {
    for (const char* const bytes : {"_\r\n", "$-1\r\n", "*-1\r\n"}) {
        CAPTURE(bytes);
        const Value value = decode_one(bytes);
        CHECK(value.view().is_null());
        CHECK(value.view().size() == 0);
        CHECK(value.view().text() == "");
        CHECK(value.view().wire() == bytes);
        CHECK_FALSE(value.view().is_aggregate());
    }
}

TEST_CASE("simple errors and bulk errors are errors") {
    CHECK(decode_one("-ERR a\r\n").view().is_error());
    CHECK(decode_one("!5\r\nERR a\r\n").view().is_error());
    CHECK(decode_one("!5\r\nERR a\r\n").view().text() == "ERR a");
    CHECK_FALSE(decode_one("+ERR a\r\n").view().is_error());
}

TEST_CASE("the text of a number is the text that was sent") {
    CHECK(decode_one(":+42\r\n").view().text() == "+42");
    CHECK(decode_one(",1e2\r\n").view().text() == "1e2");
    CHECK(decode_one(",+1.50\r\n").view().text() == "+1.50");
    CHECK(decode_one(",-NAN(0x8000)\r\n").view().text() == "-NAN(0x8000)");
    CHECK(decode_one("(-00123456789012345678901\r\n").view().text() == "-00123456789012345678901");
    CHECK(decode_one("#t\r\n").view().text() == "t");
}

TEST_CASE("a boolean reads as an integer, and an integer as a boolean") {
    CHECK(decode_one("#t\r\n").view().boolean());
    CHECK_FALSE(decode_one("#f\r\n").view().boolean());
    CHECK(decode_one("#t\r\n").view().integer() == 1);
    CHECK(decode_one("#f\r\n").view().integer() == 0);
    CHECK(decode_one(":-7\r\n").view().boolean());
    CHECK_FALSE(decode_one(":0\r\n").view().boolean());
}

TEST_CASE("doubles and integers read as doubles") {
    CHECK(decode_one(",-1.5e3\r\n").view().as_double() == -1500);
    CHECK(decode_one(",1e400\r\n").view().as_double() == std::numeric_limits<double>::infinity());
    CHECK(decode_one(",-1e400\r\n").view().as_double() == -std::numeric_limits<double>::infinity());
    CHECK(decode_one(",1e-400\r\n").view().as_double() == 0);
    CHECK(decode_one(",+1.5\r\n").view().as_double() == 1.5);
    CHECK(decode_one(",+inf\r\n").view().as_double() == std::numeric_limits<double>::infinity());
    for (const char* const bytes :
         {",nan\r\n", ",-nan\r\n", ",NAN\r\n", ",+NaN\r\n", ",nan(0x8000)\r\n", ",nan()\r\n"}) {
        CAPTURE(bytes);
        CHECK(std::isnan(decode_one(bytes).view().as_double()));
    }
    CHECK(decode_one(":42\r\n").view().as_double() == 42);
}

TEST_CASE("a malformed double is refused at its first wrong byte, cut anywhere") {
    CHECK(support::error_of(",+\r\n") == "bad_double at 2");
    CHECK(support::error_of(",++1\r\n") == "bad_double at 2");
    CHECK(support::error_of(",INF\r\n") == "bad_double at 1");
    CHECK(support::error_of(",nan(\r\n") == "bad_double at 5");
    CHECK(support::error_of(",nan(1.5)\r\n") == "bad_double at 6");
    CHECK(support::error_of(",nan()x\r\n") == "bad_double at 6");
}

TEST_CASE("an accessor that does not fit the type returns its empty result") {
    const Value string = decode_one("$2\r\n42\r\n");
    CHECK(string.view().integer() == 0);
    CHECK(string.view().as_double() == 0);
    CHECK_FALSE(string.view().boolean());
    CHECK(string.view().format() == "");
    CHECK(string.view().size() == 0);
    CHECK(string.view().empty());
    CHECK(string.view().begin() == string.view().end());
    CHECK_FALSE(string.view().find("4"));
    CHECK_FALSE(string.view().attribute());
    const Value array = decode_one("*2\r\n:1\r\n#t\r\n");
    CHECK(array.view().text() == "");
    CHECK(array.view().integer() == 0);
    CHECK(array.view().as_double() == 0);
    CHECK(array.view().format() == "");
    CHECK_FALSE(array.view().find("1"));
    CHECK(array.view()[1].as_double() == 0);
    CHECK(decode_one("(5\r\n").view().integer() == 0);
}

TEST_CASE("a verbatim string has a format and a text") {
    const Value value = decode_one("=10\r\nmkd:# head\r\n");
    CHECK(value.view().format() == "mkd");
    CHECK(value.view().text() == "# head");
}

TEST_CASE("elements are found by position after nested elements") {
    const Value value =
        decode_one("*5\r\n:1\r\n*2\r\n:2\r\n*1\r\n:3\r\n$?\r\n;1\r\na\r\n;0\r\n*0\r\n+end\r\n");
    CHECK(value.view().size() == 5);
    CHECK(value.view()[0].integer() == 1);
    CHECK(value.view()[1].size() == 2);
    CHECK(value.view()[1][1][0].integer() == 3);
    CHECK(value.view()[2].text() == "a");
    CHECK(value.view()[3].empty());
    CHECK(value.view()[4].text() == "end");
}

TEST_CASE("iteration visits size() values") {
    const Value value = decode_one("~3\r\n:1\r\n%1\r\n+k\r\n+v\r\n:3\r\n");
    std::string types;
    for (const View element : value.view()) types += resp::wire::byte(element.type());
    CHECK(types == ":%:");
    CHECK(std::distance(value.view().begin(), value.view().end()) == 3);
    View::iterator it = value.view().begin();
    CHECK((*it++).integer() == 1);
    CHECK((*it).type() == Type::map);
}

TEST_CASE("a map alternates between keys and values") {
    const Value value = decode_one("%2\r\n+a\r\n:1\r\n*1\r\n+b\r\n:2\r\n");
    CHECK(value.view().size() == 4);
    CHECK(value.view()[0].text() == "a");
    CHECK(value.view()[1].integer() == 1);
    CHECK(value.view()[2][0].text() == "b");
    CHECK(value.view()[3].integer() == 2);
}

TEST_CASE("find() returns the value of the first key with that text") {
    const Value value = decode_one(
        "%5\r\n*1\r\n+b\r\n:0\r\n+a\r\n:1\r\n$1\r\nb\r\n*1\r\n:2\r\n+b\r\n:3\r\n=5\r\ntxt:c\r\n:4\r\n");
    REQUIRE(value.view().find("a"));
    CHECK(value.view().find("a")->integer() == 1);
    REQUIRE(value.view().find("b"));
    CHECK((*value.view().find("b"))[0].integer() == 2);
    REQUIRE(value.view().find("c"));
    CHECK(value.view().find("c")->integer() == 4);
    CHECK_FALSE(value.view().find("d"));
}

TEST_CASE("find() finds neither values nor nulls") {
    const Value value = decode_one("%2\r\n+a\r\n+b\r\n$-1\r\n:1\r\n");
    CHECK_FALSE(value.view().find("b"));
    CHECK_FALSE(value.view().find(""));
}

TEST_CASE("an empty map finds nothing") { CHECK_FALSE(decode_one("%0\r\n").view().find("")); }

TEST_CASE("a streamed string joins its chunks") {
    const Value value = decode_one("$?\r\n;4\r\nHell\r\n;6\r\no worl\r\n;1\r\nd\r\n;0\r\n");
    CHECK(value.view().type() == Type::bulk_string);
    CHECK(value.view().text() == "Hello world");
    CHECK(value.view().size() == 0);
    CHECK(decode_one("$?\r\n;0\r\n").view().text() == "");
}

TEST_CASE("streamed strings in one frame have separate texts") {
    const Value value =
        decode_one("*3\r\n$?\r\n;2\r\nab\r\n;0\r\n$?\r\n;0\r\n$?\r\n;2\r\ncd\r\n;1\r\ne\r\n;0\r\n");
    CHECK(value.view()[0].text() == "ab");
    CHECK(value.view()[1].text() == "");
    CHECK(value.view()[2].text() == "cde");
    CHECK(value.view()[2].wire() == "$?\r\n;2\r\ncd\r\n;1\r\ne\r\n;0\r\n");
}

TEST_CASE("streamed aggregates know their size, even empty or nested") {
    CHECK(decode_one("*?\r\n.\r\n").view().empty());
    CHECK(decode_one("~?\r\n:1\r\n:2\r\n.\r\n").view().size() == 2);
    const Value value = decode_one("*?\r\n*?\r\n.\r\n%?\r\n+k\r\n~?\r\n:1\r\n.\r\n.\r\n*1\r\n:2\r\n.\r\n");
    CHECK(value.view().size() == 3);
    CHECK(value.view()[0].empty());
    CHECK(value.view()[1].size() == 2);
    CHECK((*value.view()[1].find("k"))[0].integer() == 1);
    CHECK(value.view()[2][0].integer() == 2);
}

TEST_CASE("an aggregate may end with a streamed aggregate") {
    const Value value = decode_one("*2\r\n:1\r\n*1\r\n*?\r\n:2\r\n.\r\n");
    CHECK(value.view()[1][0][0].integer() == 2);
    CHECK(value.view()[1].wire() == "*1\r\n*?\r\n:2\r\n.\r\n");
}

TEST_CASE("a streamed map must end after a value") {
    CHECK(support::error_of("%?\r\n+k\r\n.\r\n") == "bad_stream at 8");
    CHECK(support::error_of("*?\r\n:1\r\n.x\r\n") == "bad_stream at 9");
    CHECK(support::error_of("$?\r\n:1\r\n") == "bad_stream at 4");
}

TEST_CASE("wire() returns the exact bytes of each value") {
    const Value value = decode_one("*3\r\n$2\r\nhi\r\n%1\r\n:1\r\n*0\r\n_\r\n");
    CHECK(value.view().wire() == "*3\r\n$2\r\nhi\r\n%1\r\n:1\r\n*0\r\n_\r\n");
    CHECK(value.view()[0].wire() == "$2\r\nhi\r\n");
    CHECK(value.view()[1].wire() == "%1\r\n:1\r\n*0\r\n");
    CHECK(value.view()[1][0].wire() == ":1\r\n");
    CHECK(value.view()[1][1].wire() == "*0\r\n");
    CHECK(value.view()[2].wire() == "_\r\n");
}
