// CLIENT PAUSE, CLIENT UNPAUSE and CLIENT UNBLOCK.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

#include "support/client.hpp"
#include "support/running_server.hpp"

#include <chrono>

using service_test::contains;
using service_test::ServiceUnderTest;

namespace {

struct PauseFixture : ServiceUnderTest<> {
    PauseFixture() { add_to(commands); }
    static void add_to(resp::Commands<>& to) {
        to.add("GET key", [](std::string_view key) { return key; }, {.readonly = true});
        to.add("SET key", [](std::string_view) { return resp::ok; }, {.write = true});
        to.add("WAIT", []() -> asio::awaitable<resp::Ok> {
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            co_return resp::ok;
        });
        to.add_blocking("TAKE key timeout",
                        [](std::string_view, double) -> std::optional<std::string> { return std::nullopt; });
    }
};

/// The number of a client.
std::string id_of(PauseFixture& test, std::size_t client) {
    const std::string reply = test.ask("CLIENT ID\r\n", client);
    return reply.substr(1, reply.find('\r') - 1);
}

}  // namespace

TEST_CASE("CLIENT PAUSE holds back the commands of all clients until CLIENT UNPAUSE") {
    PauseFixture test;
    CHECK(test.ask("CLIENT PAUSE 100000\r\n") == "+OK\r\n");
    CHECK(test.ask("GET a\r\nGET b\r\nWAIT\r\nNONE\r\nGET c\r\n", 1).empty());
    CHECK(test.ask("GET a\r\n", 2).empty());
    CHECK(test.ask("GET a b\r\n", 3) == "-ERR wrong number of arguments for 'get' command\r\n");
    CHECK(test.ask("CLIENT UNPAUSE\r\n") == "+OK\r\n");
    test.server->run();
    CHECK(test.clients[1]->received ==
          "$1\r\na\r\n$1\r\nb\r\n+OK\r\n-ERR unknown command 'NONE', with args beginning with: "
          "\r\n$1\r\nc\r\n");
    CHECK(test.clients[2]->received == "$1\r\na\r\n");
    CHECK(test.ask("GET d\r\n", 1) == "$1\r\nd\r\n");
}

TEST_CASE("CLIENT PAUSE WRITE holds back writes only") {
    PauseFixture test;
    CHECK(test.ask("CLIENT PAUSE 100000 WRITE\r\n") == "+OK\r\n");
    CHECK(test.ask("GET a\r\n", 1) == "$1\r\na\r\n");
    CHECK(test.ask("SET a\r\nGET b\r\n", 1).empty());
    CHECK(test.ask("PUBLISH a b\r\n", 2).empty());
    CHECK(contains(test.ask("INFO clients\r\n"), "blocked_clients:2\r\n"));
    CHECK(test.ask("MULTI\r\nGET a\r\nEXEC\r\n", 3) == "+OK\r\n+QUEUED\r\n*1\r\n$1\r\na\r\n");
    test.ask("CLIENT UNPAUSE\r\n");
    test.server->run();
    CHECK(test.clients[1]->received == "$1\r\na\r\n+OK\r\n$1\r\nb\r\n");
    CHECK(test.clients[2]->received == ":0\r\n");
    CHECK(contains(test.ask("INFO clients\r\n"), "blocked_clients:0\r\n"));
}

