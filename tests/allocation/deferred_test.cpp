// Deferred replies, and strings that are sent without a copy, when memory runs out.
#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

#include <libresp/server/deferred.hpp>

#include <memory>
#include <new>
#include <string>
#include <utility>

using support::FailingAllocation;
using support::MemoryClient;
using support::MemoryServer;

TEST_CASE("a deferred reply that could not be answered for lack of memory can be answered again") {
    for (std::size_t n = 1;; ++n) {
        CAPTURE(n);
        const auto later = std::make_shared<resp::Deferred>();
        MemoryServer server{{},
                            [later](const resp::Request&, resp::Reply& reply) { *later = reply.defer(); }};
        MemoryClient& client = server.connect();
        client.send("a\n");
        server.run();
        bool failed = false;
        bool thrown = false;
        server.post([&] {
            const FailingAllocation failing{n};
            try {
                std::move(*later).wire("+OK\r\n");
            } catch (const std::bad_alloc&) {
                thrown = true;
            }
            failed = FailingAllocation::has_failed();
        });
        server.run();
        if (thrown) {
            server.post([&] { CHECK(std::move(*later).wire("+OK\r\n")); });
            server.run();
        }
        CHECK(client.received == "+OK\r\n");
        if (!failed) break;
    }
}

TEST_CASE("a shared string for which there is no memory adds nothing to the reply") {
    const auto text = std::make_shared<const std::string>(20'000, 'x');
    bool thrown = true;
    for (std::size_t n = 1; thrown; ++n) {
        CAPTURE(n);
        thrown = false;
        MemoryServer server{{}, [&](const resp::Request&, resp::Reply& reply) {
                                reply.array(1);
                                try {
                                    const FailingAllocation failing{n};
                                    reply.bulk_string(text);
                                } catch (const std::bad_alloc&) {
                                    thrown = true;
                                    reply.simple_error("OOM");
                                }
                            }};
        MemoryClient& client = server.connect();
        client.send("a\n");
        server.run();
        CHECK(client.received == (thrown ? "*1\r\n-OOM\r\n" : "*1\r\n$20000\r\n" + *text + "\r\n"));
    }
}
