// Publish/subscribe in RESP2 and RESP3.
#include "fixture.hpp"

#include "support/client.hpp"

using service_test::ServiceUnderTest;

namespace {

/// `>3 message channel text`, or with `*` in RESP2.
std::string message(const char* type, const std::string& channel, const std::string& text) {
    const auto bulk = [](const std::string& bytes) {
        return "$" + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
    };
    return type + std::string{"3\r\n$7\r\nmessage\r\n"} + bulk(channel) + bulk(text);
}

std::string not_allowed(const std::string& command) {
    return "-ERR Can't execute '" + command +
           "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n";
}

}  // namespace

TEST_CASE("a message reaches the subscribers of its channel and of matching patterns") {
    ServiceUnderTest test;
    CHECK(test.ask("SUBSCRIBE news\r\n", 1) == "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
    test.ask("HELLO 3\r\n", 2);
    CHECK(test.ask("PSUBSCRIBE n*\r\n", 2) == ">3\r\n$10\r\npsubscribe\r\n$2\r\nn*\r\n:1\r\n");
    CHECK(test.ask("PUBLISH news hello\r\n") == ":2\r\n");
    CHECK(test.ask("", 1) == "");
    CHECK(test.clients[1]->received.ends_with("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n"));
    CHECK(test.clients[2]->received.ends_with(
        ">4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n"));
    CHECK(test.ask("PUBLISH other hello\r\n") == ":0\r\n");
}

TEST_CASE("each subscription is confirmed, even one that exists") {
    ServiceUnderTest test;
    CHECK(test.ask("SUBSCRIBE a b a\r\n") ==
          "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"
          "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:2\r\n");
    CHECK(test.ask("PSUBSCRIBE p*\r\n") == "*3\r\n$10\r\npsubscribe\r\n$2\r\np*\r\n:3\r\n");
    CHECK(test.ask("SSUBSCRIBE s t\r\n") ==
          "*3\r\n$10\r\nssubscribe\r\n$1\r\ns\r\n:1\r\n*3\r\n$10\r\nssubscribe\r\n$1\r\nt\r\n:2\r\n");
    CHECK(test.ask("SUBSCRIBE\r\n") == "-ERR wrong number of arguments for 'subscribe' command\r\n");
}

TEST_CASE("a client leaves channels by name, or all of a kind, and always gets an answer") {
    ServiceUnderTest test;
    test.ask("SUBSCRIBE a b c\r\nPSUBSCRIBE p*\r\nSSUBSCRIBE s\r\n");
    CHECK(test.ask("UNSUBSCRIBE a zz\r\n") ==
          "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:3\r\n*3\r\n$11\r\nunsubscribe\r\n$2\r\nzz\r\n:3\r\n");
    CHECK(test.ask("UNSUBSCRIBE\r\n") ==
          "*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:2\r\n*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:1\r\n");
    CHECK(test.ask("UNSUBSCRIBE\r\n") == "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:1\r\n");
    CHECK(test.ask("PUNSUBSCRIBE\r\n") == "*3\r\n$12\r\npunsubscribe\r\n$2\r\np*\r\n:0\r\n");
    CHECK(test.ask("SUNSUBSCRIBE x s\r\n") ==
          "*3\r\n$12\r\nsunsubscribe\r\n$1\r\nx\r\n:1\r\n*3\r\n$12\r\nsunsubscribe\r\n$1\r\ns\r\n:0\r\n");
    CHECK(test.ask("SUNSUBSCRIBE\r\n") == "*3\r\n$12\r\nsunsubscribe\r\n$-1\r\n:0\r\n");
    CHECK(test.ask("HELLO 3\r\n").starts_with("%7\r\n"));
    CHECK(test.ask("UNSUBSCRIBE\r\n") == ">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n");
    CHECK(test.ask("PUBLISH a x\r\n", 1) == ":0\r\n");
}

TEST_CASE("a subscriber in RESP2 may only use a few commands") {
    ServiceUnderTest test;
    test.ask("SSUBSCRIBE s\r\n");
    CHECK(test.ask("PING\r\n") == "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    CHECK(test.ask("PING hi\r\n") == "*2\r\n$4\r\npong\r\n$2\r\nhi\r\n");
    CHECK(test.ask("ECHO a\r\n") == not_allowed("echo"));
    CHECK(test.ask("CLIENT ID\r\n") == not_allowed("client|id"));
    CHECK(test.ask("HELLO 3\r\n") == not_allowed("hello"));
    CHECK(test.ask("MULTI\r\n") == not_allowed("multi"));
    CHECK(test.ask("PUBLISH s x\r\n") == not_allowed("publish"));
    CHECK(test.ask("ECHO\r\n") == "-ERR wrong number of arguments for 'echo' command\r\n");
    CHECK(test.ask("NOPE\r\n") == "-ERR unknown command 'NOPE', with args beginning with: \r\n");
    CHECK(test.ask("SUNSUBSCRIBE\r\nPING\r\nECHO a\r\n") ==
          "*3\r\n$12\r\nsunsubscribe\r\n$1\r\ns\r\n:0\r\n+PONG\r\n$1\r\na\r\n");
}

TEST_CASE("a subscriber in RESP3 may use all commands") {
    ServiceUnderTest test;
    test.ask("HELLO 3\r\nSUBSCRIBE a\r\n");
    CHECK(test.ask("PING\r\nPING hi\r\nECHO x\r\nMULTI\r\nPING\r\nEXEC\r\n") ==
          "+PONG\r\n$2\r\nhi\r\n$1\r\nx\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
}

TEST_CASE("a client's own message stands before the reply to its PUBLISH") {
    ServiceUnderTest test;
    test.ask("HELLO 3\r\nSUBSCRIBE a\r\nPSUBSCRIBE a*\r\nSSUBSCRIBE s\r\n");
    test.ask("HELLO 3\r\nSUBSCRIBE a\r\n", 1);
    const std::string own =
        message(">", "a", "x") + ">4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$1\r\na\r\n$1\r\nx\r\n";
    CHECK(test.ask("PUBLISH a x\r\n") == own + ":3\r\n");
    CHECK(test.clients[1]->received.ends_with(message(">", "a", "x")));
    CHECK(test.ask("SPUBLISH s x\r\n") == ">3\r\n$8\r\nsmessage\r\n$1\r\ns\r\n$1\r\nx\r\n:1\r\n");
    CHECK(test.ask("PUBLISH a x\r\nPING\r\nUNSUBSCRIBE a\r\nPUNSUBSCRIBE\r\nPUBLISH a x\r\n") ==
          own +
              ":3\r\n+PONG\r\n>3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n"
              ">3\r\n$12\r\npunsubscribe\r\n$2\r\na*\r\n:0\r\n:1\r\n");
}

// Redis 7.0 writes it into the array.
TEST_CASE("a client's own message follows the reply to EXEC") {
    ServiceUnderTest test;
    test.ask("HELLO 3\r\nSUBSCRIBE a\r\n");
    CHECK(test.ask("MULTI\r\nPUBLISH a x\r\nPING\r\nEXEC\r\n") ==
          "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n+PONG\r\n" + message(">", "a", "x"));
}

TEST_CASE("a client's own messages arrive in order, whatever is between them") {
    ServiceUnderTest test;
    test.ask("HELLO 3\r\nSUBSCRIBE a\r\n");
    const auto own = [](const char* text) { return message(">", "a", text); };
    CHECK(test.ask("MULTI\r\nPUBLISH a 1\r\nPUBLISH a 2\r\nEXEC\r\nPUBLISH a 3\r\nCLIENT REPLY "
                   "OFF\r\nPUBLISH a 4\r\n"
                   "MULTI\r\nPUBLISH a 5\r\nPING\r\nEXEC\r\nCLIENT REPLY ON\r\nPUBLISH a 6\r\n"
                   "CLIENT REPLY SKIP\r\nPUBLISH a 7\r\nPUBLISH a 8\r\nPUBLISH b 9\r\n") ==
          "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n" + own("1") + own("2") + own("3") + ":1\r\n" +
              own("4") + own("5") + "+OK\r\n" + own("6") + ":1\r\n" + own("7") + own("8") + ":1\r\n:0\r\n");
}

TEST_CASE("CLIENT REPLY OFF drops neither confirmations nor messages") {
    ServiceUnderTest test;
    CHECK(test.ask("HELLO 3\r\n").starts_with("%7"));
    CHECK(test.ask("CLIENT REPLY OFF\r\nSUBSCRIBE a\r\nPING\r\n") ==
          ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    CHECK(test.ask("PUBLISH a x\r\n") == message(">", "a", "x"));
    test.ask("PUBLISH a y\r\n", 1);
    CHECK(test.clients[0]->received.ends_with(message(">", "a", "y")));
    CHECK(test.ask("UNSUBSCRIBE a\r\nPING\r\n") == ">3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n");
    CHECK(test.ask("CLIENT REPLY ON\r\nCLIENT REPLY SKIP\r\nSUBSCRIBE b\r\nPING\r\n") ==
          "+OK\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:1\r\n+PONG\r\n");
}

TEST_CASE("PUBSUB counts channels, patterns and shard channels") {
    ServiceUnderTest test;
    test.ask("SUBSCRIBE a b\r\nPSUBSCRIBE p* q*\r\nSSUBSCRIBE s\r\n");
    test.ask("SUBSCRIBE b\r\nPSUBSCRIBE p*\r\n", 1);
    CHECK(test.ask("PUBSUB CHANNELS\r\n", 2) == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    CHECK(test.ask("PUBSUB CHANNELS [b-z]\r\n", 2) == "*1\r\n$1\r\nb\r\n");
    CHECK(test.ask("PUBSUB NUMSUB\r\n", 2) == "*0\r\n");
    CHECK(test.ask("PUBSUB NUMSUB a b c s\r\n", 2) ==
          "*8\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:2\r\n$1\r\nc\r\n:0\r\n$1\r\ns\r\n:0\r\n");
    CHECK(test.ask("PUBSUB NUMPAT\r\n", 2) == ":2\r\n");
    CHECK(test.ask("PUBSUB SHARDCHANNELS\r\n", 2) == "*1\r\n$1\r\ns\r\n");
    CHECK(test.ask("PUBSUB SHARDNUMSUB s a\r\n", 2) == "*4\r\n$1\r\ns\r\n:1\r\n$1\r\na\r\n:0\r\n");
    CHECK(test.ask("PUBSUB NUMPAT x\r\n", 2) ==
          "-ERR wrong number of arguments for 'pubsub|numpat' command\r\n");
    CHECK(test.ask("PUBSUB FOO\r\n", 2) == "-ERR unknown subcommand 'FOO'. Try PUBSUB HELP.\r\n");
    CHECK(test.ask("PUBSUB\r\n", 2) == "-ERR wrong number of arguments for 'pubsub' command\r\n");
}

TEST_CASE("shard channels are a name space that are theirs") {
    ServiceUnderTest test;
    test.ask("SSUBSCRIBE a\r\n", 1);
    CHECK(test.ask("PUBLISH a x\r\nSPUBLISH a y\r\nSPUBLISH b z\r\n") == ":0\r\n:1\r\n:0\r\n");
    CHECK(test.clients[1]->received.ends_with(":1\r\n*3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\ny\r\n"));
}

TEST_CASE("a subscriber that leaves is not counted any more") {
    ServiceUnderTest test;
    for (const char* how : {"QUIT\r\n", "RESET\r\n", ""}) {
        test.ask("SUBSCRIBE a\r\nPSUBSCRIBE *\r\nSSUBSCRIBE s\r\n", 1);
        CHECK(test.ask("PUBLISH a x\r\n") == ":2\r\n");
        test.ask(how, 1);
        if (*how == '\0') test.clients[1]->fail();
        test.server->run();
        CHECK(test.ask("PUBLISH a x\r\nSPUBLISH s x\r\nPUBSUB NUMPAT\r\nPUBSUB CHANNELS\r\n") ==
              ":0\r\n:0\r\n:0\r\n*0\r\n");
        if (*how == 'Q') test.clients[1] = &test.server->connect();
    }
}

TEST_CASE("a subscriber is not closed for being idle") {
    ServiceUnderTest test;
    test.options.idle_timeout = std::chrono::seconds{10};
    test.ask("SUBSCRIBE a\r\n");
    test.ask("PING\r\n", 1);
    test.server->pass(std::chrono::seconds{15});
    CHECK_FALSE(test.clients[0]->closed);
    CHECK(test.clients[1]->closed);
}

TEST_CASE("a program publishes to the clients of its service") {
    ServiceUnderTest test;
    test.ask("SUBSCRIBE a\r\n");
    CHECK(test.commands.pubsub().publish("a", "x") == 1);
    CHECK(test.commands.pubsub().publish("b", "x") == 0);
    test.server->run();
    CHECK(test.clients[0]->received.ends_with(message("*", "a", "x")));
    using Kind = resp::PubSub::Kind;
    CHECK(test.commands.pubsub().subscribers(Kind::channel, "a") == 1);
    CHECK(test.commands.pubsub().names(Kind::channel) == std::vector<std::string>{"a"});
}

TEST_CASE("names and messages may have any bytes") {
    ServiceUnderTest test;
    const std::string name{"\r\n\0\xff", 4};
    test.ask(support::command("SUBSCRIBE", name));
    CHECK(test.ask(support::command("PUBLISH", name, ""), 1) == ":1\r\n");
    CHECK(test.clients[0]->received.ends_with(message("*", name, "")));
}

TEST_CASE("a subscriber that does not read is disconnected, and costs others nothing") {
    ServiceUnderTest test;
    test.options.max_pushes = 1 << 20;
    test.ask("SUBSCRIBE a\r\n", 1);
    test.ask("SUBSCRIBE a\r\n", 2);
    test.clients[1]->room = 0;
    const std::string publish = support::command("PUBLISH", "a", std::string(100'000, 'x'));
    for (int i = 0; i != 20; ++i) test.ask(publish);
    CHECK(test.ask("PUBLISH a x\r\n") == ":1\r\n");
    CHECK(test.clients[1]->closed);
    CHECK(test.clients[2]->received.ends_with(message("*", "a", "x")));
}
