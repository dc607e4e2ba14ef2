// COMMAND: what a client can learn of the commands.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

using service_test::ServiceUnderTest;

namespace {

struct CommandInfoFixture : ServiceUnderTest<> {
    CommandInfoFixture() {
        const auto f = [](resp::Call&) { return resp::ok; };
        commands.add("GET key", f,
                     {.readonly = true,
                      .fast = true,
                      .summary = "Returns a value.",
                      .group = "string",
                      .since = "1.2.3"});
        commands.add("SET key value [NX | XX] [GET] [EX seconds | PX milliseconds]", f, {.write = true});
        commands.add("MSET key value [key value ...]", f, {.write = true});
        commands.add("BPOP key [key ...] timeout", f, {.write = true, .blocking = true});
        commands.add("LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]", f, {.write = true});
        commands.add("RENAME key newkey", f, {.write = true});
        commands.add("OBJECT FREQ key", f, {.readonly = true});
        commands.add("PLAIN", f, {.admin = true, .noauth = true, .no_multi = true, .group = "sorted-set"});
    }
    std::string keys_of(const std::string& command) { return ask("COMMAND GETKEYS " + command + "\r\n"); }
};

}  // namespace

TEST_CASE("COMMAND INFO describes a command as Redis does") {
    CommandInfoFixture test;
    const std::string get =
        "$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n"
        "*3\r\n+@read\r\n+@string\r\n+@fast\r\n*0\r\n*0\r\n*0\r\n";
    CHECK(test.ask("COMMAND INFO GET\r\n") == "*1\r\n*10\r\n" + get);
    CHECK(test.ask("COMMAND INFO get nope\r\n") == "*2\r\n*10\r\n" + get + "$-1\r\n");
    CHECK(test.ask("COMMAND INFO mset\r\n") ==
          "*1\r\n*10\r\n$4\r\nmset\r\n:-3\r\n*1\r\n+write\r\n:1\r\n:-1\r\n:2\r\n*2\r\n+@write\r\n+@slow\r\n*"
          "0\r\n*0\r\n*0\r\n");
    CHECK(test.ask("COMMAND INFO bpop\r\n") ==
          "*1\r\n*10\r\n$4\r\nbpop\r\n:-3\r\n*2\r\n+write\r\n+blocking\r\n:1\r\n:-2\r\n:1\r\n"
          "*3\r\n+@write\r\n+@blocking\r\n+@slow\r\n*0\r\n*0\r\n*0\r\n");
    CHECK(test.ask("COMMAND INFO lmpop\r\n") ==
          "*1\r\n*10\r\n$5\r\nlmpop\r\n:-4\r\n*2\r\n+write\r\n+movablekeys\r\n:0\r\n:0\r\n:0\r\n"
          "*2\r\n+@write\r\n+@slow\r\n*0\r\n*0\r\n*0\r\n");
    CHECK(test.ask("COMMAND INFO plain\r\n") ==
          "*1\r\n*10\r\n$5\r\nplain\r\n:1\r\n*3\r\n+admin\r\n+no_auth\r\n+no_multi\r\n:0\r\n:0\r\n:0\r\n"
          "*4\r\n+@sortedset\r\n+@admin\r\n+@dangerous\r\n+@slow\r\n*0\r\n*0\r\n*0\r\n");
}

TEST_CASE("COMMAND INFO describes subcommands") {
    CommandInfoFixture test;
    const std::string freq =
        "*10\r\n$11\r\nobject|freq\r\n:3\r\n*1\r\n+readonly\r\n:2\r\n:2\r\n:1\r\n"
        "*2\r\n+@read\r\n+@slow\r\n*0\r\n*0\r\n*0\r\n";
    CHECK(test.ask("COMMAND INFO object|freq\r\n") == "*1\r\n" + freq);
    CHECK(test.ask("COMMAND INFO OBJECT\r\n") ==
          "*1\r\n*10\r\n$6\r\nobject\r\n:-2\r\n*0\r\n:0\r\n:0\r\n:0\r\n*1\r\n+@slow\r\n*0\r\n*0\r\n*1\r\n" +
              freq);
    CHECK(test.ask("COMMAND INFO object|nope config|get|x\r\n") == "*2\r\n$-1\r\n$-1\r\n");
}

