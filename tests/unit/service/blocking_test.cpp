// Commands that wait for a key: the order of those that wait, timeouts, and clients that leave.
#include "fixture.hpp"
#include "support/client.hpp"
#include "support/running_server.hpp"

#include <deque>
#include <map>

using service_test::ServiceUnderTest;

namespace {

using Popped = std::pair<std::string, std::string>;

struct BlockingFixture : ServiceUnderTest<> {
    BlockingFixture() { add_to(commands); }
    void add_to(resp::Commands<>& to) {
        to.add("RPUSH key element [element ...]",
               [this](std::string_view key, resp::Words elements, resp::Call& call) {
                   auto& list = lists[std::string{key}];
                   for (const std::string_view element : elements) list.emplace_back(element);
                   call.changed(key, "rpush", resp::KeyEvent::list);
                   return list.size();
               });
        to.add("TOUCH key",
               [](std::string_view key, resp::Call& call) { call.changed(key, "touch"); });  // no reply
        to.add_blocking("BLPOP key [key ...] timeout",
                        [this](resp::Words keys, double) -> std::optional<Popped> {
                            for (const std::string_view key : keys) {
                                auto& list = lists[std::string{key}];
                                if (list.empty()) continue;
                                Popped popped{key, list.front()};
                                list.pop_front();
                                return popped;
                            }
                            return std::nullopt;
                        });
    }
    std::map<std::string, std::deque<std::string>> lists;
};

constexpr const char* popped_a = "*2\r\n$1\r\nk\r\n$1\r\na\r\n";
constexpr const char* popped_b = "*2\r\n$1\r\nk\r\n$1\r\nb\r\n";

}  // namespace

TEST_CASE("a blocking command answers at once if its key has something") {
    BlockingFixture test;
    CHECK(test.ask("RPUSH k a\r\nBLPOP none k 0\r\n") == ":1\r\n*2\r\n$1\r\nk\r\n$1\r\na\r\n");
    CHECK(test.ask("BLPOP k -1\r\n") == "-ERR timeout is negative\r\n");
    CHECK(test.ask("BLPOP k x\r\n") == "-ERR timeout is not a float or out of range\r\n");
    CHECK(test.ask("BLPOP k\r\n") == "-ERR wrong number of arguments for 'blpop' command\r\n");
}

TEST_CASE("a blocking command without a word timeout waits until there is something") {
    BlockingFixture test;
    test.commands.add_blocking("TAKE key", [&](std::string_view key) -> std::optional<std::size_t> {
        const std::size_t size = test.lists[std::string{key}].size();
        if (size == 0) return std::nullopt;
        return size;
    });
    CHECK(test.ask("TAKE k\r\n", 1).empty());
    CHECK(test.ask("RPUSH k a b\r\n") == ":2\r\n");
    CHECK(test.clients[1]->received == ":2\r\n");
}

TEST_CASE("clients that wait for a key are served in the order in which they came") {
    BlockingFixture test;
    CHECK(test.ask("BLPOP k 0\r\n", 1).empty());
    CHECK(test.ask("BLPOP other k 0\r\n", 2).empty());
    CHECK(test.ask("RPUSH k a b\r\n") == ":2\r\n");
    CHECK(test.clients[1]->received == popped_a);
    CHECK(test.clients[2]->received == popped_b);
    CHECK(test.server->memory() == 0);
}

TEST_CASE("a client that comes later does not overtake one that was woken") {
    BlockingFixture test;
    CHECK(test.ask("BLPOP k 0\r\n", 1).empty());
    test.connect(2).send("RPUSH k a\r\nBLPOP k 0\r\n");
    test.server->run();
    CHECK(test.clients[1]->received == popped_a);
    CHECK(test.clients[2]->received == ":1\r\n");
}

TEST_CASE("the wake-up of a client that leaves goes to the next one") {
    BlockingFixture test;
    CHECK(test.ask("BLPOP k 0\r\n", 1).empty());
    CHECK(test.ask("BLPOP k 0\r\n", 2).empty());
    test.connect(3).send("RPUSH k a\r\n");
    test.clients[1]->fail();
    // The push wakes the first client, which has left before it runs.
    CHECK(test.clients[3]->notify());
    CHECK(test.clients[1]->notify());
    test.server->run();
    CHECK(test.clients[1]->received.empty());
    CHECK(test.clients[2]->received == popped_a);
    CHECK(test.lists["k"].empty());
}

TEST_CASE("a client that names a key twice does not wake itself") {
    BlockingFixture test;
    CHECK(test.ask("BLPOP k other k 0\r\n", 1).empty());
    CHECK(test.ask("TOUCH k\r\n").empty());  // it is woken for nothing, and waits again
    CHECK(test.ask("RPUSH k a\r\n") == ":1\r\n");
    CHECK(test.clients[1]->received == popped_a);
    CHECK(test.server->memory() == 0);
}

TEST_CASE("the commands after one that waits are not answered if its client ends its stream") {
    BlockingFixture test;
    CHECK(test.ask("BLPOP k 0\r\nPING\r\n", 1).empty());
    test.clients[1]->finish();
    test.server->run();
    CHECK(test.clients[1]->received.empty());  // +PONG would look like the reply to BLPOP
    CHECK(test.clients[1]->closed);
}

TEST_CASE("a blocking command in a transaction does not wait") {
    BlockingFixture test;
    CHECK(test.ask("MULTI\r\nBLPOP k 0\r\nRPUSH k a\r\nBLPOP k 0\r\nEXEC\r\n") ==
          std::string{"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n*-1\r\n:1\r\n"} + popped_a);
}

TEST_CASE("a blocking command answers null after its timeout") {
    BlockingFixture fixture;
    resp::Commands commands;
    fixture.add_to(commands);
    support::RunningServer server{{}, resp::Service{commands}};
    support::Client client = server.client();
    CHECK(client.ask("BLPOP k 0.05\r\n") == "*-1\r\n");
    CHECK(client.ask("HELLO 3\r\n").starts_with("%7\r\n"));
    CHECK(client.ask("BLPOP k 0.05\r\n") == "_\r\n");
}
