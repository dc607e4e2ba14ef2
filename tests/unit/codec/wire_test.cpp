// The smallest pieces of the grammar, without a decoder.
#include <libresp/codec/wire.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "support/catch.hpp"
#include "support/describe.hpp"

using resp::Type;
using resp::wire::Outcome;

namespace {

resp::wire::Decimal read(std::string_view text, std::uint64_t max = 1000) {
    return resp::wire::read_decimal(text.data(), text.data() + text.size(), max);
}

/// Where reading ended and how: "done 5", "bad_byte 1".
std::string told(std::string_view text, std::uint64_t max = 1000) {
    static const char* const names[] = {"done ", "partial ", "bad_byte ", "bad_line ", "overflow "};
    const resp::wire::Decimal decimal = read(text, max);
    return names[static_cast<int>(decimal.outcome)] + std::to_string(decimal.at - text.data());
}

/// How many characters of a text DoubleSyntax takes; -1 where all of them are no whole double.
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

TEST_CASE("each type has a name and a byte of its own") {
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

TEST_CASE("types know what they hold") {
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

TEST_CASE("a decimal is read up to behind its CRLF") {
    CHECK(told("0\r\n") == "done 3");
    CHECK(told("12\r\nrest") == "done 4");
    CHECK(read("12\r\n").value == 12);
}

TEST_CASE("a cut decimal is partial at the byte that is to come") {
    CHECK(told("") == "partial 0");
    CHECK(told("12") == "partial 2");
    CHECK(told("12\r") == "partial 2");
}

TEST_CASE("a wrong byte of a decimal is told where it stands") {
    CHECK(told("\r\n") == "bad_byte 0");
    CHECK(told("-1\r\n") == "bad_byte 0");
    CHECK(told("+1\r\n") == "bad_byte 0");
    CHECK(told(" 1\r\n") == "bad_byte 0");
    CHECK(told("1 \r\n") == "bad_byte 1");
    CHECK(told("00\r\n") == "bad_byte 1");
    CHECK(told("01\r\n") == "bad_byte 1");
    CHECK(told("1x") == "bad_byte 1");
}

TEST_CASE("a bare LF or a CR without LF is a bad line") {
    CHECK(told("\n") == "bad_line 0");
    CHECK(told("1\n") == "bad_line 1");
    CHECK(told("1\rx") == "bad_line 2");
    CHECK(told("1\r\r\n") == "bad_line 2");
}

TEST_CASE("a decimal overflows at the digit that takes it over its bound") {
    CHECK(told("1000\r\n") == "done 6");
    CHECK(told("1001\r\n") == "overflow 3");
    CHECK(told("9999") == "overflow 3");
    CHECK(told("5\r\n", 4) == "overflow 0");
    CHECK(told("12\r\n", 5) == "overflow 1");
    CHECK(told("0\r\n", 0) == "done 3");
    CHECK(told("1\r\n", 0) == "overflow 0");
}

TEST_CASE("a decimal of 64 bits is read to its last value") {
    constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    CHECK(read("18446744073709551615\r\n", largest).value == largest);
    CHECK(told("18446744073709551616\r\n", largest) == "overflow 19");
    CHECK(told("99999999999999999999\r\n", largest) == "overflow 19");
    CHECK(told("184467440737095516150\r\n", largest) == "overflow 20");
}

TEST_CASE("a line's end is found at every position and never behind the end") {
    for (std::size_t size = 0; size != 40; ++size) {
        for (std::size_t at = 0; at <= size; ++at) {
            for (const char c : {'\r', '\n'}) {
                std::string text(size, '\x8d');  // a high bit and the low bits of CR
                if (at != size) text[at] = c;
                text += c;  // behind the end
                CAPTURE(size, at);
                CHECK(resp::wire::find_line_end(text.data(), text.data() + size) - text.data() ==
                      static_cast<std::ptrdiff_t>(at));
            }
        }
    }
}

TEST_CASE("bytes next to CR and LF do not end a line") {
    std::string text;
    for (int c = 0; c != 256; ++c) {
        if (c != '\r' && c != '\n') text += static_cast<char>(c);
    }
    text += '\n';
    CHECK(resp::wire::find_line_end(text.data(), text.data() + text.size()) - text.data() == 254);
}

TEST_CASE("doubles are taken in the forms of RESP3") {
    for (const char* const text : {"0", "-0", "10", "1.5", "-1.5", "1e3", "1E3", "1e+3", "1.5e-3", "inf",
                                   "-inf", "nan", "-nan", "007", "1e007"}) {
        CAPTURE(text);
        CHECK(taken(text) == static_cast<int>(std::string_view{text}.size()));
    }
}

TEST_CASE("other forms of doubles are refused at the first wrong character") {
    CHECK(taken("+1") == 0);
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
    CHECK(taken("NaN") == 0);
    CHECK(taken("infinity") == 3);
    CHECK(taken("nan(1)") == 3);
}

TEST_CASE("the beginning of a double is not complete") {
    for (const char* const text : {"", "-", "1.", "1e", "1e+", "i", "in", "-in", "n", "na"}) {
        CAPTURE(text);
        CHECK(taken(text) == -1);
    }
}

TEST_CASE("a double's text becomes the nearest double") {
    using resp::wire::to_double;
    CHECK(to_double("0.1") == 0.1);
    CHECK(to_double("-1.5e3") == -1500);
    CHECK(to_double("9007199254740993") == 9007199254740992);
    CHECK(to_double("1.7976931348623157e308") == std::numeric_limits<double>::max());
    CHECK(to_double("4.9e-324") == std::numeric_limits<double>::denorm_min());
    CHECK(std::signbit(to_double("-0")));
}

TEST_CASE("infinities and nan are read") {
    using resp::wire::to_double;
    CHECK(to_double("inf") == std::numeric_limits<double>::infinity());
    CHECK(to_double("-inf") == -std::numeric_limits<double>::infinity());
    CHECK(std::isnan(to_double("nan")));
    CHECK(std::isnan(to_double("-nan")));
}

TEST_CASE("a number that no double holds is an infinity or zero") {
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

TEST_CASE("a long mantissa and an exponent against it make a small number") {
    using resp::wire::to_double;
    CHECK(to_double('1' + support::repeat("0", 60'000) + "e-60000") == 1);
    CHECK(to_double("0." + support::repeat("0", 60'000) + "25e60001") == 2.5);
    CHECK(to_double('1' + support::repeat("0", 400) + "e-800") == 0);
    CHECK(to_double("0." + support::repeat("0", 400) + "1e800") == std::numeric_limits<double>::infinity());
}