TEST_CASE("COMMAND INFO has sets and nulls of RESP3") {
    CommandInfoFixture test;
    test.ask("HELLO 3\r\n");
    CHECK(test.ask("COMMAND INFO get nope\r\n") ==
          "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n~2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n"
          "~3\r\n+@read\r\n+@string\r\n+@fast\r\n~0\r\n~0\r\n~0\r\n_\r\n");
}

TEST_CASE("COMMAND, COMMAND INFO and COMMAND COUNT agree about the number of commands") {
    CommandInfoFixture test;
    const std::string count = test.ask("COMMAND COUNT\r\n");
    const std::string all = test.ask("COMMAND\r\n");
    CHECK(all.starts_with("*" + count.substr(1)));
    CHECK(test.ask("COMMAND INFO\r\n") == all);
    CHECK(test.ask("COMMAND COUNT x\r\n") ==
          "-ERR wrong number of arguments for 'command|count' command\r\n");
    CHECK(test.ask("COMMAND FOO\r\n") == "-ERR unknown subcommand 'FOO'. Try COMMAND HELP.\r\n");
}

TEST_CASE("COMMAND LIST lists names, and those that a filter wants") {
    CommandInfoFixture test;
    const std::string all = test.ask("COMMAND LIST\r\n");
    CHECK(all.find("$3\r\nget\r\n") != std::string::npos);
    CHECK(all.find("$10\r\nconfig|get\r\n") != std::string::npos);
    CHECK(test.ask("COMMAND LIST FILTERBY PATTERN *SET\r\n") ==
          "*5\r\n$3\r\nset\r\n$4\r\nmset\r\n$5\r\nreset\r\n$10\r\nconfig|set\r\n$13\r\nslowlog|reset\r\n");
    CHECK(test.ask("command list filterby pattern config|g*\r\n") == "*1\r\n$10\r\nconfig|get\r\n");
    CHECK(test.ask("COMMAND LIST FILTERBY ACLCAT string\r\n") == "*1\r\n$3\r\nget\r\n");
    CHECK(test.ask("COMMAND LIST FILTERBY ACLCAT sortedset\r\n") == "*1\r\n$5\r\nplain\r\n");
    CHECK(test.ask("COMMAND LIST FILTERBY ACLCAT nope\r\n") == "*0\r\n");
    CHECK(test.ask("COMMAND LIST FILTERBY MODULE x\r\n") == "*0\r\n");
    for (const char* words :
         {"FOO x", "FILTERBY", "FILTERBY FOO x", "FILTERBY PATTERN", "FILTERBY PATTERN a b"}) {
        CHECK(test.ask("COMMAND LIST " + std::string{words} + "\r\n") == "-ERR syntax error\r\n");
    }
}

TEST_CASE("COMMAND DOCS describes the words of a usage line") {
    CommandInfoFixture test;
    test.ask("HELLO 3\r\n");
    CHECK(
        test.ask("COMMAND DOCS get\r\n") ==
        "%1\r\n$3\r\nget\r\n%4\r\n$7\r\nsummary\r\n$16\r\nReturns a value.\r\n$5\r\nsince\r\n$5\r\n1.2.3\r\n"
        "$5\r\ngroup\r\n$6\r\nstring\r\n$9\r\narguments\r\n*1\r\n%2\r\n$4\r\nname\r\n$3\r\nkey\r\n$"
        "4\r\ntype\r\n$3\r\nkey\r\n");
    CHECK(test.ask("COMMAND DOCS plain\r\n") ==
          "%1\r\n$5\r\nplain\r\n%3\r\n$7\r\nsummary\r\n$0\r\n\r\n$5\r\nsince\r\n$5\r\n1.0.0\r\n$"
          "5\r\ngroup\r\n$10\r\nsorted-set\r\n");
    const std::string set = test.ask("COMMAND DOCS set\r\n");
    CHECK(set.find(
              "%4\r\n$4\r\nname\r\n$5\r\nnx_xx\r\n$4\r\ntype\r\n$5\r\noneof\r\n$5\r\nflags\r\n~1\r\n+"
              "optional\r\n"
              "$9\r\narguments\r\n*2\r\n%3\r\n$4\r\nname\r\n$2\r\nnx\r\n$4\r\ntype\r\n$10\r\npure-token\r\n"
              "$5\r\ntoken\r\n$2\r\nNX\r\n") != std::string::npos);
    CHECK(set.find("%3\r\n$4\r\nname\r\n$7\r\nseconds\r\n$4\r\ntype\r\n$6\r\nstring\r\n$5\r\ntoken\r\n$"
                   "2\r\nEX\r\n") != std::string::npos);
    const std::string mset = test.ask("COMMAND DOCS mset\r\n");
    CHECK(mset.find("%4\r\n$4\r\nname\r\n$9\r\nkey_value\r\n$4\r\ntype\r\n$5\r\nblock\r\n$5\r\nflags\r\n~"
                    "1\r\n+multiple\r\n") != std::string::npos);
}

