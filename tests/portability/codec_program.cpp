// A program on the codec alone, without a test framework. It runs with standard libraries and compiler flags
// that the test suite itself cannot use: libc++, -fno-exceptions. It checks what depends on them: doubles,
// allocation, streams.
#include <libresp/codec.hpp>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

namespace {

int failures = 0;

void check(bool holds, const char* what) {
    if (holds) return;
    std::printf("failed: %s\n", what);
    ++failures;
}

double read_double(std::string_view wire) {
    const auto parsed = resp::parse(wire);
    return parsed ? (*parsed).view().as_double() : -12345;
}

void check_doubles() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    check(read_double(",0.1\r\n") == 0.1, "0.1");
    check(read_double(",+1.5e3\r\n") == 1500, "+1.5e3");
    check(read_double(",-9007199254740993\r\n") == -9007199254740992, "halfway, to even");
    check(read_double(",9007199254740993.00000000000000000000000001\r\n") == 9007199254740994,
          "above halfway");
    check(read_double(",4.9e-324\r\n") == std::numeric_limits<double>::denorm_min(), "the smallest");
    check(read_double(",1.7976931348623157e308\r\n") == std::numeric_limits<double>::max(), "the largest");
    check(read_double(",1e309\r\n") == infinity && read_double(",-1e309\r\n") == -infinity, "too large");
    check(read_double(",1e-400\r\n") == 0 && std::signbit(read_double(",-1e-400\r\n")), "too small");
    check(read_double(",inf\r\n") == infinity && read_double(",-inf\r\n") == -infinity, "infinities");
    check(std::isnan(read_double(",NAN(0x8000)\r\n")), "NaN");
    check(read_double(",1" + std::string(60'000, '0') + "e-60000\r\n") == 1, "60,000 digits");
}

void check_round_trip() {
    std::string bytes;
    resp::Encoder out{bytes};
    for (const double value : {0.1, 1.0 / 3, -2.5e-300, 1e22, 123456789.125}) {
        bytes.clear();
        out.double_(value);
        check(read_double(bytes) == value, "a written double reads back");
    }
    bytes.clear();
    out.bulk_string(0.1F).bulk_string(-42).bulk_string(std::nan(""));
    check(bytes == "$3\r\n0.1\r\n$3\r\n-42\r\n$3\r\nnan\r\n", "numbers are bulk strings");
}

void check_stream() {
    std::string bytes;
    resp::Encoder out{bytes};
    for (int i = 0; i != 1000; ++i) out.command("SET", "key", i).map(1).bulk_string("k").double_(i * 0.5);
    resp::Decoder decoder;
    std::size_t frames = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
        const std::string piece = bytes.substr(at, 7);
        decoder.feed(piece);
        while (const auto frame = decoder.next()) {
            const resp::Value value{*frame};
            check(value == *frame && !to_string(value).empty(), "a copy is equal");
            ++frames;
        }
        decoder.release();
    }
    check(frames == 2000 && !decoder.error() && decoder.pending() == 0, "every frame is decoded");
    decoder.feed(std::string_view{"$x\r\n"});
    check(!decoder.next() && decoder.error()->message() == "invalid bulk length", "an error has a text");
}

void check_command() {
    const auto parsed = resp::parse("GET 'a b' c\r\n", {}, resp::Reads::commands);
    std::string words;
    for (const std::string_view word : resp::Command{*parsed}) words += resp::escaped(word) + ';';
    check(words == "GET;a b;c;", "the words of a command");
}

}  // namespace

int main() {
    check_doubles();
    check_round_trip();
    check_stream();
    check_command();
    if (failures == 0) std::puts("ok");
    return failures == 0 ? 0 : 1;
}
