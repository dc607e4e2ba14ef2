// The verbs of the encoder: the bytes that each writes, in both versions and into both kinds of output.
#include <libresp/codec/encoder.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Buffer;
using resp::Encoder;
using resp::Version;
using support::decode_one;
using support::repeat;

namespace {

using Write = std::function<void(Encoder&)>;

/// The bytes that `write` appends. A Buffer and a std::string must get the same bytes and keep their old
/// ones.
std::string written(const Write& write, Version version = Version::resp3) {
    std::string string = "before";
    Encoder to_string{string, version};
    write(to_string);
    Buffer buffer;
    buffer.append("before");
    Encoder to_buffer{buffer, version};
    write(to_buffer);
    CHECK(buffer.view() == string);
    CHECK(string.substr(0, 6) == "before");
    return string.substr(6);
}

std::string in_resp2(const Write& write) { return written(write, Version::resp2); }

/// A row of the table in encoder.hpp.
struct Row {
    Write write;
    std::string_view resp3;
    std::string_view resp2;
};

}  // namespace

TEST_CASE("each verb writes the form of its version") {
    const Row rows[] = {
        {[](Encoder& out) { out.simple_string("OK"); }, "+OK\r\n", "+OK\r\n"},
        {[](Encoder& out) { out.simple_error("ERR no"); }, "-ERR no\r\n", "-ERR no\r\n"},
        {[](Encoder& out) { out.integer(-42); }, ":-42\r\n", ":-42\r\n"},
        {[](Encoder& out) { out.bulk_string("a\r\nb"); }, "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"},
        {[](Encoder& out) { out.bulk_string(""); }, "$0\r\n\r\n", "$0\r\n\r\n"},
        {[](Encoder& out) { out.array(2); }, "*2\r\n", "*2\r\n"},
        {[](Encoder& out) { out.null(); }, "_\r\n", "$-1\r\n"},
        {[](Encoder& out) { out.null_bulk_string(); }, "$-1\r\n", "$-1\r\n"},
        {[](Encoder& out) { out.null_array(); }, "*-1\r\n", "*-1\r\n"},
        {[](Encoder& out) { out.boolean(true); }, "#t\r\n", ":1\r\n"},
        {[](Encoder& out) { out.boolean(false); }, "#f\r\n", ":0\r\n"},
        {[](Encoder& out) { out.double_(1.5); }, ",1.5\r\n", "$3\r\n1.5\r\n"},
        {[](Encoder& out) { out.big_number("-123"); }, "(-123\r\n", "$4\r\n-123\r\n"},
        {[](Encoder& out) { out.bulk_error("ERR a\r\nb"); }, "!8\r\nERR a\r\nb\r\n", "-ERR a  b\r\n"},
        {[](Encoder& out) { out.verbatim_string("txt", "hi"); }, "=6\r\ntxt:hi\r\n", "$2\r\nhi\r\n"},
        {[](Encoder& out) { out.map(3); }, "%3\r\n", "*6\r\n"},
        {[](Encoder& out) { out.set(3); }, "~3\r\n", "*3\r\n"},
        {[](Encoder& out) { out.push(3); }, ">3\r\n", "*3\r\n"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.resp3);
        CHECK(written(row.write) == row.resp3);
        CHECK(in_resp2(row.write) == row.resp2);
    }
}

TEST_CASE("attributes and streamed forms are written") {
    CHECK(written([](Encoder& out) { out.attribute(1); }) == "|1\r\n");
    CHECK(written([](Encoder& out) {
              out.streamed_string().chunk("ab").chunk("").chunk("c").end_chunks();
          }) == "$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n");
    CHECK(written([](Encoder& out) { out.streamed_array().integer(1).end_stream(); }) == "*?\r\n:1\r\n.\r\n");
    CHECK(written([](Encoder& out) { out.streamed_set().end_stream(); }) == "~?\r\n.\r\n");
    CHECK(written([](Encoder& out) { out.streamed_map().end_stream(); }) == "%?\r\n.\r\n");
}

TEST_CASE("verbs chain, and wire() appends its bytes unchanged") {
    CHECK(written([](Encoder& out) { out.array(2).bulk_string("key").integer(7); }) ==
          "*2\r\n$3\r\nkey\r\n:7\r\n");
    CHECK(written([](Encoder& out) { out.wire(":1\r\n").wire("").wire(":2\r\n"); }) == ":1\r\n:2\r\n");
}

TEST_CASE("the version may change between values") {
    std::string text;
    Encoder out{text, Version::resp2};
    CHECK(out.version() == Version::resp2);
    out.null();
    out.set_version(Version::resp3);
    out.null();
    CHECK(text == "$-1\r\n_\r\n");
}

