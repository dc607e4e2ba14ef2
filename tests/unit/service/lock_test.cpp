// Commands::lock(): which keys a call locks, and when.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

#include "support/running_server.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

using service_test::ServiceUnderTest;

namespace {

/// Writes down each lock: "read a b", and whether functions run while it is held.
struct LockFixture : ServiceUnderTest<> {
    struct Guard {
        explicit Guard(LockFixture& owner, std::span<const std::string_view> keys)
            : test(owner), locked(keys) {
            ++test.held;
        }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;
        ~Guard() {
            --test.held;
            test.log.back() += " /";  // the keys are still valid
            for (const std::string_view key : locked) test.log.back().append(" ").append(key);
        }
        LockFixture& test;
        std::span<const std::string_view> locked;
    };

    LockFixture() {
        commands.lock([this](std::span<const std::string_view> keys, resp::Access access) {
            std::string line = access == resp::Access::read ? "read" : "write";
            for (const std::string_view key : keys) line.append(" ").append(key);
            log.push_back(line);
            return std::make_unique<Guard>(*this, keys);
        });
        const auto f = [this](resp::Call& call) {
            calls += std::string{call.name()} + (held == 1 ? "+" : "-");
            return resp::ok;
        };
        commands.add("GET key", f, {.readonly = true});
        commands.add("SET key value [NX | XX]", [this, f](resp::Call& call) {
            call.changed(*call.text("key"), "set");
            return f(call);
        });
        commands.add("MSET key value [key value ...]", f, {.write = true});
        commands.add("LMPOP numkeys key [key ...] <LEFT | RIGHT>", f);
        commands.add("PLAIN", f);
        commands.add("FAIL key", [](std::string_view) { return resp::error("ERR no"); });
        commands.add("LATER key", [this, f](std::string_view, resp::Call& call) -> asio::awaitable<resp::Ok> {
            co_return f(call);
        });
    }
    /// The locks and calls since the last time.
    std::string take() {
        std::string all;
        for (const std::string& line : log) all += line + "; ";
        log.clear();
        return all + std::exchange(calls, {});
    }
    std::vector<std::string> log;
    std::string calls;
    int held = 0;
};

}  // namespace

TEST_CASE("the lock is taken around a function with the keys of the command") {
    LockFixture test;
    test.ask("GET a\r\n");
    CHECK(test.take() == "read a / a; get+");
    test.ask("SET a 1 NX\r\nMSET a 1 b 2 c 3\r\n");
    CHECK(test.take() == "write a / a; write a b c / a b c; set+mset+");
    test.ask("LMPOP 2 a b LEFT\r\nPLAIN\r\n");
    CHECK(test.take() == "write a b / a b; write /; lmpop+plain+");
    CHECK(test.ask("FAIL a\r\n") == "-ERR no\r\n");
    CHECK(test.take() == "write a / a; ");
}

TEST_CASE("the lock is not taken for refused commands, for those of the library and for coroutines") {
    LockFixture test;
    test.ask("GET\r\nSET a 1 QQ\r\nNOPE a\r\nPING\r\nUNWATCH\r\nMULTI\r\nGET a\r\nDISCARD\r\n");
    CHECK(test.take().empty());
    CHECK(test.ask("LATER a\r\n") == "+OK\r\n");
    CHECK(test.take() == "later-");
}

TEST_CASE("WATCH takes the lock of its keys") {
    LockFixture test;
    test.ask("WATCH a b\r\n");
    CHECK(test.take() == "write a b / a b; ");
    CHECK(test.ask("MULTI\r\nWATCH a\r\n") == "+OK\r\n-ERR WATCH inside MULTI is not allowed\r\n");
}

TEST_CASE("a key whose time has ended before WATCH may be removed after it") {
    // As in kv: taking the lock removes what has expired.
    ServiceUnderTest test;
    bool is_expired = true;
    test.commands.lock([&](std::span<const std::string_view>, resp::Access) {
        if (std::exchange(is_expired, false))
            test.commands.keys().changed(0, "a", "expired", resp::KeyEvent::expired);
        return std::make_unique<int>();
    });
    test.commands.add("GET key", [](std::string_view key) { return key; });
    CHECK(test.ask("WATCH a\r\nGET a\r\nMULTI\r\nGET a\r\nEXEC\r\n").ends_with("*1\r\n$1\r\na\r\n"));
    is_expired = true;
    CHECK(test.ask("WATCH b a\r\n") == "+OK\r\n");
    is_expired = true;
    CHECK(test.ask("MULTI\r\nGET a\r\nEXEC\r\n").ends_with("*-1\r\n"));
}

