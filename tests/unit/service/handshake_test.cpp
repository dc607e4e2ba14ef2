// What every client sends first: HELLO, PING, ECHO, QUIT, RESET and SELECT. For AUTH see auth_test.cpp.
#include "fixture.hpp"

using service_test::ServiceUnderTest;

TEST_CASE("a service without its own commands answers PING and ECHO") {
    ServiceUnderTest test;
    CHECK(test.ask("PING\r\n") == "+PONG\r\n");
    CHECK(test.ask("ping hello\r\n") == "$5\r\nhello\r\n");
    CHECK(test.ask("PING a b\r\n") == "-ERR wrong number of arguments for 'ping' command\r\n");
    CHECK(test.ask("ECHO x\r\n") == "$1\r\nx\r\n");
    CHECK(test.ask("ECHO\r\n") == "-ERR wrong number of arguments for 'echo' command\r\n");
    CHECK(test.ask("NOPE a\r\n") == "-ERR unknown command 'NOPE', with args beginning with: 'a' \r\n");
}

TEST_CASE("HELLO answers a map in RESP3 and an array in RESP2") {
    ServiceUnderTest test{{.server = "kv", .version = "7.0.0"}};
    const std::string hello = test.ask("HELLO 3\r\n");
    CHECK(hello.starts_with(
        "%7\r\n$6\r\nserver\r\n$2\r\nkv\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n$5\r\nproto\r\n:3\r\n"
        "$2\r\nid\r\n:"));
    CHECK(hello.ends_with(
        "\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"));
    const std::string again = test.ask("HELLO 2\r\n");
    CHECK(again.starts_with(
        "*14\r\n$6\r\nserver\r\n$2\r\nkv\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n$5\r\nproto\r\n:2\r\n"));
    CHECK(test.ask("HELLO\r\n") == again);
    CHECK(ServiceUnderTest<>{}.ask("HELLO\r\n").find("$5\r\n7.4.0\r\n") != std::string::npos);
}

TEST_CASE("HELLO returns the number that CLIENT ID returns") {
    ServiceUnderTest test;
    const std::string id = test.ask("CLIENT ID\r\n");
    CHECK(test.ask("HELLO\r\n").find("$2\r\nid\r\n" + id + "$4\r\nmode\r\n") != std::string::npos);
}

TEST_CASE("HELLO sets the name, the last one of several") {
    ServiceUnderTest test;
    CHECK(test.ask("HELLO 2 SETNAME a\r\n").starts_with("*14\r\n"));
    CHECK(test.ask("CLIENT GETNAME\r\n") == "$1\r\na\r\n");
    CHECK(test.ask("hello 2 setname b SETNAME c\r\n").starts_with("*14\r\n"));
    CHECK(test.ask("CLIENT GETNAME\r\n") == "$1\r\nc\r\n");
}