TEST_CASE("COMMAND DOCS leaves out what it does not know, and shows subcommands") {
    CommandInfoFixture test;
    CHECK(test.ask("COMMAND DOCS nope\r\n") == "*0\r\n");
    CHECK(test.ask("COMMAND DOCS nope PLAIN\r\n").starts_with("*2\r\n$5\r\nplain\r\n*6\r\n"));
    CHECK(test.ask("COMMAND DOCS object|freq\r\n").starts_with("*2\r\n$11\r\nobject|freq\r\n*8\r\n"));
    CHECK(test.ask("COMMAND DOCS object\r\n").find("$11\r\nsubcommands\r\n*2\r\n$11\r\nobject|freq\r\n") !=
          std::string::npos);
    const std::string count = test.ask("COMMAND COUNT\r\n");
    test.ask("HELLO 3\r\n");
    CHECK(test.ask("COMMAND DOCS\r\n").starts_with("%" + count.substr(1)));
}

TEST_CASE("COMMAND GETKEYS returns the keys of any command") {
    CommandInfoFixture test;
    CHECK(test.keys_of("get a") == "*1\r\n$1\r\na\r\n");
    CHECK(test.keys_of("MSET a 1 b 2 c 3") == "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
    CHECK(test.keys_of("bpop a b 0") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    CHECK(test.keys_of("lmpop 2 a b LEFT COUNT 3") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    CHECK(test.keys_of("set a 1 PX 10 GET NX") == "*1\r\n$1\r\na\r\n");
    CHECK(test.keys_of("rename a b") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    CHECK(test.keys_of("object freq a") == "*1\r\n$1\r\na\r\n");
}

TEST_CASE("COMMAND GETKEYS reports its errors with Redis' texts") {
    CommandInfoFixture test;
    CHECK(test.ask("COMMAND GETKEYS\r\n") ==
          "-ERR wrong number of arguments for 'command|getkeys' command\r\n");
    CHECK(test.keys_of("nope a") == "-ERR Invalid command specified\r\n");
    CHECK(test.keys_of("object nope") == "-ERR Invalid command specified\r\n");
    CHECK(test.keys_of("ping x") == "-ERR The command has no key arguments\r\n");
    CHECK(test.keys_of("config get x") == "-ERR The command has no key arguments\r\n");
    CHECK(test.keys_of("get a b") == "-ERR Invalid number of arguments specified for command\r\n");
    CHECK(test.keys_of("get") == "-ERR Invalid number of arguments specified for command\r\n");
    for (const char* count : {"5", "x", "0", "-1", "99999999999999999999"}) {
        CHECK(test.keys_of("lmpop " + std::string{count} + " a b LEFT") ==
              "-ERR Invalid arguments specified for command\r\n");
    }
}

TEST_CASE("a command that has a function and subcommands has HELP, and its function is not called for it") {
    ServiceUnderTest test;
    test.commands.add("BOX",
                      [](resp::Call& call) -> asio::awaitable<std::int64_t> { co_return call.size(); });
    test.commands.add("BOX OPEN key", [](std::string_view) { return resp::ok; });
    CHECK(test.ask("BOX\r\n") == ":1\r\n");
    CHECK(test.ask("BOX HELP\r\n").find("OPEN key") != std::string::npos);
    CHECK(test.ask("COMMAND HELP\r\n").find("GETKEYS") != std::string::npos);
    CHECK(test.ask("COMMAND HELP\r\n").starts_with("*"));
}
