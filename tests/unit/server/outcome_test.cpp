// Handlers that wait for some requests only: resp::Outcome and waits().
#include <libresp/server.hpp>

#include <libresp/server/asio.hpp>

#include <asio/post.hpp>

#include "support/catch.hpp"
#include "support/memory_transport.hpp"

using support::MemoryClient;
using support::MemoryServer;

namespace {

struct SeenOutcome {
    std::string_view room;  // the thread's read buffer
    int lent = 0;
    int kept = 0;
    bool go = false;
};

/// GET answers at once, LOAD after `go`. LIE waits although waits() says no.
struct OutcomeStore {
    std::shared_ptr<SeenOutcome> seen = std::make_shared<SeenOutcome>();

    [[nodiscard]] bool waits(const resp::Request& request) const { return request.command().is("LOAD"); }
    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command words = request.command();
        const char* const at = words[1].data();
        const bool is_lent = seen->room.data() <= at && at < seen->room.data() + seen->room.size();
        ++(is_lent ? seen->lent : seen->kept);
        if (words.is("LOAD") || words.is("LIE")) return load(request, reply);
        if (words.is("THROW")) throw std::runtime_error{"before a wait"};
        reply.bulk_string(words[1]);
        return {};
    }
    asio::awaitable<void> load(const resp::Request& request, resp::Reply& reply) {
        while (!seen->go) co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        reply.bulk_string(request.command()[1]);
    }
};

/// Without waits(): each request may wait.
struct Undecided {
    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
        if (request.command().is("PLAIN")) {
            reply.simple_string("plain");
            return {};
        }
        return [](const resp::Request& later, resp::Reply& out) -> asio::awaitable<void> {
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            out.bulk_string(later.command()[0]);
        }(request, reply);
    }
};

struct WrongWaits {
    int waits(const resp::Request&) const { return 1; }
    resp::Outcome operator()(const resp::Request&, resp::Reply&) const { return {}; }
};
struct Unrelated {
    int waits = 0;
    void operator()(const resp::Request&, resp::Reply&) const {}
};
static_assert(resp::Handler<OutcomeStore> && resp::OutcomeHandler<OutcomeStore> &&
              !resp::PlainHandler<OutcomeStore>);
static_assert(resp::Handler<Undecided>);
static_assert(!resp::Handler<WrongWaits>);
static_assert(resp::Handler<Unrelated>);

struct OutcomeFixture {
    OutcomeFixture() : server({}, store) {
        const auto room = server.worker().read_room();
        store.seen->room = {room.data(), room.size()};
    }
    OutcomeStore store;
    MemoryServer server;
};

}  // namespace

TEST_CASE("an Outcome holds a coroutine until it is awaited or destroyed") {
    const auto alive = std::make_shared<int>();
    const auto wait = [alive]() -> asio::awaitable<void> { co_return; };
    const auto with_state = [](std::shared_ptr<int>) -> asio::awaitable<void> { co_return; };
    CHECK_FALSE(resp::Outcome{}.waits());
    resp::Outcome first = wait();
    CHECK(first.waits());
    resp::Outcome second = std::move(first);
    CHECK_FALSE(first.waits());
    CHECK(second.waits());
    second = with_state(alive);
    CHECK(alive.use_count() == 3);
    second = {};
    CHECK(alive.use_count() == 2);
}

TEST_CASE("plain requests are lent, requests that wait are kept") {
    OutcomeFixture test;
    MemoryClient& client = test.server.connect();
    client.send("GET a\nGET b\nLOAD c\nGET d\n");
    for (int i = 0; i != 100; ++i) test.server.step();
    CHECK(client.received == "$1\r\na\r\n$1\r\nb\r\n");
    CHECK(test.store.seen->lent == 2);
    CHECK(test.store.seen->kept == 1);
    // Others use the thread's buffer meanwhile.
    MemoryClient& other = test.server.connect();
    other.send("GET " + std::string(1'000, 'x') + "\n");
    CHECK(other.notify());
    CHECK(other.received.size() > 1'000);
    test.store.seen->go = true;
    test.server.run();
    CHECK(client.received == "$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n");
}

TEST_CASE("a handler that waits although waits() said no gets an error, and ends its connection only") {
    OutcomeFixture test;
    MemoryClient& client = test.server.connect();
    MemoryClient& other = test.server.connect();
    client.send("GET a\nLIE b\nGET c\n");
    other.send("GET a\n");
    test.server.run();
    CHECK(client.received == "$1\r\na\r\n-ERR internal error\r\n");
    CHECK(client.ended);
    CHECK(other.received == "$1\r\na\r\n");
    CHECK(test.server.counters().handler_errors.value() == 1);
}

TEST_CASE("an exception before the wait is an internal error") {
    OutcomeFixture test;
    MemoryClient& client = test.server.connect();
    client.send("THROW a\nGET c\n");
    test.server.run();
    CHECK(client.received == "-ERR internal error\r\n");
    CHECK(client.ended);
}

TEST_CASE("without waits() each request may wait") {
    MemoryServer server{{}, Undecided{}};
    MemoryClient& client = server.connect();
    client.send("PLAIN\nWAIT\nPLAIN\nOTHER\n");
    server.run();
    CHECK(client.received == "+plain\r\n$4\r\nWAIT\r\n+plain\r\n$5\r\nOTHER\r\n");
}