TEST_CASE("the smallest and the largest integer are written") {
    CHECK(written([](Encoder& out) { out.integer(std::numeric_limits<std::int64_t>::max()); }) ==
          ":9223372036854775807\r\n");
    CHECK(written([](Encoder& out) { out.integer(std::numeric_limits<std::int64_t>::min()); }) ==
          ":-9223372036854775808\r\n");
    for (const int number : {0, 9, 10, -1, -9, -10}) {
        CHECK(written([&](Encoder& out) { out.integer(number); }) == ':' + std::to_string(number) + "\r\n");
    }
}

TEST_CASE("lengths of any number of digits are written") {
    for (const std::size_t size : {9U, 10U, 99U, 100U, 70'000U}) {
        const std::string text = repeat("x", size);
        CHECK(written([&](Encoder& out) { out.bulk_string(text); }) ==
              '$' + std::to_string(size) + "\r\n" + text + "\r\n");
    }
    CHECK(written([](Encoder& out) { out.array(SIZE_MAX); }) == "*18446744073709551615\r\n");
}

TEST_CASE("a command is an array of bulk strings, with numbers in decimal") {
    CHECK(written([](Encoder& out) { out.command("PING"); }) == "*1\r\n$4\r\nPING\r\n");
    const std::string key = "key";
    CHECK(written([&](Encoder& out) { out.command("SET", key, std::string_view{"v w"}); }) ==
          "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\nv w\r\n");
    CHECK(written([](Encoder& out) {
              out.command("X", -1, 2U, std::int64_t{INT64_MIN}, UINT64_MAX, short{3});
          }) ==
          "*6\r\n$1\r\nX\r\n$2\r\n-1\r\n$1\r\n2\r\n$20\r\n-9223372036854775808\r\n"
          "$20\r\n18446744073709551615\r\n$1\r\n3\r\n");
}

TEST_CASE("the arguments of a command may be floating-point numbers") {
    CHECK(written([](Encoder& out) { out.command("INCRBYFLOAT", "k", 0.5, -1.5F); }) ==
          "*4\r\n$11\r\nINCRBYFLOAT\r\n$1\r\nk\r\n$3\r\n0.5\r\n$4\r\n-1.5\r\n");
}

TEST_CASE("a bulk string of an integer has its decimal text") {
    CHECK(written([](Encoder& out) { out.bulk_string(0).bulk_string(-42); }) == "$1\r\n0\r\n$3\r\n-42\r\n");
    CHECK(written([](Encoder& out) { out.bulk_string(UINT64_MAX); }) == "$20\r\n18446744073709551615\r\n");
    CHECK(written([](Encoder& out) { out.bulk_string(INT64_MIN); }) == "$20\r\n-9223372036854775808\r\n");
    CHECK(written([](Encoder& out) { out.bulk_string(std::uint8_t{200}).bulk_string(std::int8_t{-7}); }) ==
          "$3\r\n200\r\n$2\r\n-7\r\n");
    CHECK(in_resp2([](Encoder& out) { out.bulk_string(7L); }) == "$1\r\n7\r\n");
}

TEST_CASE("a bulk string of a floating-point number has its shortest text") {
    CHECK(written([](Encoder& out) { out.bulk_string(0.1).bulk_string(0.1F).bulk_string(0.5L); }) ==
          "$3\r\n0.1\r\n$3\r\n0.1\r\n$3\r\n0.5\r\n");
    CHECK(written([](Encoder& out) { out.bulk_string(-2.2250738585072014e-308); }) ==
          "$24\r\n-2.2250738585072014e-308\r\n");
    CHECK(written([](Encoder& out) { out.bulk_string(std::nan("")).bulk_string(-std::nan("")); }) ==
          "$3\r\nnan\r\n$3\r\nnan\r\n");
    CHECK(written([](Encoder& out) { out.bulk_string(INFINITY).bulk_string(-INFINITY); }) ==
          "$3\r\ninf\r\n$4\r\n-inf\r\n");
}

namespace {

template <class T>
concept WritableAsBulkString = requires(Encoder out, T value) { out.bulk_string(value); };

}  // namespace

TEST_CASE("a letter or a truth value is not a bulk string") {
    STATIC_REQUIRE(WritableAsBulkString<int>);
    STATIC_REQUIRE(WritableAsBulkString<std::string>);
    STATIC_REQUIRE(WritableAsBulkString<const char*>);
    STATIC_REQUIRE_FALSE(WritableAsBulkString<char>);
    STATIC_REQUIRE_FALSE(WritableAsBulkString<bool>);
    STATIC_REQUIRE_FALSE(WritableAsBulkString<wchar_t>);
    STATIC_REQUIRE_FALSE(WritableAsBulkString<std::nullptr_t>);
}

TEST_CASE("a simple string or error is one line for any text") {
    for (int c = 0; c != 256; ++c) {
        for (const bool error : {false, true}) {
            const std::string text = std::string{"a"} + static_cast<char>(c) + "+b" + static_cast<char>(c);
            const std::string bytes = written([&](Encoder& out) {
                if (error) {
                    out.simple_error(text);
                } else {
                    out.simple_string(text);
                }
            });
            CAPTURE(c, error);
            std::string expected = text;
            if (c == '\r' || c == '\n') expected = "a +b ";
            CHECK(decode_one(bytes).view().text() == expected);
            CHECK(decode_one(bytes).view().is_error() == error);
        }
    }
}

TEST_CASE("line breaks at the start, at the end and alone become spaces") {
    CHECK(written([](Encoder& out) { out.simple_string("\r\n"); }) == "+  \r\n");
    CHECK(written([](Encoder& out) { out.simple_error("\nERR\r"); }) == "- ERR \r\n");
    CHECK(in_resp2([](Encoder& out) { out.bulk_error("\r\n+OK\r\n"); }) == "-  +OK  \r\n");
}

TEST_CASE("a double is written as the shortest text that reads back as the same double") {
    CHECK(written([](Encoder& out) { out.double_(0.1); }) == ",0.1\r\n");
    CHECK(written([](Encoder& out) { out.double_(1e300); }) == ",1e+300\r\n");
    CHECK(written([](Encoder& out) { out.double_(-0.0); }) == ",-0\r\n");
    CHECK(written([](Encoder& out) { out.double_(INFINITY); }) == ",inf\r\n");
    CHECK(written([](Encoder& out) { out.double_(-INFINITY); }) == ",-inf\r\n");
    CHECK(written([](Encoder& out) { out.double_(-std::nan("")); }) == ",nan\r\n");
    CHECK(in_resp2([](Encoder& out) { out.double_(-INFINITY); }) == "$4\r\n-inf\r\n");
}

TEST_CASE("a written double reads back as the same double") {
    using Limits = std::numeric_limits<double>;
    for (const double value :
         {0.1, 1.0 / 3, 1e22, 123456789.125, Limits::max(), Limits::lowest(), Limits::min(),
          Limits::denorm_min(), Limits::epsilon(), 9007199254740993.0, -2.5e-300}) {
        CAPTURE(value);
        CHECK(decode_one(written([&](Encoder& out) { out.double_(value); })).view().as_double() == value);
    }
}

TEST_CASE("a text of every short length is written whole") {
    for (std::size_t size = 0; size != 130; ++size) {
        std::string text(size, '\0');
        for (std::size_t i = 0; i != size; ++i) text[i] = static_cast<char>('!' + i % 90);
        CAPTURE(size);
        const std::string bulk = "$" + std::to_string(size) + "\r\n" + text + "\r\n";
        CHECK(written([&](Encoder& out) { out.bulk_string(text); }) == bulk);
        CHECK(written([&](Encoder& out) { out.simple_string(text); }) == "+" + text + "\r\n");
        CHECK(written([&](Encoder& out) { out.command(text, size); }) ==
              "*2\r\n" + bulk + "$" + std::to_string(std::to_string(size).size()) + "\r\n" +
                  std::to_string(size) + "\r\n");
    }
}

TEST_CASE("integers with 1 to 19 digits are written in decimal") {
    for (std::uint64_t power = 1, digits = 1; digits != 20; ++digits, power *= 10) {
        const auto value = static_cast<std::int64_t>(power);
        for (const std::int64_t near : {value - 1, value, value + 1}) {
            CHECK(written([&](Encoder& out) { out.integer(near); }) == ":" + std::to_string(near) + "\r\n");
            CHECK(written([&](Encoder& out) { out.integer(-near); }) == ":" + std::to_string(-near) + "\r\n");
        }
    }
    CHECK(written([](Encoder& out) { out.integer(std::numeric_limits<std::int64_t>::min()); }) ==
          ":-9223372036854775808\r\n");
}

TEST_CASE("an argument of a command is converted to text only once") {
    // Returns a longer text with each conversion.
    struct Growing {
        mutable std::string text;
        operator std::string_view() const { return text += std::string(5'000, 'x'); }
    };
    resp::Buffer bytes;
    const Growing growing;
    resp::Encoder{bytes}.command("SET", growing);
    CHECK(growing.text.size() == 5'000);
    CHECK(bytes.view().starts_with("*2\r\n$3\r\nSET\r\n$5000\r\nxxx"));
}
