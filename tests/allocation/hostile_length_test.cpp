// Whatever length a header announces, decoding allocates at most 64 KiB plus twice the received bytes. The
// test adds up all allocations, not only the memory held at the end.
#include "failing_allocator.hpp"
#include "support/catch.hpp"

#include <libresp/codec/decoder.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr std::size_t base = 64 * 1024;

/// At and beside each power of two, each limit and each end of a type, and texts that are not a length.
std::vector<std::string> lengths() {
    std::vector<std::string> all = {"-1",
                                    "-2",
                                    "+1",
                                    "?",
                                    "00",
                                    "01",
                                    "9223372036854775808",
                                    "1e9",
                                    "18446744073709551615",
                                    "18446744073709551616",
                                    std::string(31, '9'),
                                    "536936448",
                                    "1048575",
                                    "65535"};
    for (unsigned bit = 0; bit != 64; ++bit) {
        const std::uint64_t power = std::uint64_t{1} << bit;
        for (const std::uint64_t n : {power - 1, power, power + 1}) all.push_back(std::to_string(n));
    }
    return all;
}

/// Headers that announce a length, some inside other values.
constexpr std::string_view headers[] = {"$",
                                        "!",
                                        "=",
                                        "*",
                                        "~",
                                        "%",
                                        "|",
                                        ">",
                                        "$?\r\n;",
                                        "*1\r\n$",
                                        "*2\r\n$1\r\na\r\n$",
                                        "*1\r\n*",
                                        "%1\r\n+k\r\n*",
                                        "*?\r\n$",
                                        "|1\r\n+k\r\n$",
                                        "*1\r\n=",
                                        "~1\r\n%"};
constexpr std::string_view rests[] = {"",          "\r\n", "\r\na", "\r\n$1\r\na\r\n", "\r\n:1\r\n:2\r\n",
                                      "\r\n*2\r\n"};

constexpr resp::Limits defaults;
constexpr resp::Limits wide{
    .max_bulk = SIZE_MAX, .max_elements = SIZE_MAX, .max_depth = SIZE_MAX, .max_frame = SIZE_MAX};

/// The bytes that decoding allocates.
std::size_t allocated(const std::string& bytes, std::size_t piece, const resp::Limits& limits,
                      resp::Reads reads) {
    const std::size_t before = support::allocated_bytes();
    {
        resp::Decoder decoder{limits, reads};
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            decoder.feed(std::string_view{bytes}.substr(at, piece));
            while (decoder.next()) {
            }
            decoder.release();
        }
    }
    return support::allocated_bytes() - before;
}

}  // namespace

TEST_CASE("no announced length makes a decoder allocate more than 64 KiB plus twice the received bytes") {
    std::size_t cases = 0;
    std::size_t most = 0;
    for (const std::string& length : lengths()) {
        for (const std::string_view header : headers) {
            for (const std::string_view rest : rests) {
                const std::string bytes = std::string{header} + length + std::string{rest};
                for (const resp::Reads reads : {resp::Reads::replies, resp::Reads::commands}) {
                    for (const resp::Limits& limits : {defaults, wide}) {
                        for (const std::size_t piece : {bytes.size(), std::size_t{1}}) {
                            const std::size_t n = allocated(bytes, piece, limits, reads);
                            if (n > base + 2 * bytes.size())
                                FAIL("allocates " << n << " bytes for " << bytes);
                            most = std::max(most, n);
                            ++cases;
                        }
                    }
                }
            }
        }
    }
    std::printf("%zu hostile lengths, at most %zu bytes allocated\n", cases, most);
    CHECK(most > 0);
}
