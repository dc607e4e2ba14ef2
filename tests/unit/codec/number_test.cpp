// Headers and numbers, read eight bytes at a time.
#include "codec/fast/plain.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/catch.hpp"

namespace {

/// The size of the plain integer that `text` begins with, whose value must be right. 0 if the tokenizer has
/// to read it. `rest` follows the text; it must not change the result.
std::size_t integer_size(const std::string& text, const std::string& rest) {
    const std::string bytes = text + rest;
    const resp::wire::PlainNumber number =
        resp::wire::plain_integer(bytes.data(), bytes.data() + bytes.size());
    if (number.size == 0) return 0;
    std::int64_t expected = 0;
    std::from_chars(bytes.data(), bytes.data() + number.size, expected);
    CHECK(static_cast<std::int64_t>(number.value) == expected);
    return number.size;
}

/// The number of bytes of `text` that are a plain double, with `rest` after it.
std::ptrdiff_t double_size(const std::string& text, const std::string& rest) {
    const std::string bytes = text + rest;
    return resp::wire::plain_double(bytes.data(), bytes.data() + bytes.size()) - bytes.data();
}

}  // namespace

TEST_CASE("a short header has one or two digits") {
    std::uint32_t length = 99;
    CHECK(resp::wire::short_header("$7\r\nx", length) == 4);
    CHECK(length == 7);
    CHECK(resp::wire::short_header("$42\r\n", length) == 5);
    CHECK(length == 42);
    CHECK(resp::wire::short_header("$0\r\n\r", length) == 4);
    CHECK(length == 0);
    CHECK(resp::wire::short_header("$07\r\n", length) == 0);
    CHECK(resp::wire::short_header("$123\r\n", length) == 0);
    CHECK(resp::wire::short_header("$-1\r\n", length) == 0);
    CHECK(resp::wire::short_header("$?\r\n;", length) == 0);
    CHECK(resp::wire::short_header("$7\n\r\n", length) == 0);
}

TEST_CASE("a long header has three to seven digits, is within its limit and has ten readable bytes") {
    const auto read = [](std::string_view bytes, std::size_t most = 9'999'999) {
        std::uint32_t length = 7;
        const std::size_t size =
            resp::wire::long_header(bytes.data(), bytes.data() + bytes.size(), most, length);
        if (size == 0) return std::string{length == 7 ? "none" : "none, but its length"};
        return std::to_string(size) + " for " + std::to_string(length);
    };
    CHECK(read("$123\r\n....") == "6 for 123");
    CHECK(read("$9999999\r\n") == "10 for 9999999");
    CHECK(read("$1000\r\n...", 1000) == "7 for 1000");
    CHECK(read("$1001\r\n...", 1000) == "none");
    CHECK(read("$42\r\n.....") == "none");
    CHECK(read("$12345678\r\n") == "none");
    CHECK(read("$012\r\n....") == "none");
    CHECK(read("$-12\r\n....") == "none");
    CHECK(read("$123\n\r....") == "none");
    CHECK(read("$123\r\n...") == "none");
}

TEST_CASE("a plain integer of any length and sign is read if eleven bytes are readable") {
    const std::string digits = "908172635445362719";
    for (std::size_t length = 1; length <= digits.size(); ++length) {
        for (const std::string sign : {"", "-"}) {
            const std::string text = (sign + digits).substr(0, length + sign.size());
            if (text.size() > digits.size()) continue;
            for (const std::string rest :
                 {"\r\n", "\r\n:1\r\n", "\r\n-45678901234567890123", "x\r\n0000000000"}) {
                INFO(text << rest);
                const bool readable = text.size() + rest.size() >= 11;
                CHECK(integer_size(text, rest) == (readable ? text.size() : 0));
            }
        }
    }
    CHECK(integer_size("0", "\r\n:1\r\n:2\r\n:3\r\n") == 1);
}

TEST_CASE("text that is not a plain integer is not taken") {
    const std::string rest = "\r\n:1\r\n:2\r\n:3\r\n:4\r\n";
    for (const std::string text : {"", "-", "--1", "+1", "a", "-a", "01", "00", "-0", "-01", "-00000000",
                                   "00000000", "012345678", "\r1", "/1", ":1"}) {
        INFO(text);
        CHECK(integer_size(text, rest) == 0);
    }
    // Only as many digits are taken as always fit. No CRLF follows them, so the caller refuses the value.
    CHECK(integer_size("9223372036854775807", rest) == 18);
    CHECK(integer_size("99999999999999999999", rest) == 18);
}

TEST_CASE("a double is read to the end of its plain form") {
    for (const std::string rest : {"\r\n", "\r\n+1234567890\r\n"}) {
        for (const std::string text : {"1", "-1", "0.5", "-12345678.12345678", "123456789012.5", "1e5", "1E5",
                                       "-1.5e+10", "2.25e-300", "1e0123456789"}) {
            INFO(text);
            CHECK(double_size(text, rest) == static_cast<std::ptrdiff_t>(text.size()));
        }
    }
    const std::string rest = "\r\n+1234567890\r\n";
    for (const std::string text : {"", "-", ".", ".5", "e5", "inf", "-inf", "nan", "+1", "--1"}) {
        INFO(text);
        CHECK(double_size(text, rest) == 0);
    }
    CHECK(double_size("1.", rest) == 1);
    CHECK(double_size("1.e5", rest) == 1);
    CHECK(double_size("1e", rest) == 1);
    CHECK(double_size("1e+", rest) == 1);
    CHECK(double_size("1e+-5", rest) == 1);
    CHECK(double_size("1.5e--5", rest) == 3);
    CHECK(double_size("1.5.5", rest) == 3);
    CHECK(double_size("1e5e5", rest) == 3);
}
