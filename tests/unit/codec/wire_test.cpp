// The smallest pieces of the grammar, without a decoder: numbers, line ends and doubles.
#include <libresp/codec/wire.hpp>

#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "codec/strtod.hpp"
#include "support/catch.hpp"
#include "support/describe.hpp"

using resp::Type;
using resp::wire::Outcome;

namespace {

resp::wire::Decimal read(std::string_view text, std::uint64_t max = 1000) {
    return resp::wire::read_decimal(text.data(), text.data() + text.size(), max);
}

/// How reading ended, and where: "done 5", "bad_byte 1".
std::string outcome(std::string_view text, std::uint64_t max = 1000) {
    static const char* const names[] = {"done ", "partial ", "bad_byte ", "bad_line ", "overflow "};
    const resp::wire::Decimal decimal = read(text, max);
    return names[static_cast<int>(decimal.outcome)] + std::to_string(decimal.at - text.data());
}

/// The number of bytes that DoubleSyntax takes; -1 if it takes all of them and they are not a whole double.
int taken(std::string_view text) {
    resp::wire::DoubleSyntax syntax;
    int n = 0;
    for (const char c : text) {
        if (!syntax.take(c)) return n;
        ++n;
    }
    return syntax.complete() ? n : -1;
}

}  // namespace

TEST_CASE("each type has a name and a type byte") {
    CHECK(resp::name(Type::simple_string) == "simple string");
    CHECK(resp::name(Type::double_) == "double");
    CHECK(resp::name(Type::null_bulk_string) == "null bulk string");
    CHECK(resp::name(Type{}) == "no type");
    CHECK(resp::wire::byte(Type::verbatim_string) == '=');
    CHECK(resp::wire::byte(Type::big_number) == '(');
}

TEST_CASE("exactly fifteen bytes begin a value") {
    std::string types;
    for (int c = 0; c != 256; ++c) {
        if (resp::wire::is_type_byte(static_cast<char>(c))) types += static_cast<char>(c);
    }
    CHECK(types == "!#$%(*+,-:=>_|~");
}

TEST_CASE("is_aggregate(), has_pairs() and is_null() know every type") {
    CHECK(resp::is_aggregate(Type::push));
    CHECK(resp::is_aggregate(Type::attribute));
    CHECK_FALSE(resp::is_aggregate(Type::null_array));
    CHECK(resp::has_pairs(Type::map));
    CHECK(resp::has_pairs(Type::attribute));
    CHECK_FALSE(resp::has_pairs(Type::set));
    CHECK(resp::is_null(Type::null));
    CHECK(resp::is_null(Type::null_array));
    CHECK_FALSE(resp::is_null(Type::array));
}

TEST_CASE("a decimal is read to the end of its CRLF") {
    CHECK(outcome("0\r\n") == "done 3");
    CHECK(outcome("12\r\nrest") == "done 4");
    CHECK(read("12\r\n").value == 12);
}

TEST_CASE("a cut decimal is partial at the first missing byte") {
    CHECK(outcome("") == "partial 0");
    CHECK(outcome("12") == "partial 2");
    CHECK(outcome("12\r") == "partial 2");
}

TEST_CASE("a wrong byte in a decimal is reported at its position") {
    CHECK(outcome("\r\n") == "bad_byte 0");
    CHECK(outcome("-1\r\n") == "bad_byte 0");
    CHECK(outcome("+1\r\n") == "bad_byte 0");
    CHECK(outcome(" 1\r\n") == "bad_byte 0");
    CHECK(outcome("1 \r\n") == "bad_byte 1");
    CHECK(outcome("00\r\n") == "bad_byte 1");
    CHECK(outcome("01\r\n") == "bad_byte 1");
    CHECK(outcome("1x") == "bad_byte 1");
}

TEST_CASE("an LF without CR or a CR without LF is a bad line") {
    CHECK(outcome("\n") == "bad_line 0");
    CHECK(outcome("1\n") == "bad_line 1");
    CHECK(outcome("1\rx") == "bad_line 2");
    CHECK(outcome("1\r\r\n") == "bad_line 2");
}

TEST_CASE("a decimal overflows at the digit that exceeds the maximum") {
    CHECK(outcome("1000\r\n") == "done 6");
    CHECK(outcome("1001\r\n") == "overflow 3");
    CHECK(outcome("9999") == "overflow 3");
    CHECK(outcome("5\r\n", 4) == "overflow 0");
    CHECK(outcome("12\r\n", 5) == "overflow 1");
    CHECK(outcome("0\r\n", 0) == "done 3");
    CHECK(outcome("1\r\n", 0) == "overflow 0");
}

