// Spare buffers are kept for the next connection, but not for long.
#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"

#include <algorithm>

using support::MemoryClient;
using support::MemoryServer;
using namespace std::chrono_literals;

namespace {

struct Echo {
    void operator()(const resp::Request& request, resp::Reply& reply) const { reply.value(request.value()); }
};

}  // namespace

TEST_CASE("buffers that were not needed for a while are freed, and allocated again when needed") {
    MemoryServer server{{}, Echo{}};
    MemoryClient& client = server.connect();
    const std::string request = support::command("ECHO", std::string(200'000, 'a'));
    client.received.reserve(3 * request.size());
    const auto ask = [&] {
        client.send(request);
        server.run();
        return support::live_allocations();
    };
    const auto wait = [&] {
        server.pass(1s);
        return support::live_allocations();
    };
    ask();  // allocates the thread's read buffer, which stays
    const std::ptrdiff_t before = wait();
    const std::ptrdiff_t used = ask();
    const std::ptrdiff_t unused = wait();
    const std::ptrdiff_t used_again = ask();
    CHECK(used > before);
    CHECK(unused == before);
    CHECK(used_again == used);
    CHECK(client.received == support::repeat(request, 3));
}

TEST_CASE("buffers that are needed between any two ticks are kept") {
    MemoryServer server{{}, Echo{}};
    MemoryClient& client = server.connect();
    const std::string request = support::command("ECHO", std::string(1'000, 'a'));
    client.received.reserve(20 * request.size());
    const auto bytes_to_ask = [&] {
        const std::size_t before = support::allocated_bytes();
        client.send(request);
        server.run();
        return support::allocated_bytes() - before;
    };
    const std::size_t first = bytes_to_ask();
    const std::size_t warm = bytes_to_ask();  // the allocations of the test itself
    std::size_t later = 0;
    for (int i = 0; i != 10; ++i) {
        server.tick(200ms);
        later = std::max(later, bytes_to_ask());
    }
    CHECK(first > warm);
    CHECK(later == warm);
}
