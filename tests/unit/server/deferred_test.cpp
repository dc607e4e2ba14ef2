// Deferred replies: their order, who may answer them, and what happens when something ends before.
#include <libresp/server.hpp>

#include "handlers.hpp"
#include "payloads.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"
#include "support/running_server.hpp"

#include <algorithm>
#include <deque>
#include <thread>

using support::command;
using support::MemoryClient;
using support::MemoryServer;

namespace {

using Open = std::deque<resp::Deferred>;

/// LATER defers. PING, ECHO, THROW and QUIT do what their names say.
struct Handler {
    std::shared_ptr<Open> open = std::make_shared<Open>();
    std::shared_ptr<std::deque<resp::Connection>> clients = std::make_shared<std::deque<resp::Connection>>();

    void on_open(resp::Connection client) const { clients->push_back(std::move(client)); }
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        const resp::Command words = request.command();
        if (words.is("LATER")) {
            open->push_back(reply.defer());
        } else if (words.is("WITHIN")) {
            open->push_back(reply.defer(std::chrono::milliseconds{1'000}));
        } else if (words.is("THROW")) {
            open->push_back(reply.defer());
            throw std::runtime_error{"after defer()"};
        } else if (words.is("QUIT")) {
            reply.close().simple_string("OK");
        } else if (words.is("ECHO")) {
            reply.bulk_string(words[1]);
        } else {
            reply.simple_string("PONG");
        }
    }
    bool answer(std::size_t i, std::string_view reply) const { return std::move((*open)[i]).wire(reply); }
};

struct DeferredFixture {
    explicit DeferredFixture(resp::Options options = {}) : server(std::move(options), handler) {}
    MemoryClient& ask(std::string_view commands) {
        MemoryClient& client = server.connect();
        client.send(commands);
        server.run();
        return client;
    }
    Handler handler;
    MemoryServer server;
};

}  // namespace

TEST_CASE("replies keep the order of their requests, whatever the order of the answers") {
    DeferredFixture test;
    MemoryClient& client = test.ask("LATER\nPING\nLATER\nECHO a\n");
    CHECK(client.received.empty());
    CHECK(test.handler.answer(1, "+second\r\n"));
    test.server.run();
    CHECK(client.received.empty());
    CHECK(test.handler.answer(0, "+first\r\n"));
    test.server.run();
    CHECK(client.received == "+first\r\n+PONG\r\n+second\r\n$1\r\na\r\n");
    CHECK(client.writes == 1);
}

TEST_CASE("what is answered together leaves in one write") {
    DeferredFixture test;
    MemoryClient& client = test.ask("LATER\nLATER\nLATER\n");
    test.server.post([&] {
        for (std::size_t i = 0; i != 3; ++i) test.handler.answer(i, "+OK\r\n");
    });
    test.server.run();
    CHECK(client.received == "+OK\r\n+OK\r\n+OK\r\n");
    CHECK(client.writes == 1);
}

TEST_CASE("an answer is encoded in the version of its request") {
    DeferredFixture test;
    MemoryClient& client = test.ask("LATER\n");
    resp::Deferred& later = test.handler.open->front();
    CHECK(later.version() == resp::Version::resp2);
    CHECK(std::move(later).reply([](resp::Encoder& out) { out.null(); }));
    CHECK_FALSE(later);
    CHECK_FALSE(std::move(later).reply([](resp::Encoder& out) { out.null(); }));
    test.server.run();
    CHECK(client.received == "$-1\r\n");
}

TEST_CASE("a reply that is answered inside the handler is sent with the others") {
    const auto handler = [](const resp::Request&, resp::Reply& reply) {
        resp::Deferred later = reply.defer();
        std::move(later).wire("+now\r\n");
    };
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send("a\nb\n");
    server.run();
    CHECK(client.received == "+now\r\n+now\r\n");
}

TEST_CASE("a Deferred that is destroyed without an answer replies an error, which is counted") {
    DeferredFixture test;
    MemoryClient& client = test.ask("LATER\nPING\n");
    test.handler.open->clear();
    test.server.run();
    CHECK(client.received == "-ERR internal error\r\n+PONG\r\n");
    CHECK(test.server.counters().handler_errors.value() == 1);
    CHECK_FALSE(client.closed);
}

TEST_CASE("an exception while an answer is written leaves an error, and passes on") {
    DeferredFixture test;
    MemoryClient& client = test.ask("LATER\n");
    CHECK_THROWS_AS(std::move(test.handler.open->front()).reply([](resp::Encoder& out) {
        out.array(2).integer(1);
        throw std::runtime_error{"half a reply"};
    }),
                    std::runtime_error);
    test.handler.open->clear();
    test.server.run();
    CHECK(client.received == "-ERR internal error\r\n");
}

TEST_CASE("an exception after defer() leaves the answer to the Deferred, and ends the connection") {
    DeferredFixture test;
    MemoryClient& client = test.ask("THROW\nPING\n");
    CHECK(client.received.empty());
    CHECK_FALSE(client.closed);
    test.handler.answer(0, "+late\r\n");
    test.server.run();
    CHECK(client.received == "+late\r\n");
    CHECK(client.ended);
}

TEST_CASE("at max_deferred further requests wait") {
    DeferredFixture test{{.max_deferred = 2}};
    MemoryClient& client = test.ask("LATER\nLATER\nPING\nLATER\n");
    CHECK(test.handler.open->size() == 2);
    client.send("ECHO x\n");
    test.server.run();
    CHECK(client.unread() != 0);  // it is not read either
    test.handler.answer(1, "+2\r\n");
    test.server.run();
    CHECK(test.handler.open->size() == 3);
    test.handler.answer(0, "+1\r\n");
    test.handler.answer(2, "+3\r\n");
    test.server.run();
    CHECK(client.received == "+1\r\n+2\r\n+PONG\r\n+3\r\n$1\r\nx\r\n");
}

TEST_CASE("at max_deferred no deadline closes a client") {
    DeferredFixture test{{.frame_deadline = std::chrono::seconds{1},
                          .idle_timeout = std::chrono::seconds{1},
                          .max_deferred = 1}};
    MemoryClient& client = test.ask("LATER\nPING\nECHO");
    test.server.pass(std::chrono::seconds{10});
    CHECK_FALSE(client.closed);
    test.handler.answer(0, "+1\r\n");
    test.server.run();
    CHECK(client.received == "+1\r\n+PONG\r\n");
    // Now the incomplete request is late.
    test.server.pass(std::chrono::seconds{2});
    CHECK(client.closed);
}

TEST_CASE("a reset is noticed at max_deferred") {
    DeferredFixture test{{.max_deferred = 1}};
    MemoryClient& client = test.ask("LATER\nPING\n");
    client.fail();
    test.server.run();
    CHECK(client.closed);
    CHECK(test.server.connections() == 0);
    CHECK_FALSE(test.handler.answer(0, "+1\r\n"));
}

TEST_CASE("a reset is noticed after the end of the stream, while a reply is deferred") {
    DeferredFixture test;
    MemoryClient& client = test.ask("LATER\n");
    client.finish();
    test.server.run();
    REQUIRE(test.server.connections() == 1);
    client.fail();
    test.server.run();
    CHECK(client.closed);
    CHECK(test.server.connections() == 0);
    CHECK_FALSE(test.handler.answer(0, "+late\r\n"));
}

TEST_CASE("connections that go on after deferred replies run within the time of a turn") {
    constexpr std::size_t clients = 30;
    constexpr std::size_t most_in_turn = 5 + 1;  // a turn takes 5 ms and the request that it has begun
    auto open = std::make_shared<Open>();
    const auto slow = [open](const resp::Request&, resp::Reply& reply) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
        open->push_back(reply.defer());
    };
    MemoryServer server{{.max_deferred = 1}, slow};
    for (std::size_t i = 0; i != clients; ++i) server.connect().send("LATER\nLATER\n");
    server.run();
    REQUIRE(open->size() == clients);
    for (resp::Deferred& later : *open) std::move(later).wire("+OK\r\n");
    std::size_t most = 0;
    for (std::size_t before = clients; server.run_posted(); before = open->size()) {
        most = std::max(most, open->size() - before);
    }
    CHECK(open->size() == 2 * clients);
    CHECK(most <= most_in_turn);
}

TEST_CASE("an unanswered reply becomes an error at its deadline") {
    DeferredFixture test{{.reply_deadline = std::chrono::seconds{10}}};
    MemoryClient& client = test.ask("LATER\nWITHIN\nPING\n");
    test.server.pass(std::chrono::milliseconds{1'000});
    CHECK(client.received.empty());
    test.server.pass(std::chrono::milliseconds{400});
    test.server.post([&] { CHECK_FALSE(test.handler.answer(1, "+late\r\n")); });
    test.server.run();
    CHECK(test.server.counters().timeouts.value() == 1);
    SECTION("the first one is answered in time") {
        CHECK(test.handler.answer(0, "+in time\r\n"));
        test.server.run();
        CHECK(client.received == "+in time\r\n-ERR timeout\r\n+PONG\r\n");
    }
    SECTION("the first one is late too") {
        test.server.pass(std::chrono::seconds{10});
        CHECK(client.received == "-ERR timeout\r\n-ERR timeout\r\n+PONG\r\n");
    }
    CHECK_FALSE(client.closed);
}

TEST_CASE("whatever ends a connection waits for its deferred replies") {
    DeferredFixture test{{.idle_timeout = std::chrono::seconds{1}}};
    MemoryClient& client = test.ask("PING\nLATER\n");
    std::string rest;
    SECTION("the client's end of stream") { client.finish(); }
    SECTION("a protocol error") {
        client.send("*1\r\n!\r\n");
        rest = "-ERR Protocol error: expected '$', got '!'\r\n";
    }
    SECTION("a request that closes") {
        client.send("QUIT\n");
        rest = "+OK\r\n";
    }
    SECTION("a stop") { test.server.stop(); }
    SECTION("the idle timeout") {}
    test.server.pass(std::chrono::seconds{3});
    CHECK_FALSE(client.ended);
    CHECK_FALSE(client.closed);
    CHECK(test.handler.answer(0, "+at last\r\n"));
    test.server.pass(std::chrono::seconds{2});
    CHECK(client.received == "+PONG\r\n+at last\r\n" + rest);
    CHECK((client.ended || client.closed));
}

TEST_CASE("a handler that owns unanswered Deferreds is destroyed with the server") {
    std::optional<DeferredFixture> test{std::in_place};
    test->ask("LATER\nLATER\n");
    const std::weak_ptr<Open> open = test->handler.open;
    test.reset();
    CHECK(open.expired());
}

TEST_CASE("the drain deadline does not wait for deferred replies") {
    DeferredFixture test{{.drain_deadline = std::chrono::seconds{1}}};
    MemoryClient& client = test.ask("LATER\n");
    test.server.stop();
    test.server.pass(std::chrono::seconds{2});
    CHECK(client.closed);
    CHECK(test.server.has_stopped());
    CHECK_FALSE(test.handler.answer(0, "+late\r\n"));
}

TEST_CASE("a push stands after the deferred replies before it") {
    DeferredFixture test;
    MemoryClient& client = test.ask("LATER\n");
    CHECK(test.handler.clients->front().send("+push\r\n") == resp::Sent::queued);
    test.server.run();
    CHECK(client.received.empty());
    test.handler.answer(0, "+1\r\n");
    test.server.run();
    CHECK(client.received == "+1\r\n+push\r\n");
}

TEST_CASE("a connection that waits for deferred replies holds little memory, and none afterwards") {
    DeferredFixture test;
    MemoryClient& client = test.ask("ECHO " + std::string(3'000, 'x') + "\nLATER\nPING\n");
    CHECK(client.received.size() > 3'000);
    CHECK(test.server.memory() < 2'000);
    test.handler.answer(0, "+1\r\n");
    test.server.run();
    CHECK(test.server.memory() == 0);
}

TEST_CASE("deferred replies that max_memory has no room for close their connections") {
    constexpr std::size_t most = 1024 * 1024;
    constexpr std::size_t clients = 30;
    const bool elsewhere = GENERATE(false, true);
    CAPTURE(elsewhere);
    DeferredFixture test{{.max_memory = most}};
    std::vector<MemoryClient*> all;
    for (std::size_t i = 0; i != clients; ++i) all.push_back(&test.ask("LATER\n"));
    for (MemoryClient* client : all) client->room = 0;
    const std::string reply = "+" + std::string(100'000, 'x') + "\r\n";
    std::size_t taken = 0;
    std::uint64_t peak = 0;
    const auto answer_all = [&] {
        for (std::size_t i = 0; i != clients; ++i) {
            taken += test.handler.answer(i, reply) ? 1 : 0;
            peak = std::max(peak, test.server.memory());
        }
    };
    if (elsewhere) {
        std::thread{answer_all}.join();
    } else {
        test.server.post(answer_all);
    }
    test.server.run();
    CHECK(taken >= 8);
    CHECK(taken <= 10);
    CHECK(peak <= most);
    for (MemoryClient* client : all) client->room = SIZE_MAX;
    for (MemoryClient* client : all) static_cast<void>(client->notify());
    test.server.pass(std::chrono::seconds{2});
    const auto whole = [&](const MemoryClient* client) { return client->received == reply; };
    CHECK(static_cast<std::size_t>(std::count_if(all.begin(), all.end(), whole)) == taken);
    const auto closed = [](const MemoryClient* client) { return client->closed; };
    CHECK(static_cast<std::size_t>(std::count_if(all.begin(), all.end(), closed)) == clients - taken);
    CHECK(test.server.counters().cut_off.value() == clients - taken);
    CHECK(test.server.memory() == 0);
}

TEST_CASE("a Deferred may outlive the connection and the server") {
    Handler handler;
    {
        MemoryServer server{{}, handler};
        MemoryClient& client = server.connect();
        client.send("LATER\nLATER\n");
        server.run();
        server.abort();
        server.run();
        CHECK_FALSE(handler.answer(0, "+late\r\n"));
    }
    CHECK_FALSE(handler.answer(1, "+late\r\n"));
}

TEST_CASE("threads answer deferred replies in any order") {
    struct Pool {
        std::mutex mutex;
        std::vector<std::pair<resp::Deferred, std::string>> open;
    };
    const auto pool = std::make_shared<Pool>();
    const auto handler = [pool](const resp::Request& request, resp::Reply& reply) {
        const std::lock_guard lock{pool->mutex};
        pool->open.emplace_back(reply.defer(), std::string{request.command()[1]});
    };
    support::RunningServer server{{.threads = 2, .max_deferred = 16}, handler};
    std::atomic<bool> done{false};
    const auto answer = [&](unsigned seed) {
        support::Random random{seed};
        while (!done) {
            std::pair<resp::Deferred, std::string> one;
            {
                const std::lock_guard lock{pool->mutex};
                if (pool->open.empty()) continue;
                std::swap(pool->open[support::below(random, pool->open.size())], pool->open.back());
                one = std::move(pool->open.back());
                pool->open.pop_back();
            }
            std::move(one.first).reply([&](resp::Encoder& out) { out.bulk_string(one.second); });
        }
    };
    std::thread first{answer, 1};
    std::thread second{answer, 2};
    std::vector<support::Client> clients;
    std::string commands;
    std::string replies;
    for (int i = 0; i != 500; ++i) {
        commands += "ECHO " + std::to_string(i) + "\n";
        replies += support::bulk(std::to_string(i));
    }
    for (int i = 0; i != 4; ++i) clients.push_back(server.client());
    for (auto& client : clients) client.send(commands);
    for (auto& client : clients) CHECK(client.receive(replies.size()) == replies);
    done = true;
    first.join();
    second.join();
}