TEST_CASE("EXEC takes the lock once, with the keys of all commands and the watched keys") {
    LockFixture test;
    test.ask("WATCH w1 w2\r\n");
    test.take();
    test.ask("MULTI\r\nGET a\r\nSET b 1 NX\r\nLMPOP 2 c d LEFT\r\nMSET e 1 f 2\r\nPING\r\n");
    CHECK(test.take().empty());
    CHECK(test.ask("EXEC\r\n") == "*5\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+PONG\r\n");
    CHECK(test.take() == "write a b c d e f w1 w2 / a b c d e f w1 w2; get+set+lmpop+mset+");
}

TEST_CASE("EXEC of reads only takes the lock for reading") {
    LockFixture test;
    CHECK(test.ask("MULTI\r\nGET a\r\nGET b\r\nEXEC\r\n").ends_with("*2\r\n+OK\r\n+OK\r\n"));
    CHECK(test.take() == "read a b / a b; get+get+");
}

TEST_CASE("UNWATCH in a transaction leaves the keys of the lock valid") {
    LockFixture test;
    const std::string key(100, 'w');
    test.ask("WATCH " + key + "\r\nMULTI\r\nUNWATCH\r\nGET a\r\n");
    test.take();
    CHECK(test.ask("EXEC\r\n") == "*2\r\n+OK\r\n+OK\r\n");
    CHECK(test.take() == "write a " + key + " / a " + key + "; get+");
}

TEST_CASE("EXEC takes the lock before it looks at the watched keys") {
    LockFixture test;
    test.ask("WATCH a\r\nMULTI\r\nGET b\r\n");
    test.take();
    test.ask("SET a 1\r\n", 1);
    CHECK(test.take() == "write a / a; set+");
    CHECK(test.ask("EXEC\r\n") == "*-1\r\n");
    CHECK(test.take() == "read b a / b a; ");
    CHECK(test.ask("MULTI\r\nNOPE\r\nGET a\r\nEXEC\r\n").ends_with("previous errors.\r\n"));
    CHECK(test.take().empty());
}

TEST_CASE("EXEC locks everything if one of its commands has no keys, or words that do not fit") {
    LockFixture test;
    CHECK(test.ask("WATCH w\r\nMULTI\r\nGET a\r\nPLAIN\r\nEXEC\r\n").ends_with("*2\r\n+OK\r\n+OK\r\n"));
    CHECK(test.take() == "write w / w; write /; get+plain+");
    CHECK(test.ask("MULTI\r\nLMPOP 9 a b LEFT\r\nGET c\r\nEXEC\r\n")
              .ends_with("*2\r\n-ERR syntax error\r\n+OK\r\n"));
    CHECK(test.take() == "write /; get+");
}

TEST_CASE("INFO and CONFIG call the functions of the program under the lock for everything") {
    LockFixture test;
    test.commands.section("Mine", [&test] { return test.held == 1 ? "held:yes\r\n" : "held:no\r\n"; });
    test.commands.parameter("mine", [&test] { return std::to_string(test.held); });
    CHECK(test.ask("INFO mine\r\n") == "$18\r\n# Mine\r\nheld:yes\r\n\r\n");
    CHECK(test.take() == "write /; ");
    CHECK(test.ask("MULTI\r\nINFO mine\r\nCONFIG GET mine\r\nEXEC\r\n")
              .ends_with("*2\r\n$18\r\n# Mine\r\nheld:yes\r\n\r\n*2\r\n$4\r\nmine\r\n$1\r\n1\r\n"));
    CHECK(test.take() == "write /; ");
}

TEST_CASE("without lock() one function runs at a time, and none in the middle of a transaction") {
    std::atomic<int> running{0}, most{0};
    std::vector<int> values;  // only the lock of the service protects it
    resp::Commands commands;
    commands.add("ADD value", [&](int value) {
        const int now = ++running;
        most = std::max(most.load(), now);
        values.push_back(value);
        --running;
        return values.size();
    });
    support::RunningServer server{{.threads = 4}, resp::Service{commands}};
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
        threads.emplace_back([&server, i] {
            auto client = server.client();
            const std::string add = "ADD " + std::to_string(i) + "\r\n";
            for (int n = 0; n != 100; ++n) {
                client.ask(add);
                client.send("MULTI\r\n" + add + add + add + "EXEC\r\n");
                for (int reply = 0; reply != 5; ++reply) client.reply();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(most == 1);
    REQUIRE(values.size() == 1600);
    // Each client has added one value, and then three together: never two.
    std::size_t begin = 0;
    bool is_whole = true;
    for (std::size_t i = 1; i <= values.size(); ++i) {
        if (i != values.size() && values[i] == values[begin]) continue;
        const std::size_t size = i - begin;
        is_whole = is_whole && size % 4 != 2;
        begin = i;
    }
    CHECK(is_whole);
}