TEST_CASE("CLIENT PAUSE WRITE holds back a transaction that writes") {
    PauseFixture test;
    CHECK(test.ask("MULTI\r\nSET a\r\n", 1) == "+OK\r\n+QUEUED\r\n");
    test.ask("CLIENT PAUSE 100000 WRITE\r\n");
    CHECK(test.ask("EXEC\r\n", 1).empty());
    test.ask("CLIENT UNPAUSE\r\n");
    test.server->run();
    CHECK(test.clients[1]->received == "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
    CHECK(test.ask("MULTI\r\nPUBLISH a b\r\n", 2) == "+OK\r\n+QUEUED\r\n");
    test.ask("CLIENT PAUSE 100000 WRITE\r\n");
    CHECK(test.ask("EXEC\r\n", 2).empty());
}

TEST_CASE("a second CLIENT PAUSE makes the pause only longer and stricter") {
    PauseFixture test;
    test.ask("CLIENT PAUSE 100000 ALL\r\nCLIENT PAUSE 0 WRITE\r\n");
    CHECK(test.ask("GET a\r\n", 1).empty());
    test.ask("CLIENT UNPAUSE\r\nCLIENT PAUSE 100000 WRITE\r\n");
    CHECK(test.clients[1]->received == "$1\r\na\r\n");
    CHECK(test.ask("GET b\r\n", 1) == "$1\r\nb\r\n");
    CHECK(test.ask("CLIENT PAUSE x\r\n") == "-ERR timeout is not an integer or out of range\r\n");
    CHECK(test.ask("CLIENT PAUSE -1\r\n") == "-ERR timeout is negative\r\n");
    CHECK(test.ask("CLIENT PAUSE 1 NONE\r\n") == "-ERR CLIENT PAUSE mode must be WRITE or ALL\r\n");
}

TEST_CASE("a client that leaves while it is paused runs nothing, and leaves no memory") {
    PauseFixture test;
    int calls = 0;
    test.commands.add("COUNT", [&calls] {
        ++calls;
        return resp::ok;
    });
    test.ask("CLIENT PAUSE 100000\r\n");
    CHECK(test.ask("COUNT\r\n", 1).empty());
    test.clients[1]->fail();
    CHECK(test.clients[1]->notify());
    test.server->run();
    CHECK(test.clients[1]->closed);
    test.ask("CLIENT UNPAUSE\r\n");
    CHECK(calls == 0);
    CHECK(test.server->memory() == 0);
}

TEST_CASE("a client that ends its stream while it is paused ends, and others go on") {
    PauseFixture test;
    test.ask("CLIENT PAUSE 100000\r\n");
    CHECK(test.ask("GET a\r\n", 1).empty());
    test.clients[1]->finish();
    CHECK(test.clients[1]->notify());
    test.server->run();
    CHECK(test.clients[1]->ended);
    CHECK(test.clients[1]->received.empty());
    CHECK(test.ask("CLIENT UNPAUSE\r\nGET b\r\n") == "+OK\r\n$1\r\nb\r\n");
    CHECK(test.server->memory() == 0);
}

TEST_CASE("CLIENT PAUSE ends by time") {
    resp::Commands<> commands;
    PauseFixture::add_to(commands);
    support::RunningServer<resp::Service<>> server{resp::Options{}, resp::Service<>{commands}};
    support::Client client = server.client();
    const auto begin = std::chrono::steady_clock::now();
    CHECK(client.ask("CLIENT PAUSE 50\r\n") == "+OK\r\n");
    CHECK(client.ask("GET a\r\n") == "$1\r\na\r\n");
    CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds{45});
}

TEST_CASE("CLIENT UNBLOCK ends the wait of a blocking command") {
    PauseFixture test;
    const std::string waiting = id_of(test, 1);
    CHECK(test.ask("CLIENT UNBLOCK " + waiting + "\r\n") == ":0\r\n");
    CHECK(test.ask("TAKE k 0\r\nGET a\r\n", 1).empty());
    CHECK(contains(test.ask("CLIENT LIST\r\n"), "flags=b"));
    CHECK(test.ask("CLIENT UNBLOCK " + waiting + "\r\n") == ":1\r\n");
    test.server->run();
    CHECK(test.clients[1]->received == ":" + waiting + "\r\n$-1\r\n$1\r\na\r\n");
    test.ask("TAKE k 0\r\n", 1);
    CHECK(test.ask("CLIENT UNBLOCK " + waiting + " ERROR\r\nCLIENT UNBLOCK " + waiting + "\r\n") ==
          ":1\r\n:0\r\n");
    test.server->run();
    CHECK(test.clients[1]->received.ends_with("-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"));
    CHECK(test.ask("CLIENT UNBLOCK 999999999\r\n") == ":0\r\n");
    CHECK(test.ask("CLIENT UNBLOCK x\r\n") == "-ERR value is not an integer or out of range\r\n");
    CHECK(test.server->memory() == 0);
}
