// MULTI, EXEC, DISCARD, WATCH and UNWATCH.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

#include <map>
#include <vector>

using service_test::ServiceUnderTest;

namespace {

const std::string aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";
const std::string not_in_multi = "-ERR Command not allowed inside a transaction\r\n";

struct TransactionFixture : ServiceUnderTest<> {
    TransactionFixture() {
        commands.add("SET key value", [this](std::string_view key, std::string_view value, resp::Call& call) {
            values[{call.client().database(), std::string{key}}] = value;
            call.changed(key, "set", resp::KeyEvent::string);
            return resp::ok;
        });
        commands.add("GET key", [this](std::string_view key, resp::Call& call) -> std::optional<std::string> {
            const auto found = values.find({call.client().database(), std::string{key}});
            if (found == values.end()) return std::nullopt;
            return found->second;
        });
        commands.add("FLUSHDB", [this](resp::Call& call) {
            commands.keys().all_changed(call.client().database());
            return resp::ok;
        });
        commands.add("FLUSHALL", [this] {
            commands.keys().all_changed();
            return resp::ok;
        });
        commands.add("FAIL", [](resp::Reply& reply) {
            reply.array(3).integer(1);  // dropped
            throw resp::error("ERR no");
        });
        commands.add("SILENT", [](resp::Reply&) {});
        commands.add("LATER", []() -> asio::awaitable<resp::Ok> { co_return resp::ok; });
        commands.add("ALONE", [] { return resp::ok; }, {.no_multi = true});
    }
    std::map<std::pair<unsigned, std::string>, std::string> values;
};

}  // namespace

TEST_CASE("EXEC runs the queued commands and answers an array") {
    TransactionFixture test;
    CHECK(test.ask("MULTI\r\nSET a 1\r\nGET a\r\nPING\r\nEXEC\r\n") ==
          "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n$1\r\n1\r\n+PONG\r\n");
    CHECK(test.ask("EXEC\r\n") == "-ERR EXEC without MULTI\r\n");
    CHECK(test.ask("MULTI\r\nEXEC\r\n") == "+OK\r\n*0\r\n");
}

TEST_CASE("a queued command is a copy: its request may be gone at EXEC") {
    TransactionFixture test;
    test.connect(0).most_read = 7;
    CHECK(test.ask("MULTI\r\nSET key-of-twenty-bytes! value-of-twenty-bytes\r\n") == "+OK\r\n+QUEUED\r\n");
    CHECK(test.ask("EXEC\r\nGET key-of-twenty-bytes!\r\n") ==
          "*1\r\n+OK\r\n$21\r\nvalue-of-twenty-bytes\r\n");
}

TEST_CASE("a command that fails in EXEC does not stop the others") {
    TransactionFixture test;
    CHECK(test.ask(
              "MULTI\r\nFAIL\r\nSELECT 99\r\nSILENT\r\nPING\r\nCLIENT NO-TOUCH x\r\nSELECT x\r\nEXEC\r\n") ==
          "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
          "*6\r\n-ERR no\r\n-ERR DB index is out of range\r\n$-1\r\n+PONG\r\n-ERR syntax error\r\n"
          "-ERR value is not an integer or out of range\r\n");
}

TEST_CASE("SELECT in a transaction counts for the commands after it") {
    TransactionFixture test;
    CHECK(test.ask("MULTI\r\nSELECT 5\r\nSET k v\r\nEXEC\r\nGET k\r\nSELECT 0\r\nGET k\r\n") ==
          "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n$1\r\nv\r\n+OK\r\n$-1\r\n");
}

TEST_CASE("MULTI, WATCH and DISCARD are refused where they have no place") {
    TransactionFixture test;
    CHECK(test.ask("DISCARD\r\n") == "-ERR DISCARD without MULTI\r\n");
    CHECK(test.ask("MULTI x\r\n") == "-ERR wrong number of arguments for 'multi' command\r\n");
    CHECK(test.ask("WATCH\r\n") == "-ERR wrong number of arguments for 'watch' command\r\n");
    // As in Redis, these two do not make EXEC fail.
    CHECK(test.ask("MULTI\r\nMULTI\r\nWATCH a\r\nSET a 1\r\nEXEC\r\n") ==
          "+OK\r\n-ERR MULTI calls can not be nested\r\n-ERR WATCH inside MULTI is not "
          "allowed\r\n+QUEUED\r\n*1\r\n+OK\r\n");
    CHECK(test.ask("MULTI\r\nSET a 2\r\nDISCARD\r\nGET a\r\nEXEC\r\n") ==
          "+OK\r\n+QUEUED\r\n+OK\r\n$1\r\n1\r\n-ERR EXEC without MULTI\r\n");
}

