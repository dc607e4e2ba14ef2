// The error category and the texts of errors.
#include <libresp/codec/error.hpp>

#include <set>
#include <string>

#include "support/catch.hpp"

using resp::DecodeError;
using resp::Errc;

namespace {

const Errc limit_codes[] = {Errc::line_too_long,     Errc::inline_too_long, Errc::bulk_too_long,
                            Errc::too_many_elements, Errc::too_deep,        Errc::frame_too_long};
constexpr int first_code = static_cast<int>(Errc::incomplete);
constexpr int last_code = static_cast<int>(Errc::frame_too_long);

bool is_one_of_limits(Errc code) {
    for (const Errc limit : limit_codes) {
        if (limit == code) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("every code equals either std::errc::message_size or std::errc::protocol_error") {
    for (int number = first_code; number <= last_code; ++number) {
        const auto code = static_cast<Errc>(number);
        CAPTURE(number);
        CHECK(resp::is_limit(code) == is_one_of_limits(code));
        CHECK((std::error_code{code} == std::errc::message_size) == is_one_of_limits(code));
        CHECK((std::error_code{code} == std::errc::protocol_error) == !is_one_of_limits(code));
    }
}

TEST_CASE("every code has a different text") {
    std::set<std::string> texts;
    for (int number = first_code; number <= last_code; ++number) {
        texts.insert(std::error_code{static_cast<Errc>(number)}.message());
    }
    CHECK(texts.size() == static_cast<std::size_t>(last_code - first_code + 1));
    CHECK(texts.count("unknown error") == 0);
}

TEST_CASE("a number that is not a code is an unknown error") {
    CHECK(resp::error_category().message(0) == "unknown error");
    CHECK(resp::error_category().message(999) == "unknown error");
}

TEST_CASE("the category has a name and exists once") {
    CHECK(std::string{resp::error_category().name()} == "resp");
    CHECK(&std::error_code{Errc::bad_type}.category() == &resp::error_category());
}

TEST_CASE("errors in requests have the texts of Redis") {
    CHECK(DecodeError{Errc::bad_count, 1, 'x'}.message() == "invalid multibulk length");
    CHECK(DecodeError{Errc::too_many_elements, 1, '9'}.message() == "invalid multibulk length");
    CHECK(DecodeError{Errc::bad_length, 1, 'x'}.message() == "invalid bulk length");
    CHECK(DecodeError{Errc::bulk_too_long, 1, '9'}.message() == "invalid bulk length");
    CHECK(DecodeError{Errc::unbalanced_quotes, 1, 'x'}.message() == "unbalanced quotes in request");
    CHECK(DecodeError{Errc::inline_too_long, 1, 'x'}.message() == "too big inline request");
    CHECK(DecodeError{Errc::expected_bulk, 4, 'w'}.message() == "expected '$', got 'w'");
}

TEST_CASE("an error message contains printable bytes only") {
    for (int c = 0; c != 256; ++c) {
        for (const Errc code : {Errc::expected_bulk, Errc::bad_type}) {
            const std::string text = DecodeError{code, 0, static_cast<char>(c)}.message();
            CAPTURE(c, text);
            CHECK(text.find_first_not_of(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                                         "abcdefghijklmnopqrstuvwxyz{|}~") == std::string::npos);
        }
    }
}

TEST_CASE("a message shows CR and LF as a space and other control bytes in hexadecimal") {
    CHECK(DecodeError{Errc::expected_bulk, 0, '\r'}.message() == "expected '$', got ' '");
    CHECK(DecodeError{Errc::expected_bulk, 0, '\n'}.message() == "expected '$', got ' '");
    CHECK(DecodeError{Errc::expected_bulk, 0, '\x1b'}.message() == "expected '$', got '\\x1b'");
    CHECK(DecodeError{Errc::bad_type, 0, '\xff'}.message() == "unknown type '\\xff'");
    CHECK(DecodeError{Errc::bad_type, 0, '\0'}.message() == "unknown type '\\x00'");
}

TEST_CASE("errors that Redis does not know have plain texts") {
    CHECK(DecodeError{Errc::trailing_data, 0, 'x'}.message() == "extra bytes after the value");
    CHECK(DecodeError{Errc::bad_line, 0, 'x'}.message() == "line does not end with CRLF");
    CHECK(DecodeError{Errc::bad_terminator, 0, 'x'}.message() == "string does not end with CRLF");
    CHECK(DecodeError{Errc::line_too_long, 0, 'x'}.message() == "line too long");
    CHECK(DecodeError{Errc::too_deep, 0, 'x'}.message() == "nested too deeply");
    CHECK(DecodeError{Errc::frame_too_long, 0, 'x'}.message() == "frame too long");
}

TEST_CASE("two errors are equal if their codes, offsets and bytes are equal") {
    const DecodeError error{Errc::bad_type, 3, 'x'};
    CHECK(error == DecodeError{Errc::bad_type, 3, 'x'});
    CHECK_FALSE(error == DecodeError{Errc::bad_type, 4, 'x'});
    CHECK_FALSE(error == DecodeError{Errc::bad_line, 3, 'x'});
}
