// A reply with a long string that is not copied, at whichever allocation memory runs out.
#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

#include <libresp/codec/decoder.hpp>
#include <libresp/server/handler.hpp>

#include <memory>
#include <string>

using support::FailingAllocation;
using support::MemoryClient;
using support::MemoryServer;

namespace {

struct Sharing {
    void operator()(const resp::Request&, resp::Reply& reply) const {
        reply.array(2).integer(1);
        reply.bulk_string(std::make_shared<const std::string>(20'000, 'b'));
    }
};

/// Whether the bytes are whole replies.
bool are_whole(std::string_view bytes) {
    resp::Decoder decoder{resp::Limits{}, resp::Reads::replies};
    decoder.feed(bytes);
    while (decoder.next()) {
    }
    return decoder.pending() == 0 && !decoder.error();
}

}  // namespace

TEST_CASE("a reply with a long string is sent whole, or not at all, if memory runs out") {
    bool failed = true;
    for (std::size_t n = 1; failed; ++n) {
        CAPTURE(n);
        MemoryServer server{resp::Options{}, Sharing{}};
        MemoryClient& client = server.connect();
        client.received.reserve(100'000);
        client.send("PING\r\nPING\r\nPING\r\n");
        {
            const FailingAllocation failing{n};
            server.run();
            failed = FailingAllocation::has_failed();
        }
        client.finish();
        server.run();
        CHECK(client.closed);
        CHECK((!client.ended || are_whole(client.received)));
        CHECK(server.memory() == 0);
    }
}