TEST_CASE("an error while commands are queued discards the transaction") {
    TransactionFixture test;
    const std::pair<const char*, std::string> refusals[] = {
        {"GET\r\n", "-ERR wrong number of arguments for 'get' command\r\n"},
        {"NOPE x\r\n", "-ERR unknown command 'NOPE', with args beginning with: 'x' \r\n"},
        {"CLIENT FOO\r\n", "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n"},
        {"WATCH\r\n", "-ERR wrong number of arguments for 'watch' command\r\n"},
        {"DISCARD x\r\n", "-ERR wrong number of arguments for 'discard' command\r\n"},
        {"LATER\r\n", not_in_multi},
        {"ALONE\r\n", not_in_multi},
        {"SUBSCRIBE a\r\n", not_in_multi},
        {"UNSUBSCRIBE\r\n", not_in_multi},
        {"CLIENT REPLY OFF\r\n", not_in_multi},
        {"CLIENT NO-TOUCH\r\n", "-ERR wrong number of arguments for 'client|no-touch' command\r\n"},
    };
    for (const auto& [request, error] : refusals) {
        CAPTURE(request);
        CHECK(test.ask("MULTI\r\n" + std::string{request} + "SET a 1\r\nEXEC\r\nGET a\r\n") ==
              "+OK\r\n" + error + "+QUEUED\r\n" + aborted + "$-1\r\n");
    }
}

TEST_CASE("an EXEC that is refused ends the transaction") {
    TransactionFixture test;
    const std::string error =
        "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command\r\n";
    CHECK(test.ask("MULTI\r\nEXEC x\r\nEXEC\r\n") == "+OK\r\n" + error + "-ERR EXEC without MULTI\r\n");
    CHECK(test.ask("EXEC x\r\n") == error);
}

TEST_CASE("EXEC answers null if a watched key has changed") {
    TransactionFixture test;
    CHECK(test.ask("WATCH a\r\nMULTI\r\nGET a\r\n") == "+OK\r\n+OK\r\n+QUEUED\r\n");
    CHECK(test.ask("SET a 2\r\n", 1) == "+OK\r\n");
    CHECK(test.ask("EXEC\r\n") == "*-1\r\n");
    CHECK(test.ask("WATCH a\r\nMULTI\r\nGET a\r\nEXEC\r\n") == "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n$1\r\n2\r\n");
    CHECK(test.ask("HELLO 3\r\nWATCH b a\r\nSET a 3\r\n").ends_with("+OK\r\n+OK\r\n"));  // the client itself
    CHECK(test.ask("MULTI\r\nGET a\r\nEXEC\r\n") == "+OK\r\n+QUEUED\r\n_\r\n");
}

