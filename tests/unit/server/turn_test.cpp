// The Turn of a thread: end() is called before anything leaves, and what it refuses never leaves.
#include <libresp/server.hpp>

#include "payloads.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

#include <deque>
#include <set>
#include <vector>

using support::MemoryClient;
using support::MemoryServer;

namespace {

/// A log of what happened, and what end() does next.
struct Journal {
    int written = 0;             // the number of the last write
    std::vector<int> pending{};  // writes since the last end()
    std::set<int> committed{};   // writes that an end() has let through
    std::size_t ends = 0;
    bool fails = false;
    std::deque<resp::Deferred> open;
};
Journal* journal = nullptr;

struct Storage {
    struct Turn {
        void end() {
            ++journal->ends;
            const std::vector<int> pending = std::exchange(journal->pending, {});
            if (journal->fails) throw std::runtime_error{"the disk is full"};
            journal->committed.insert(pending.begin(), pending.end());
        }
        int write() {
            journal->pending.push_back(++journal->written);
            return journal->written;
        }
    };

    void operator()(const resp::Request& request, resp::Reply& reply) const {
        if (request.command().is("LATER")) {
            journal->open.push_back(reply.defer());
            return;
        }
        const int number = request.turn<Turn>().write();
        if (request.command().is("WRITE")) {
            reply.integer(number);
        } else {
            reply.bulk_string(request.command()[1]);
        }
    }
};

struct WithExecutor {
    struct Turn {
        explicit Turn(const asio::any_io_executor& executor) : has_executor(static_cast<bool>(executor)) {}
        void end() {}
        bool has_executor;
    };
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        reply.integer(request.turn<Turn>().has_executor ? 1 : 0);
    }
};

/// Each form of a constructor: the members say what it got.
struct WithHandler {
    struct Turn {
        explicit Turn(const WithHandler& handler) : number(handler.number) {}
        void end() {}
        int number;
    };
    int number = 7;
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        reply.integer(request.turn<Turn>().number);
    }
};
struct WithBoth {
    struct Turn {
        Turn(const WithBoth& handler, const asio::any_io_executor& executor)
            : number(executor ? handler.number : 0) {}
        void end() {}
        int number;
    };
    int number = 8;
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        reply.integer(request.turn<Turn>().number);
    }
};

struct WithoutEnd {
    struct Turn {};
    void operator()(const resp::Request&, resp::Reply&) const {}
};
struct WithArgument {
    struct Turn {
        explicit Turn(int);
        void end();
    };
    void operator()(const resp::Request&, resp::Reply&) const {}
};
static_assert(resp::Handler<Storage> && resp::Handler<WithExecutor>);
static_assert(!resp::Handler<WithoutEnd>);
static_assert(!resp::Handler<WithArgument>);

struct TurnFixture {
    explicit TurnFixture(resp::Options options = {}) : server(std::move(options), Storage{}) {
        journal = &log;
    }
    Journal log;
    MemoryServer server;
};

}  // namespace

TEST_CASE("one end() serves all clients that are ready together") {
    TurnFixture test;
    for (int i = 0; i != 5; ++i) test.server.connect().send("SET a\nSET b\n");
    // The poller notifies all ready clients before posted actions run.
    MemoryClient& last = test.server.connect();
    last.send("SET c\n");
    test.server.run();
    CHECK(last.received == "$1\r\nc\r\n");
    CHECK(test.log.committed.size() == 11);
    CHECK(test.log.ends <= 6);
}

TEST_CASE("nothing leaves before end()") {
    TurnFixture test;
    MemoryClient& client = test.server.connect();
    client.send("SET a\n");
    CHECK(client.notify());
    CHECK(test.log.written == 1);
    CHECK(client.received.empty());
    test.server.run();
    CHECK(test.log.committed.size() == 1);
    CHECK(client.received == "$1\r\na\r\n");
}

TEST_CASE("if end() throws, the replies of the turn are lost and their connections end") {
    TurnFixture test;
    MemoryClient& first = test.server.connect();
    MemoryClient& second = test.server.connect();
    first.send("SET a\n");
    test.server.run();
    first.send("SET b\n");
    test.log.fails = true;
    test.server.run();
    CHECK(first.received == "$1\r\na\r\n");
    CHECK(first.closed);
    CHECK(test.server.counters().handler_errors.value() == 1);
    test.log.fails = false;
    second.send("SET c\n");
    test.server.run();
    CHECK(second.received == "$1\r\nc\r\n");
    CHECK_FALSE(second.closed);
}

