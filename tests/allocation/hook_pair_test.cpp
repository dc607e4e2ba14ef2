// on_open() and on_close() are both called once, at whichever allocation memory runs out while log lines are
// written.
#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

#include <libresp/server/handler.hpp>

#include <memory>
#include <vector>

using support::FailingAllocation;
using support::MemoryClient;
using support::MemoryServer;
using namespace std::chrono_literals;

namespace {

struct Counts {
    int opened = 0;
    int closed = 0;
    bool in_order = true;
};

/// Counts the calls of its hooks.
struct Counting {
    std::shared_ptr<Counts> counts = std::make_shared<Counts>();

    void on_open(const resp::Connection&) const { ++counts->opened; }
    void on_close(std::error_code) const {
        counts->in_order = counts->in_order && counts->opened == 1 && counts->closed == 0;
        ++counts->closed;
    }
    void operator()(const resp::Request&, resp::Reply& reply) const { reply.simple_string("PONG"); }
};

resp::Options logging() {
    // A debug log has a line for each read.
    return {.log = {.level = resp::LogLevel::debug, .sink = [](resp::LogLevel, std::string_view) {}}};
}

}  // namespace

TEST_CASE("the hooks of a connection are paired, even if there is no memory for a log line") {
    const auto end = GENERATE(0, 1, 2, 3);
    CAPTURE(end);
    bool failed = true;
    std::size_t n = 0;
    while (failed) {
        CAPTURE(++n);
        const Counting handler;
        MemoryServer server{logging(), handler};
        MemoryClient* client = nullptr;
        {
            const FailingAllocation failing{n};
            try {
                client = &server.connect();
            } catch (const std::bad_alloc&) {
            }
            if (client != nullptr) {
                client->send("*1\r\n$4\r\nPING\r\n");
                if (end == 1) client->send("*1\r\n:1\r\n");
                server.run();
                if (end == 0) client->finish();
                if (end == 2) client->fail();
                if (end == 3) server.abort();
                server.run();
            }
            failed = FailingAllocation::has_failed();
        }
        if (client != nullptr && !client->closed) {
            client->finish();
            server.pass(2s);
        }
        REQUIRE(handler.counts->opened == handler.counts->closed);
        REQUIRE(handler.counts->in_order);
        REQUIRE(server.connections() == 0);
    }
    CHECK(n > 5);
}

TEST_CASE("a connection does not end because there is no memory for a log line") {
    const Counting handler;
    MemoryServer server{logging(), handler};
    MemoryClient& client = server.connect();
    client.send("*1\r\n$4\r\nPING\r\n");
    server.run();
    client.send("*1\r\n$4\r\nPING\r\n");
    {
        const FailingAllocation line{1};  // the first allocation is that of the line about the read
        client.notify();
        CHECK(FailingAllocation::has_failed());
    }
    server.run();
    CHECK(client.received == "+PONG\r\n+PONG\r\n");
    CHECK_FALSE(client.closed);
}
