// No memory for a deeper level: the error is std::bad_alloc, and what was read before is not lost.
#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/describe.hpp"

#include <libresp/codec/decoder.hpp>

#include <new>
#include <string>

using support::FailingAllocation;
using support::repeat;

namespace {

constexpr std::size_t levels = 100;
constexpr resp::Limits deep{.max_depth = levels};
const std::string wire = repeat("*1\r\n", levels) + ":7\r\n";

/// Reads every token, and each again whose level found no memory. Returns how often that was so.
int read_tokens(resp::Tokenizer& tokenizer, std::size_t& tokens) {
    int failures = 0;
    for (;;) {
        try {
            if (!tokenizer.next()) return failures;
            ++tokens;
        } catch (const std::bad_alloc&) {
            ++failures;
        }
    }
}

}  // namespace

TEST_CASE("a tokenizer without memory for a level takes nothing, and goes on when there is memory") {
    for (std::size_t n = 1;; ++n) {
        CAPTURE(n);
        resp::Tokenizer tokenizer{deep};
        tokenizer.feed(wire);
        std::size_t tokens = 0;
        int failures = 0;
        {
            const FailingAllocation failing{n};
            failures = read_tokens(tokenizer, tokens);
        }
        CHECK(tokens == levels + 1);
        CHECK_FALSE(tokenizer.error());
        CHECK_FALSE(tokenizer.inside_frame());
        if (failures == 0) {
            CHECK(n == 5);  // there are four steps: to 16, 32, 64 and 128 levels
            return;
        }
    }
}

TEST_CASE("a decoder without memory for a level can be reset, moved and destroyed") {
    for (std::size_t n = 1;; ++n) {
        CAPTURE(n);
        resp::Decoder decoder{deep};
        decoder.feed(wire);
        bool failed = false;
        try {
            const FailingAllocation failing{n};
            failed = !decoder.next();
        } catch (const std::bad_alloc&) {
            failed = true;
        }
        decoder.reset();
        resp::Decoder other{std::move(decoder)};
        decoder = resp::Decoder{deep};
        decoder.feed(wire);
        CHECK(decoder.next());
        CHECK_FALSE(other.next());
        if (!failed) {
            CHECK(n > 4);
            return;
        }
    }
}
