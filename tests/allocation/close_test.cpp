// A close() that finds no memory still ends the connection; see also allocation_failure_test.cpp.
#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/memory_transport.hpp"

#include <libresp/server/handler.hpp>

#include <memory>

using support::FailingAllocation;
using support::MemoryClient;
using support::MemoryServer;
using namespace std::chrono_literals;

namespace {

struct Closing {
    std::shared_ptr<resp::Connection> connection = std::make_shared<resp::Connection>();
    void on_open(const resp::Connection& opened) const { *connection = opened; }
    void operator()(const resp::Request&, resp::Reply& reply) const { reply.simple_string("PONG"); }
    /// Calls close() when there is no memory to post it.
    void close_without_memory() const {
        const FailingAllocation none{1};
        connection->close();
    }
};

}  // namespace

TEST_CASE("after a close() without memory no request is handled") {
    const Closing handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    handler.close_without_memory();
    client.send("*1\r\n$4\r\nPING\r\n");
    server.run();
    server.pass(400ms);
    CHECK(client.received.empty());
    CHECK(client.ended);
    CHECK(server.counters().requests.value() == 0);
}