TEST_CASE("a decimal is read up to the largest 64-bit value") {
    constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    CHECK(read("18446744073709551615\r\n", largest).value == largest);
    CHECK(outcome("18446744073709551616\r\n", largest) == "overflow 19");
    CHECK(outcome("99999999999999999999\r\n", largest) == "overflow 19");
    CHECK(outcome("184467440737095516150\r\n", largest) == "overflow 20");
}

TEST_CASE("a line end is found at every position and never after the end of the bytes") {
    for (std::size_t size = 0; size != 40; ++size) {
        for (std::size_t at = 0; at <= size; ++at) {
            for (const char c : {'\r', '\n'}) {
                std::string text(size, '\x8d');  // the low bits of CR with the high bit set
                if (at != size) text[at] = c;
                text += c;  // after the end
                CAPTURE(size, at);
                CHECK(resp::wire::find_line_end(text.data(), text.data() + size) - text.data() ==
                      static_cast<std::ptrdiff_t>(at));
            }
        }
    }
}

TEST_CASE("only CR and LF end a line") {
    std::string text;
    for (int c = 0; c != 256; ++c) {
        if (c != '\r' && c != '\n') text += static_cast<char>(c);
    }
    text += '\n';
    CHECK(resp::wire::find_line_end(text.data(), text.data() + text.size()) - text.data() == 254);
}

TEST_CASE("a double may have any form that RESP3 allows") {
    for (const char* const text : {"0", "-0", "10", "1.5", "-1.5", "1e3", "1E3", "1e+3", "1.5e-3", "inf",
                                   "-inf", "nan", "-nan", "007", "1e007", "+1", "+1.5e3", "+inf", "+0"}) {
        CAPTURE(text);
        CHECK(taken(text) == static_cast<int>(std::string_view{text}.size()));
    }
}

TEST_CASE("a malformed double is refused at its first wrong byte") {
    CHECK(taken(".5") == 0);
    CHECK(taken(" 1") == 0);
    CHECK(taken("--1") == 1);
    CHECK(taken("0x1") == 1);
    CHECK(taken("1.e3") == 2);
    CHECK(taken("1..") == 2);
    CHECK(taken("1.5.") == 3);
    CHECK(taken("1e3.") == 3);
    CHECK(taken("1e+-3") == 3);
    CHECK(taken("INF") == 0);
    CHECK(taken("Inf") == 0);
    CHECK(taken("infinity") == 3);
    CHECK(taken("+-1") == 1);
    CHECK(taken("++1") == 1);
    CHECK(taken("+.5") == 1);
    CHECK(taken("nano") == 3);
    CHECK(taken("nan ") == 3);
    CHECK(taken("nan(-)") == 4);
    CHECK(taken("nan((") == 4);
    CHECK(taken("nan(1.5)") == 5);
    CHECK(taken("nan(1)(") == 6);
}

TEST_CASE("a NaN may have any spelling of the C library") {
    for (const char* const text : {"NAN", "-NAN", "+nan", "NaN", "nAn", "nan()", "nan(0x8000)", "-nan(ind)",
                                   "NaN(snan_Z_09)", "+NAN(0)"}) {
        CAPTURE(text);
        CHECK(taken(text) == static_cast<int>(std::string_view{text}.size()));
        CHECK(std::isnan(resp::wire::to_double(text)));
    }
}

TEST_CASE("the beginning of a double is not complete") {
    for (const char* const text :
         {"", "-", "1.", "1e", "1e+", "i", "in", "-in", "n", "na", "+", "nan(", "nan(0x1"}) {
        CAPTURE(text);
        CHECK(taken(text) == -1);
    }
}

TEST_CASE("the text of a double becomes the nearest double") {
    using resp::wire::to_double;
    CHECK(to_double("0.1") == 0.1);
    CHECK(to_double("-1.5e3") == -1500);
    CHECK(to_double("+1.5e3") == 1500);
    CHECK(to_double("9007199254740993") == 9007199254740992);
    CHECK(to_double("1.7976931348623157e308") == std::numeric_limits<double>::max());
    CHECK(to_double("4.9e-324") == std::numeric_limits<double>::denorm_min());
    CHECK(std::signbit(to_double("-0")));
}

TEST_CASE("infinities and NaN are read") {
    using resp::wire::to_double;
    CHECK(to_double("inf") == std::numeric_limits<double>::infinity());
    CHECK(to_double("-inf") == -std::numeric_limits<double>::infinity());
    CHECK(to_double("+inf") == std::numeric_limits<double>::infinity());
    CHECK(std::isnan(to_double("nan")));
    CHECK(std::isnan(to_double("-nan")));
}

