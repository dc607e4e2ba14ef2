// What a service keeps for its clients counts for Options::max_memory, and is given back.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

#include "support/client.hpp"

#include <malloc.h>

using service_test::ServiceUnderTest;

namespace {

const std::string oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

/// `NAME 0 1 2 …` with `n` numbers from `first` on.
std::string numbered(const std::string& name, std::size_t first, std::size_t n) {
    std::string bytes =
        "*" + std::to_string(n + 1) + "\r\n$" + std::to_string(name.size()) + "\r\n" + name + "\r\n";
    for (std::size_t i = first; i != first + n; ++i) {
        const std::string word = "name:" + std::to_string(i);
        bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    }
    return bytes;
}

struct ServiceMemoryFixture : ServiceUnderTest<> {
    static constexpr std::size_t most = std::size_t{64} << 20;

    explicit ServiceMemoryFixture(std::size_t max_memory = most) {
        options.max_memory = max_memory;
        commands.add("MGET key [key ...]", [](resp::Words keys) { return keys.size(); }, {.readonly = true});
        commands.add("SET key value", [](std::string_view key, std::string_view, resp::Call& call) {
            call.changed(key, "set");
            return resp::ok;
        });
        commands.add_blocking("TAKE key [key ...]",
                              [](resp::Words) -> std::optional<std::string> { return std::nullopt; });
    }
    /// Sends `NAME …` with a thousand words each, `times` times or until the server no longer reads. Returns how
    /// often it was answered.
    std::size_t fill(const std::string& name, std::size_t times = 1'000) {
        for (std::size_t i = 0; i != times; ++i) {
            connect(0).received.clear();
            if (ask(numbered(name, i * 1'000, 1'000)).empty()) return i;
            REQUIRE(server->memory() <= options.max_memory);
        }
        return times;
    }
    /// The server closes a client that it cannot serve for lack of memory, and only that one.
    void check_that_it_is_closed() {
        CHECK(ask("PING\r\n", 1) == "+PONG\r\n");
        CHECK(server->memory() > most / 2);
        server->pass(std::chrono::seconds{60});
        CHECK(clients[0]->closed);
        CHECK(server->memory() == 0);
        CHECK(ask("PING\r\n", 1) == "+PONG\r\n");
    }
    void leave(std::size_t client) {
        clients[client]->fail();
        server->run();
    }
};

}  // namespace

TEST_CASE("hundreds of thousands of subscriptions stay within max_memory") {
    ServiceMemoryFixture test;
    const std::size_t accepted = test.fill("SUBSCRIBE");
    CHECK(accepted > 100);  // thousand
    CHECK(accepted < 200);
    test.check_that_it_is_closed();
    CHECK(test.ask("PUBSUB CHANNELS\r\n", 1) == "*0\r\n");
}

TEST_CASE("a client that leaves its channels gives back their memory") {
    const std::pair<const char*, const char*> commands[] = {{"SUBSCRIBE", "UNSUBSCRIBE\r\n"},
                                                            {"PSUBSCRIBE", "PUNSUBSCRIBE\r\n"},
                                                            {"SSUBSCRIBE", "SUNSUBSCRIBE\r\n"}};
    for (const auto& [enter, leave] : commands) {
        CAPTURE(enter);
        ServiceMemoryFixture test;
        for (const std::string way : {leave, "RESET\r\n", "QUIT\r\n"}) {
            CHECK(test.fill(enter, 10) == 10);
            const std::size_t once = test.server->memory();
            CHECK(once > 3'000'000);
            CHECK(test.fill(enter, 10) == 10);  // nothing new
            CHECK(test.server->memory() == once);
            test.ask(way);
            CHECK(test.server->memory() == 0);
        }
    }
}

