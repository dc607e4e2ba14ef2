// What a service tells about its commands: Commands::after(), MONITOR, SLOWLOG, LATENCY, and the times in INFO.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

#include <chrono>
#include <thread>
#include <vector>

using service_test::contains;
using service_test::ServiceUnderTest;

namespace {

struct ObserveFixture : ServiceUnderTest<> {
    ObserveFixture() {
        commands.add("GET key", [](std::string_view key) { return key; });
        commands.add("FAIL", [] { return resp::error("WRONGTYPE no"); });
        commands.add("THROW", []() -> resp::Ok { throw resp::error("MYCODE thrown"); });
        commands.add("SLOW", [] {
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
            return resp::ok;
        });
        commands.add("WAIT", []() -> asio::awaitable<std::string> {
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            co_return "waited";
        });
        commands.add("LONG", [] { return std::make_shared<const std::string>(20'000, 'x'); });
    }
};

struct Seen {
    std::string name, error;
    std::size_t in, out;
    bool took_time;
    friend bool operator==(const Seen&, const Seen&) = default;
};

/// Keeps what Commands::after() is told.
struct AfterFixture : ObserveFixture {
    AfterFixture() {
        commands.after([this](const resp::Call& call, const resp::Finished& finished) {
            seen.push_back({std::string{call.name()}, std::string{finished.error}, finished.bytes_in,
                            finished.bytes_out, finished.duration >= std::chrono::milliseconds{2}});
        });
    }
    std::vector<Seen> seen;
};

}  // namespace

// ---- after()

TEST_CASE("after() gets each command with its size, its reply and its error") {
    AfterFixture test;
    test.ask("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n*1\r\n$4\r\nFAIL\r\n*1\r\n$5\r\nTHROW\r\n");
    test.ask("*1\r\n$4\r\nWAIT\r\n*1\r\n$4\r\nSLOW\r\n");
    const std::vector<Seen> expected{{"get", "", 22, 9, false},
                                     {"fail", "WRONGTYPE no", 14, 15, false},
                                     {"throw", "MYCODE thrown", 15, 16, false},
                                     {"wait", "", 14, 12, false},
                                     {"slow", "", 14, 5, true}};
    CHECK(test.seen == expected);
}

TEST_CASE("after() counts the bytes of a string that was sent without a copy") {
    AfterFixture test;
    test.ask("LONG\r\n");
    REQUIRE(test.seen.size() == 1);
    CHECK(test.seen[0].out == std::string_view{"$20000\r\n\r\n"}.size() + 20'000);
}

TEST_CASE("after() gets the commands of a transaction, and not those that were refused") {
    AfterFixture test;
    test.ask("GET\r\nMULTI\r\nGET a\r\nFAIL\r\nEXEC\r\n");
    std::vector<std::string> names;
    for (const Seen& each : test.seen) names.push_back(each.name);
    CHECK(names == std::vector<std::string>{"multi", "get", "fail", "exec"});
    CHECK(test.seen[2].error == "WRONGTYPE no");
    CHECK(test.seen[2].out == 15);
}

// ---- INFO

TEST_CASE("INFO counts errors by their first words, and the time of commands") {
    ObserveFixture test;
    test.ask("FAIL\r\nTHROW\r\nFAIL\r\nNONE\r\nGET\r\nSLOW\r\n");
    const std::string errors = test.ask("INFO errorstats\r\n");
    CHECK(contains(errors, "errorstat_ERR:count=2\r\n"));
    CHECK(contains(errors, "errorstat_MYCODE:count=1\r\n"));
    CHECK(contains(errors, "errorstat_WRONGTYPE:count=2\r\n"));
    const std::string commands = test.ask("INFO commandstats\r\n");
    CHECK(contains(commands, "cmdstat_fail:calls=2,usec="));
    CHECK(contains(commands, ",rejected_calls=0,failed_calls=2\r\n"));
    CHECK_FALSE(contains(commands, "cmdstat_slow:calls=1,usec=0"));
    CHECK(contains(test.ask("INFO latencystats\r\n"), "latency_percentiles_usec_slow:p50="));
    test.ask("CONFIG RESETSTAT\r\n");
    CHECK_FALSE(contains(test.ask("INFO errorstats\r\n"), "errorstat_"));
}

TEST_CASE("the codes of errors are escaped, short, and at most 128") {
    ObserveFixture test;
    test.commands.add("ERROR text", [](std::string_view text) { return resp::error(std::string{text}); });
    test.ask("ERROR \"\\x1b[31m x\"\r\n");
    test.ask("ERROR " + std::string(100, 'L') + "\r\n");
    for (int i = 0; i != 200; ++i) test.ask("ERROR E" + std::to_string(i) + "\r\n");
    const std::string errors = test.ask("INFO errorstats\r\n");
    CHECK(contains(errors, "errorstat_\\x1b[31m:count=1\r\n"));
    CHECK(contains(errors, "errorstat_" + std::string(32, 'L') + ":count=1\r\n"));
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = errors.find("errorstat_", at)) != std::string::npos; ++at) ++lines;
    CHECK(lines == 128);
}

TEST_CASE("LATENCY HISTOGRAM counts the calls that were measured") {
    ObserveFixture test;
    test.ask("SLOW\r\n");
    const std::string slow = test.ask("LATENCY HISTOGRAM slow none\r\n");
    CHECK(contains(slow, "*2\r\n$4\r\nslow\r\n*4\r\n$5\r\ncalls\r\n:1\r\n$14\r\nhistogram_usec\r\n*2\r\n:"));
    CHECK(test.ask("LATENCY HISTOGRAM none\r\n") == "*0\r\n");
    for (int i = 0; i != 33; ++i) test.ask("GET a\r\n");
    CHECK(contains(test.ask("LATENCY HISTOGRAM get\r\n"), "$5\r\ncalls\r\n:3\r\n"));
    CHECK(contains(test.ask("LATENCY HELP\r\n"), "HISTOGRAM"));
}

// ---- SLOWLOG

TEST_CASE("SLOWLOG is off until a time is set, and keeps the newest commands") {
    ObserveFixture test;
    CHECK(test.ask("SLOW\r\nSLOWLOG LEN\r\nCONFIG GET slowlog-log-slower-than\r\n") ==
          "+OK\r\n:0\r\n*2\r\n$23\r\nslowlog-log-slower-than\r\n$2\r\n-1\r\n");
    CHECK(test.ask("CONFIG SET slowlog-log-slower-than 1500 slowlog-max-len 2\r\n") == "+OK\r\n");
    CHECK(test.ask("GET a\r\nSLOW\r\nSLOW\r\nSLOW\r\nSLOWLOG LEN\r\n") ==
          "$1\r\na\r\n+OK\r\n+OK\r\n+OK\r\n:2\r\n");
    const std::string entries = test.ask("SLOWLOG GET\r\n");
    CHECK(contains(entries, "*2\r\n*6\r\n:2\r\n:"));  // the third one is the newest
    CHECK(contains(entries, "*1\r\n$4\r\nSLOW\r\n"));
    CHECK(contains(test.ask("SLOWLOG GET 1\r\n"), "*1\r\n*6\r\n:2\r\n"));
    CHECK(test.ask("SLOWLOG GET -2\r\n") == "-ERR count should be greater than or equal to -1\r\n");
    CHECK(test.ask("SLOWLOG RESET\r\nSLOWLOG GET -1\r\n") == "+OK\r\n*0\r\n");
    CHECK(contains(test.ask("CONFIG SET slowlog-max-len -1\r\n"),
                   "argument must be between 0 and 9223372036854775807 inclusive"));
    CHECK(contains(test.ask("CONFIG SET slowlog-max-len x\r\n"), "couldn't be parsed"));
}

TEST_CASE("SLOWLOG has the commands of a transaction, and not EXEC") {
    ObserveFixture test;
    test.commands.slow_log(std::chrono::microseconds{0});
    test.ask("MULTI\r\nGET a\r\nEXEC\r\n");
    const std::string entries = test.ask("SLOWLOG GET\r\n");
    CHECK(contains(entries, "$3\r\nGET\r\n"));
    CHECK_FALSE(contains(entries, "$4\r\nEXEC\r\n"));
}

TEST_CASE("SLOWLOG shortens long words and long commands") {
    ObserveFixture test;
    test.commands.slow_log(std::chrono::microseconds{0});
    std::string line = "DELAY";
    test.commands.add("DELAY word [word ...]", [](resp::Words words) { return words.size(); });
    line += " " + std::string(200, 'a');
    for (int i = 0; i != 40; ++i) line += " b";
    test.ask(line + "\r\n");
    const std::string entries = test.ask("SLOWLOG GET 1\r\n");
    CHECK(contains(entries, "*32\r\n$5\r\nDELAY\r\n"));
    CHECK(contains(entries, std::string(128, 'a') + "... (72 more bytes)\r\n"));
    CHECK(contains(entries, "... (11 more arguments)\r\n"));
}

TEST_CASE("SLOWLOG and MONITOR show no passwords") {
    ObserveFixture test;
    std::string password = "old";
    test.commands.parameter(
        "requirepass", [&] { return password; },
        [&](std::string_view value) {
            password = value;
            return std::nullopt;
        });
    test.commands.slow_log(std::chrono::microseconds{0});
    test.ask("MONITOR\r\n", 1);
    test.ask("AUTH default secret1\r\nHELLO 2 AUTH default secret2 SETNAME me\r\n");
    test.ask("CONFIG SET requirepass secret3\r\n");
    const std::string entries = test.ask("SLOWLOG GET\r\n") + test.clients[1]->received;
    CHECK_FALSE(contains(entries, "secret"));
    CHECK(contains(entries, "\"AUTH\" \"(redacted)\" \"(redacted)\"\r\n"));
    CHECK(contains(entries, "\"HELLO\" \"2\" \"AUTH\" \"(redacted)\" \"(redacted)\" \"SETNAME\" \"me\"\r\n"));
    CHECK(contains(entries, "$11\r\nrequirepass\r\n$10\r\n(redacted)\r\n"));
}

// ---- MONITOR

TEST_CASE("MONITOR shows the commands of all clients, escaped") {
    ObserveFixture test;
    CHECK(test.ask("MONITOR\r\n", 1) == "+OK\r\n");
    CHECK(test.ask("SELECT 3\r\n*2\r\n$3\r\nGET\r\n$4\r\n\r\n\"\x1b\r\n") == "+OK\r\n$4\r\n\r\n\"\x1b\r\n");
    test.server->run();
    const std::string& shown = test.clients[1]->received;
    CHECK(contains(shown, "] \"SELECT\" \"3\"\r\n+"));
    CHECK(contains(shown, "[3 "));
    CHECK(contains(shown, "] \"GET\" \"\\x0d\\x0a\\\"\\x1b\"\r\n"));
    CHECK(contains(test.ask("CLIENT LIST\r\n"), "flags=O"));
    // Commands for administrators are not shown, as in Redis.
    CHECK_FALSE(contains(test.clients[1]->received, "LIST"));
}

TEST_CASE("MONITOR shows a transaction in the order in which it ran") {
    ObserveFixture test;
    test.ask("MONITOR\r\n", 1);
    test.ask("MULTI\r\nGET a\r\nEXEC\r\n");
    test.server->run();
    const std::string& shown = test.clients[1]->received;
    const std::size_t multi = shown.find("\"MULTI\""), get = shown.find("\"GET\""),
                      exec = shown.find("\"EXEC\"");
    REQUIRE(exec != std::string::npos);
    CHECK(multi < get);
    CHECK(get < exec);
}

TEST_CASE("RESET and the end of the connection end MONITOR") {
    ObserveFixture test;
    test.ask("MONITOR\r\n", 1);
    test.ask("MONITOR\r\n", 2);
    test.ask("RESET\r\n", 1);
    test.clients[2]->finish();
    test.clients[2]->notify();
    test.server->run();
    const std::string before = test.clients[1]->received + test.clients[2]->received;
    test.ask("GET a\r\n");
    test.server->run();
    CHECK(test.clients[1]->received + test.clients[2]->received == before);
    CHECK_FALSE(contains(test.ask("CLIENT LIST\r\n"), "flags=O"));
}

TEST_CASE("a client with MONITOR gets nothing after the reply to QUIT") {
    ObserveFixture test;
    test.ask("MONITOR\r\n");
    test.ask("QUIT\r\n");
    test.server->run();
    CHECK(test.clients[0]->received == "+OK\r\n+OK\r\n");
}

TEST_CASE("MONITOR is not allowed in a transaction") {
    ObserveFixture test;
    CHECK(test.ask("MULTI\r\nMONITOR\r\n") == "+OK\r\n-ERR Command not allowed inside a transaction\r\n");
}