TEST_CASE("what was committed before still leaves") {
    TurnFixture test;
    MemoryClient& client = test.server.connect();
    client.room = 4;
    client.send("SET first\n");
    test.server.run();
    CHECK(client.received == "$5\r\n");
    test.log.fails = true;
    client.send("SET second\n");
    test.server.run();
    client.room = MemoryClient::all;
    test.server.pass(std::chrono::seconds{1});
    CHECK(client.received == "$5\r\nfirst\r\n");
    CHECK((client.ended || client.closed));
}

TEST_CASE("a deferred reply waits for end() too") {
    TurnFixture test;
    MemoryClient& client = test.server.connect();
    client.send("SET a\nLATER\nSET b\n");
    test.server.run();
    CHECK(client.received == "$1\r\na\r\n");
    const std::size_t ends = test.log.ends;
    SECTION("it succeeds") {
        std::move(test.log.open.front()).wire("+OK\r\n");
        test.server.run();
        CHECK(client.received == "$1\r\na\r\n+OK\r\n$1\r\nb\r\n");
    }
    SECTION("it fails") {
        test.log.fails = true;
        std::move(test.log.open.front()).wire("+OK\r\n");
        test.server.run();
        CHECK(client.received == "$1\r\na\r\n");
        CHECK(client.closed);
    }
    CHECK(test.log.ends == ends + 1);
}

TEMPLATE_TEST_CASE("a Turn gets the handler and the executor if it asks for them", "", WithExecutor,
                   WithHandler, WithBoth) {
    MemoryServer server{{}, TestType{}};
    MemoryClient& client = server.connect();
    client.send("a\n");
    server.run();
    if constexpr (std::is_same_v<TestType, WithExecutor>) CHECK(client.received == ":1\r\n");
    if constexpr (std::is_same_v<TestType, WithHandler>) CHECK(client.received == ":7\r\n");
    if constexpr (std::is_same_v<TestType, WithBoth>) CHECK(client.received == ":8\r\n");
}

TEST_CASE("an end() that throws at random never lets an uncommitted reply out") {
    for (unsigned seed = 1; seed != 300; ++seed) {
        support::Random random{seed};
        TurnFixture test;
        std::vector<MemoryClient*> clients;
        const auto check = [&] {
            for (const MemoryClient* client : clients) {
                // The last number may be incomplete.
                std::string_view left = client->received;
                for (std::size_t end = left.find("\r\n"); end != left.npos; end = left.find("\r\n")) {
                    const int number = std::stoi(std::string{left.substr(1, end - 1)});
                    REQUIRE(test.log.committed.contains(number));
                    left.remove_prefix(end + 2);
                }
            }
        };
        const auto answer = [&] {
            if (test.log.open.empty()) return;
            const auto later = std::make_shared<resp::Deferred>(std::move(test.log.open.front()));
            test.log.open.pop_front();
            test.server.post([&test, later] {
                test.log.pending.push_back(++test.log.written);
                std::move(*later).wire(":" + std::to_string(test.log.written) + "\r\n");
            });
        };
        for (int i = 0; i != 100; ++i) {
            if (clients.empty() || support::below(random, 8) == 0) clients.push_back(&test.server.connect());
            MemoryClient& client = *clients[support::below(random, clients.size())];
            test.log.fails = support::below(random, 8) == 0;
            switch (support::below(random, 8)) {
                case 0: client.room = support::below(random, 20); break;
                case 1: client.room = MemoryClient::all; break;
                case 2: client.send("LATER\n"); break;
                case 3: answer(); break;
                case 4: test.server.tick(std::chrono::milliseconds{200}); break;
                case 5: client.send("WRITE\nWRITE\n"); break;
                default: test.server.step(); break;
            }
            check();
        }
        test.log.fails = false;
        for (MemoryClient* client : clients) client->room = MemoryClient::all;
        while (!test.log.open.empty()) answer();
        test.server.pass(std::chrono::seconds{1});
        check();
        // The server has read everything that the clients which are still connected have sent.
        for (const MemoryClient* client : clients) REQUIRE((client->closed || client->unread() == 0));
    }
}