TEST_CASE("a number outside the range of a double is an infinity or zero") {
    using resp::wire::to_double;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    CHECK(to_double("1e309") == infinity);
    CHECK(to_double("-1e309") == -infinity);
    CHECK(to_double("1e99999999999999999999999999") == infinity);
    CHECK(to_double("1e-99999999999999999999999999") == 0);
    CHECK(std::signbit(to_double("-1e-400")));
    CHECK(to_double('1' + support::repeat("0", 400)) == infinity);
    CHECK(to_double("0." + support::repeat("0", 400) + '1') == 0);
    CHECK(to_double("0e99999") == 0);
    CHECK(to_double("0.000e99999999999999999999") == 0);
}

TEST_CASE("a long mantissa and an opposite exponent cancel out") {
    using resp::wire::to_double;
    CHECK(to_double('1' + support::repeat("0", 60'000) + "e-60000") == 1);
    CHECK(to_double("0." + support::repeat("0", 60'000) + "25e60001") == 2.5);
    CHECK(to_double('1' + support::repeat("0", 400) + "e-800") == 0);
    CHECK(to_double("0." + support::repeat("0", 700) + "1e300") == 0);
    CHECK(to_double('1' + support::repeat("0", 700) + "e-300") == std::numeric_limits<double>::infinity());
    CHECK(to_double("0." + support::repeat("0", 400) + "1e800") == std::numeric_limits<double>::infinity());
}

// ---- the way without std::from_chars()

namespace {

/// The double nearest to a text without sign, as the standard library reads it.
double from_chars(std::string_view text) {
    double value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

TEST_CASE("the C library reads what std::from_chars() reads") {
    using resp::wire::decimal_to_double;
    std::mt19937_64 random;
    for (int i = 0; i != 20'000; ++i) {
        const double value = std::bit_cast<double>(random() >> 1);
        if (!std::isfinite(value)) continue;
        char room[1200];
        for (const auto format : {std::chars_format::general, std::chars_format::scientific}) {
            const std::string text{room, std::to_chars(room, room + sizeof room, value, format).ptr};
            CAPTURE(text);
            REQUIRE(decimal_to_double(text) == value);
        }
    }
}

TEST_CASE("the C library reads any form of a decimal as std::from_chars() does") {
    using resp::wire::decimal_to_double;
    for (const std::string text :
         {"0", "0.0", "000", "0e5", "007.250", "1", "10", "0.1", "123.456e-7", "1E+22", "9007199254740993",
          "9007199254740992.99999999999999999999", "2.2250738585072011e-308", "2.2250738585072014e-308",
          "4.9406564584124654e-324", "1.7976931348623157e308", "0.00000000000000000000000000000001e32",
          "100000000000000000000000000000000e-32"}) {
        CAPTURE(text);
        CHECK(decimal_to_double(text) == from_chars(text));
    }
}

TEST_CASE("the C library's way shifts digits by a long exponent") {
    using resp::wire::decimal_to_double;
    CHECK(decimal_to_double('1' + support::repeat("0", 60'000) + "e-60000") == 1);
    CHECK(decimal_to_double("0." + support::repeat("0", 60'000) + "25e60001") == 2.5);
}

TEST_CASE("a decimal halfway between two doubles is rounded by its last digit") {
    using resp::wire::decimal_to_double;
    const std::string even = "9007199254740993." + support::repeat("0", 1000);
    CHECK(decimal_to_double(even) == 9007199254740992);
    CHECK(decimal_to_double(even + "1") == 9007199254740994);
    CHECK(decimal_to_double(even + "0") == 9007199254740992);
}

TEST_CASE("a decimal outside the range of a double leaves errno unchanged") {
    using resp::wire::decimal_to_double;
    errno = 42;
    CHECK(decimal_to_double("1e309") == std::numeric_limits<double>::infinity());
    CHECK(decimal_to_double("1e-999999999999999999999") == 0);
    CHECK(decimal_to_double("0e999999999999999999999") == 0);
    CHECK(errno == 42);
}

TEST_CASE("a decimal of 64 KiB is read exactly") {
    using resp::wire::decimal_to_double;
    CHECK(decimal_to_double('1' + support::repeat("0", 60'000) + "e-60000") == 1);
    CHECK(decimal_to_double("0." + support::repeat("0", 60'000) + "25e60001") == 2.5);
    CHECK(decimal_to_double(support::repeat("0", 60'000) + "1.5") == 1.5);
    CHECK(decimal_to_double("0." + support::repeat("3", 60'000)) == 1.0 / 3);
}