// Redis sets the name although a later word is wrong. Here an error changes nothing.
TEST_CASE("HELLO with an error changes neither the version nor the name") {
    ServiceUnderTest test;
    const std::string syntax = "-ERR Syntax error in HELLO option ";
    CHECK(test.ask("HELLO x\r\n") == "-ERR Protocol version is not an integer or out of range\r\n");
    CHECK(test.ask("HELLO 99999999999999999999\r\n") ==
          "-ERR Protocol version is not an integer or out of range\r\n");
    CHECK(test.ask("HELLO 1\r\n") == "-NOPROTO unsupported protocol version\r\n");
    CHECK(test.ask("HELLO 4\r\n") == "-NOPROTO unsupported protocol version\r\n");
    CHECK(test.ask("HELLO 4 FOO\r\n") == "-NOPROTO unsupported protocol version\r\n");
    CHECK(test.ask("HELLO 3 FOO\r\n") == syntax + "'FOO'\r\n");
    CHECK(test.ask("HELLO 3 AUTH\r\n") == syntax + "'AUTH'\r\n");
    CHECK(test.ask("HELLO 3 AUTH a\r\n") == syntax + "'AUTH'\r\n");
    CHECK(test.ask("HELLO 3 SETNAME\r\n") == syntax + "'SETNAME'\r\n");
    CHECK(test.ask("HELLO 3 SETNAME good FOO\r\n") == syntax + "'FOO'\r\n");
    CHECK(test.ask("HELLO 3 SETNAME \"a b\"\r\n") ==
          "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
    CHECK(test.ask("HELLO 3 SETNAME good AUTH nobody x\r\n") ==
          "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    CHECK(test.ask("CLIENT GETNAME\r\n") == "$-1\r\n");
}

TEST_CASE("a long word of a client is cut in the error of HELLO") {
    ServiceUnderTest test;
    const std::string word(1000, 'x');
    CHECK(test.ask("HELLO 3 " + word + "\r\n") ==
          "-ERR Syntax error in HELLO option '" + word.substr(0, 128) + "'\r\n");
}

TEST_CASE("AUTH without Commands::auth() accepts the default user only") {
    ServiceUnderTest test;
    CHECK(test.ask("AUTH\r\n") == "-ERR wrong number of arguments for 'auth' command\r\n");
    CHECK(
        test.ask("AUTH secret\r\n") ==
        "-ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?\r\n");
    CHECK(test.ask("AUTH default secret\r\n") == "+OK\r\n");
    CHECK(test.ask("AUTH other secret\r\n") ==
          "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    CHECK(test.ask("AUTH a b c\r\n") == "-ERR syntax error\r\n");
    CHECK(test.ask("HELLO 3 AUTH default secret\r\n").starts_with("%7\r\n"));
}

TEST_CASE("SELECT changes the database of the client") {
    ServiceUnderTest test{{.databases = 4}};
    test.commands.add("DATABASE", [](resp::Call& call) { return call.client().database(); });
    CHECK(test.ask("DATABASE\r\n") == ":0\r\n");
    CHECK(test.ask("SELECT 3\r\n") == "+OK\r\n");
    CHECK(test.ask("DATABASE\r\n") == ":3\r\n");
    CHECK(test.ask("SELECT 4\r\n") == "-ERR DB index is out of range\r\n");
    CHECK(test.ask("SELECT -1\r\n") == "-ERR DB index is out of range\r\n");
    CHECK(test.ask("SELECT a\r\n") == "-ERR value is not an integer or out of range\r\n");
    CHECK(test.ask("SELECT\r\n") == "-ERR wrong number of arguments for 'select' command\r\n");
    CHECK(test.ask("DATABASE\r\n") == ":3\r\n");
    CHECK(test.ask("DATABASE\r\n", 1) == ":0\r\n");
}

TEST_CASE("QUIT is answered, and what follows it is dropped") {
    ServiceUnderTest test;
    CHECK(test.ask("PING\r\nQUIT\r\nPING\r\n") == "+PONG\r\n+OK\r\n");
    CHECK(test.clients[0]->ended);
}

TEST_CASE("QUIT ends the connection although CLIENT REPLY is off") {
    ServiceUnderTest test;
    CHECK(test.ask("CLIENT REPLY OFF\r\nQUIT\r\n").empty());
    CHECK(test.clients[0]->ended);
}

TEST_CASE("RESET makes a client as it was when it connected") {
    ServiceUnderTest test;
    test.commands.add("DATABASE", [](resp::Call& call) { return call.client().database(); });
    test.ask(
        "HELLO 3 SETNAME a\r\nSELECT 5\r\nCLIENT SETINFO LIB-NAME lib\r\nCLIENT TRACKING ON\r\nSUBSCRIBE "
        "c\r\n");
    test.ask("WATCH k\r\nMULTI\r\nPING\r\n");
    CHECK(test.ask("RESET\r\n") == "+RESET\r\n");
    CHECK(test.ask("PING\r\nDATABASE\r\nCLIENT GETNAME\r\n") == "+PONG\r\n:0\r\n$-1\r\n");
    CHECK(test.ask("EXEC\r\n") == "-ERR EXEC without MULTI\r\n");
    CHECK(test.ask("CLIENT TRACKINGINFO\r\n").find("$3\r\noff\r\n") != std::string::npos);
    CHECK(test.ask("PUBSUB NUMSUB c\r\n") == "*2\r\n$1\r\nc\r\n:0\r\n");
    CHECK(test.ask("CLIENT INFO\r\n").find(" lib-name=lib ") != std::string::npos);  // as in Redis
    CHECK(test.ask("RESET x\r\n") == "-ERR wrong number of arguments for 'reset' command\r\n");
}

TEST_CASE("RESET is answered although CLIENT REPLY is off, and turns it on") {
    ServiceUnderTest test;
    CHECK(test.ask("CLIENT REPLY OFF\r\nPING\r\nRESET\r\nPING\r\n") == "+RESET\r\n+PONG\r\n");
}
