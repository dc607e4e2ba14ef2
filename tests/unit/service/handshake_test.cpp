// What every client sends first: HELLO, AUTH, PING, ECHO, QUIT, RESET and SELECT.
#include "fixture.hpp"

using service_test::ServiceUnderTest;

TEST_CASE("a service without commands of its own answers PING and ECHO") {
    ServiceUnderTest test;
    CHECK(test.ask("PING\r\n") == "+PONG\r\n");
    CHECK(test.ask("ping hello\r\n") == "$5\r\nhello\r\n");
    CHECK(test.ask("PING a b\r\n") == "-ERR wrong number of arguments for 'ping' command\r\n");
    CHECK(test.ask("ECHO x\r\n") == "$1\r\nx\r\n");
    CHECK(test.ask("NOPE a\r\n") == "-ERR unknown command 'NOPE', with args beginning with: 'a' \r\n");
}

TEST_CASE("HELLO answers a map in RESP3 and an array in RESP2") {
    ServiceUnderTest test;
    CHECK(test.ask("HELLO\r\n").starts_with("*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n"));
    const std::string hello = test.ask("HELLO 3\r\n");
    CHECK(hello.starts_with("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4.0\r\n"));
    CHECK(hello.find("$5\r\nproto\r\n:3\r\n") != std::string::npos);
    CHECK(test.ask("HELLO x\r\n") == "-ERR Protocol version is not an integer or out of range\r\n");
    CHECK(test.ask("HELLO 4\r\n") == "-NOPROTO unsupported protocol version\r\n");
    CHECK(test.ask("HELLO 2 SETNAME\r\n") == "-ERR Syntax error in HELLO option 'SETNAME'\r\n");
    CHECK(test.ask("HELLO 2 SETNAME a\r\n").starts_with("*14\r\n"));
    CHECK(test.ask("CLIENT GETNAME\r\n") == "$1\r\na\r\n");
}