TEST_CASE("EXEC, DISCARD, UNWATCH and RESET forget the watched keys") {
    TransactionFixture test;
    for (const char* how : {"MULTI\r\nEXEC\r\n", "MULTI\r\nDISCARD\r\n", "UNWATCH\r\n", "RESET\r\n",
                            "MULTI\r\nNOPE\r\nEXEC\r\n", "MULTI\r\nEXEC x\r\n"}) {
        CAPTURE(how);
        test.ask("WATCH a a b\r\n");
        test.ask(how);
        test.ask("SET a 1\r\nSET b 1\r\n", 1);
        CHECK(test.ask("MULTI\r\nPING\r\nEXEC\r\n") == "+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
    }
}

TEST_CASE("UNWATCH in a transaction comes too late") {
    TransactionFixture test;
    test.ask("WATCH a\r\nMULTI\r\nUNWATCH\r\n");
    test.ask("SET a 1\r\n", 1);
    CHECK(test.ask("EXEC\r\n") == "*-1\r\n");
    CHECK(test.ask("WATCH a\r\nMULTI\r\nUNWATCH\r\nSET a 2\r\nEXEC\r\n") ==
          "+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n");
}

TEST_CASE("a key is watched in the database that was selected then") {
    TransactionFixture test;
    test.ask("SELECT 3\r\n", 1);
    test.ask("WATCH a\r\n");
    test.ask("SET a 1\r\n", 1);
    CHECK(test.ask("MULTI\r\nPING\r\nEXEC\r\n") == "+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
    test.ask("SELECT 3\r\nWATCH a\r\nSELECT 0\r\nWATCH a\r\n");
    test.ask("SET a 2\r\n", 1);
    CHECK(test.ask("MULTI\r\nPING\r\nEXEC\r\n") == "+OK\r\n+QUEUED\r\n*-1\r\n");
}

TEST_CASE("a flush changes all watched keys of a database, or of all") {
    TransactionFixture test;
    const auto aborts = [&](const char* flush) {
        test.ask("SELECT 3\r\n", 1);
        test.ask("WATCH a\r\n");
        test.ask(flush, 1);
        return test.ask("MULTI\r\nPING\r\nEXEC\r\n").ends_with("*-1\r\n");
    };
    CHECK_FALSE(aborts("FLUSHDB\r\n"));
    CHECK(aborts("FLUSHALL\r\n"));
    CHECK(aborts("SELECT 0\r\nFLUSHDB\r\n"));
}

TEST_CASE("RESET and QUIT end a transaction at once") {
    TransactionFixture test;
    CHECK(test.ask("MULTI\r\nSET a 1\r\nRESET\r\nEXEC\r\n") ==
          "+OK\r\n+QUEUED\r\n+RESET\r\n-ERR EXEC without MULTI\r\n");
    CHECK(test.ask("MULTI\r\nSET a 1\r\nQUIT\r\n") == "+OK\r\n+QUEUED\r\n+OK\r\n");
    CHECK(test.values.empty());
}

TEST_CASE("a client that leaves in a transaction leaves nothing") {
    TransactionFixture test;
    test.ask("WATCH a\r\nMULTI\r\nSET a 1\r\n");
    test.clients[0]->fail();
    test.server->run();
    CHECK(test.values.empty());
    CHECK(test.ask("SET a 2\r\n", 1) == "+OK\r\n");
    CHECK(test.server->memory() == 0);
}

TEST_CASE("before() is asked for a queued command at EXEC, not when it is queued") {
    TransactionFixture test;
    std::vector<std::string> asked;
    test.commands.before([&](resp::Call& call) -> std::optional<resp::Error> {
        asked.emplace_back(call.name());
        if (call.name() == "get") return resp::error("ERR not now");
        return std::nullopt;
    });
    CHECK(test.ask("MULTI\r\nSET a 1\r\nGET a\r\n") == "+OK\r\n+QUEUED\r\n+QUEUED\r\n");
    CHECK(asked == std::vector<std::string>{"multi"});
    CHECK(test.ask("EXEC\r\n") == "*2\r\n+OK\r\n-ERR not now\r\n");
    CHECK(asked == std::vector<std::string>{"multi", "exec", "set", "get"});
}

TEST_CASE("an EXEC that before() refuses ends the transaction") {
    TransactionFixture test;
    test.commands.before([](resp::Call& call) -> std::optional<resp::Error> {
        if (call.name() == "exec") return resp::error("ERR not now");
        return std::nullopt;
    });
    CHECK(test.ask("MULTI\r\nSET a 1\r\nEXEC\r\nGET a\r\n") ==
          "+OK\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of: not now\r\n$-1\r\n");
}

TEST_CASE("CLIENT REPLY OFF drops the reply to EXEC") {
    TransactionFixture test;
    CHECK(test.ask("CLIENT REPLY OFF\r\nMULTI\r\nSET a 1\r\nNOPE\r\nEXEC\r\nMULTI\r\nSET a 2\r\nEXEC\r\n")
              .empty());
    CHECK(test.ask("CLIENT REPLY ON\r\nGET a\r\n") == "+OK\r\n$1\r\n2\r\n");
}
