// A shortcut that takes nothing. Linked before the library, it replaces the real one, so that all codec tests
// run without the fast path. They must give the same results.
#include <libresp/codec/decoder.hpp>

#include "support/catch.hpp"

namespace {
int calls = 0;
}

void resp::Decoder::take_shortcut() { ++calls; }

TEST_CASE("the decoder calls the shortcut that takes nothing") {
    resp::Decoder decoder;
    const int before = calls;
    decoder.feed(std::string_view{"$5\r\nhello\r\n"});
    CHECK(decoder.next()->text() == "hello");
    CHECK(calls > before);
}