TEST_CASE("one command for which there is no memory is refused and changes nothing") {
    ServiceMemoryFixture test{8 << 20};
    for (const char* name : {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"}) {
        CHECK(test.ask(numbered(name, 0, 40'000)) == oom);
        CHECK(test.server->memory() == 0);
    }
    CHECK(test.ask("PUBSUB CHANNELS\r\nPUBSUB NUMPAT\r\n", 1) == "*0\r\n:0\r\n");
    // WATCH keeps what it can, so that EXEC fails rather than too few keys are watched.
    CHECK(test.ask(numbered("WATCH", 0, 40'000)) == oom);
    CHECK(test.ask("UNWATCH\r\n") == "+OK\r\n");
    CHECK(test.server->memory() == 0);
}

TEST_CASE("hundreds of thousands of watched keys stay within max_memory") {
    ServiceMemoryFixture test;
    const std::size_t accepted = test.fill("WATCH");
    CHECK(accepted > 100);
    CHECK(accepted < 200);
    test.check_that_it_is_closed();
}

TEST_CASE("a client that watches no more gives back the memory of its keys") {
    ServiceMemoryFixture test;
    for (const char* way : {"UNWATCH\r\n", "MULTI\r\nEXEC\r\n", "MULTI\r\nDISCARD\r\n", "RESET\r\n", ""}) {
        CAPTURE(way);
        CHECK(test.fill("WATCH", 10) == 10);
        const std::size_t once = test.server->memory();
        CHECK(test.fill("WATCH", 10) == 10);  // the same keys
        CHECK(test.server->memory() == once);
        test.ask(way);
        if (*way == '\0') test.leave(0);
        CHECK(test.server->memory() == 0);
    }
}

TEST_CASE("a client that reads more keys than can be tracked is told at once to forget everything") {
    ServiceMemoryFixture test{8 << 20};
    test.ask("HELLO 3\r\nCLIENT TRACKING ON\r\n");
    CHECK(test.fill("MGET", 5) == 5);
    const std::string everything = ">2\r\n$10\r\ninvalidate\r\n_\r\n";
    CHECK(test.ask(numbered("MGET", 5'000, 40'000)) == ":40000\r\n" + everything);
    CHECK(test.server->memory() == 0);
    CHECK(test.ask("MGET a\r\n") == ":1\r\n");
    CHECK(test.ask("SET a 1\r\nSET name:0 1\r\n", 1) == "+OK\r\n+OK\r\n");
    CHECK(test.clients[0]->received.ends_with(everything +
                                              ":1\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n"));
    CHECK(test.server->memory() <= test.options.max_memory);
    test.ask("CLIENT TRACKING OFF\r\n");
    CHECK(test.server->memory() == 0);
}

TEST_CASE("a tracked key counts until it changes, or the client leaves") {
    ServiceMemoryFixture test;
    test.ask("HELLO 3\r\nCLIENT TRACKING ON\r\n");
    CHECK(test.fill("MGET", 1) == 1);
    CHECK(test.server->memory() > 300'000);
    for (int key = 0; key != 1'000; ++key) test.ask("SET name:" + std::to_string(key) + " x\r\n", 1);
    CHECK(test.server->memory() == 0);
    CHECK(test.fill("MGET", 1) == 1);
    test.leave(0);
    CHECK(test.server->memory() == 0);
}

TEST_CASE("prefixes of CLIENT TRACKING count") {
    ServiceMemoryFixture test{1 << 20};
    test.ask("HELLO 3\r\n");
    const auto bcast = [&](int n) {
        std::string words = "*" + std::to_string(4 + 2 * n) +
                            "\r\n$6\r\nCLIENT\r\n$8\r\nTRACKING\r\n$2\r\nON\r\n$5\r\nBCAST\r\n";
        for (int i = 0; i != n; ++i) words += "$6\r\nPREFIX\r\n$5\r\n" + std::to_string(10'000 + i) + "\r\n";
        return test.ask(words);
    };
    CHECK(bcast(4'000) == oom);
    CHECK(test.server->memory() == 0);
    CHECK(bcast(1'000) == "+OK\r\n");
    CHECK(test.server->memory() > 300'000);
    test.ask("CLIENT TRACKING OFF\r\n");
    CHECK(test.server->memory() == 0);
}

TEST_CASE("queued commands count until EXEC, DISCARD, RESET or the end of the client") {
    ServiceMemoryFixture test{4 << 20};
    const std::string set = support::command("SET", "k", std::string(100'000, 'x'));
    for (const char* end : {"EXEC\r\n", "DISCARD\r\n", "RESET\r\n", "EXEC x\r\n", ""}) {
        CAPTURE(end);
        test.ask("MULTI\r\n");
        for (int i = 0; i != 10; ++i) CHECK(test.ask(set) == "+QUEUED\r\n");
        CHECK(test.server->memory() >= 1'000'000);
        test.ask(end);
        if (*end == '\0') test.leave(0);
        CHECK(test.server->memory() == 0);
    }
}

TEST_CASE("a transaction for which there is no memory is discarded") {
    ServiceMemoryFixture test{4 << 20};
    const std::string set = support::command("SET", "k", std::string(600'000, 'x'));
    test.ask("MULTI\r\n");
    for (int i = 0; i != 2; ++i) CHECK(test.ask(set) == "+QUEUED\r\n");
    CHECK(test.ask(numbered("MGET", 0, 60'000)) ==
          oom);  // many short words take more memory than their bytes
    CHECK(test.ask("EXEC\r\n") == "-EXECABORT Transaction discarded because of previous errors.\r\n");
    CHECK(test.server->memory() == 0);
}

TEST_CASE("a transaction of very many commands ends with its client") {
    ServiceMemoryFixture test;
    test.ask("MULTI\r\n");
    std::string pings;
    for (int i = 0; i != 1'000; ++i) pings += "PING\r\n";
    while (test.ask(pings).size() == 9'000) REQUIRE(test.server->memory() <= test.most);
    test.check_that_it_is_closed();
}

TEST_CASE("long names of a client count") {
    ServiceMemoryFixture test{1 << 20};
    const std::string name(300'000, 'n');
    CHECK(test.ask(support::command("CLIENT", "SETNAME", name)) == "+OK\r\n");
    CHECK(test.server->memory() >= 300'000);
    CHECK(test.ask(support::command("CLIENT", "SETINFO", "LIB-NAME", name)) == oom);
    CHECK(test.ask("CLIENT INFO\r\n").find(" lib-name= ") != std::string::npos);
    CHECK(test.ask("CLIENT SETNAME \"\"\r\n") == "+OK\r\n");  // there is always memory for less
    CHECK(test.server->memory() == 0);
}

TEST_CASE("what counts is at least what the heap holds") {
    for (const std::string name : {"SUBSCRIBE", "PSUBSCRIBE", "WATCH", "MGET"}) {
        CAPTURE(name);
        ServiceMemoryFixture test{1 << 30};
        test.ask("HELLO 3\r\nCLIENT TRACKING ON\r\n");
        test.fill(name, 1);
        const std::size_t counted = test.server->memory();
        const std::size_t held = ::mallinfo2().uordblks;
        test.fill(name, 30);
        const std::size_t more = ::mallinfo2().uordblks - held;  // 0 with sanitizers
        CHECK(test.server->memory() - counted >= more);
    }
}

TEST_CASE("the keys that a client waits for count at least as much as the heap holds, until it leaves") {
    ServiceMemoryFixture test{1 << 30};
    const auto wait = [&](std::size_t client) {
        REQUIRE(test.ask(numbered("TAKE", client * 1'000, 1'000), client).empty());
    };
    wait(0);
    const std::size_t counted = test.server->memory();
    const std::size_t held = ::mallinfo2().uordblks;
    for (std::size_t client = 1; client != 20; ++client) wait(client);
    const std::size_t more = ::mallinfo2().uordblks - held;  // 0 with sanitizers
    CHECK(test.server->memory() - counted >= more);
    for (std::size_t client = 0; client != 20; ++client) test.leave(client);
    CHECK(test.server->memory() == 0);
}
