// Runs every vector in every way of tests/support/feed.hpp. LIBRESP_VECTORS is the path of the file.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "support/catch.hpp"
#include "vectors.hpp"

using conformance::Vector;

namespace {

/// A vector that we think is wrong, and the reason. There is none.
struct Doubt {
    std::string_view id;
    std::string_view reason;
};
const std::vector<Doubt> doubts;

/// A request that redis-server 7.0.15 answers with another text, and the reason.
struct OtherText {
    std::string_view id;
    std::string_view ours;
    std::string_view reason;
};
constexpr OtherText other_texts[] = {
    {"request_errors/long-count-line", "invalid multibulk length",
     "libresp refuses the digit that makes the count too large; Redis waits for 64 KiB of digits"},
    {"request_errors/long-bulk-line", "invalid bulk length", "the same for a length"},
    {"request_errors/nul-after-star", "invalid multibulk length",
     "libresp refuses the NUL because it is not a digit; Redis stops its search for the CR there"},
};

bool is_doubted(const Vector& vector) {
    return std::any_of(doubts.begin(), doubts.end(),
                       [&](const Doubt& doubt) { return doubt.id == vector.id; });
}

std::size_t lines_of(const std::string& path) {
    std::ifstream file{path};
    return static_cast<std::size_t>(
        std::count(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}, '\n'));
}

}  // namespace

TEST_CASE("every vector gives an outcome that it expects or allows, cut in any way") {
    std::size_t by_expect = 0;
    std::size_t by_allow = 0;
    std::size_t doubted = 0;
    for (const Vector& vector : conformance::read_vectors(LIBRESP_VECTORS)) {
        INFO(vector.id);
        const support::Outcome outcome = support::decode(vector.wire, vector.reads, vector.limits);
        const auto gave = [&](const nlohmann::json& one) { return conformance::is(outcome, one); };
        if (gave(vector.expect)) {
            ++by_expect;
        } else if (std::any_of(vector.allow.begin(), vector.allow.end(), gave)) {
            ++by_allow;
        } else if (is_doubted(vector)) {
            ++doubted;
        } else {
            CAPTURE(outcome.frames.size(), outcome.incomplete);
            const std::string error =
                outcome.error ? std::string{support::name_of(outcome.error->code)} : "none";
            CHECK(error == "one that the vector expects or allows");
        }
    }
    std::printf("vectors: %zu by expect, %zu by allow, %zu doubted\n", by_expect, by_allow, doubted);
    CHECK(by_expect + by_allow + doubted == lines_of(LIBRESP_VECTORS));
    CHECK(by_expect + by_allow + doubted == 433);
    CHECK(doubted == 0);
}

TEST_CASE("a broken request has the error text of Redis") {
    std::size_t same = 0;
    for (const Vector& vector : conformance::read_vectors(LIBRESP_VECTORS)) {
        if (!vector.redis_reply) continue;
        resp::Decoder decoder{vector.limits, vector.reads};
        decoder.feed(vector.wire);
        while (decoder.next()) {
        }
        const std::string text = decoder.error() ? decoder.error()->message() : "no error";
        INFO(vector.id);
        const auto* const other = std::find_if(std::begin(other_texts), std::end(other_texts),
                                               [&](const OtherText& entry) { return entry.id == vector.id; });
        if (other != std::end(other_texts)) {
            CHECK(text == other->ours);
            CHECK("-ERR Protocol error: " + text + "\r\n" != *vector.redis_reply);
            continue;
        }
        CHECK("-ERR Protocol error: " + text + "\r\n" == *vector.redis_reply);
        ++same;
    }
    std::printf("replies with the text of Redis: %zu of %zu\n", same, same + std::size(other_texts));
    CHECK(same + std::size(other_texts) == 33);
}
