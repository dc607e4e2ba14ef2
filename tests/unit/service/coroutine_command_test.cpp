// Commands that are coroutines. Each waits before it uses its arguments, so a sanitizer sees one that has not lived
// long enough.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

#include <asio/post.hpp>

#include <stdexcept>

using asio::awaitable;
using resp::Call;
using resp::Reply;
using resp::Words;
using service_test::ServiceUnderTest;

namespace {

/// Gives its turn to others: the command goes on when everything that is ready has run.
awaitable<void> wait_a_turn() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

awaitable<std::string> echo_later(std::string_view word) {
    co_await wait_a_turn();
    co_return std::string{word};
}

struct Repeater {
    std::string text;
    awaitable<std::string> operator()(std::int64_t times) const {
        co_await wait_a_turn();
        std::string all;
        for (std::int64_t i = 0; i != times; ++i) all += text;
        co_return all;
    }
};

struct WaitingState {
    std::string seen;
};

/// A word that is longer than the room of a small string.
const std::string long_word(100, 'w');
const std::string long_bulk = "$100\r\n" + long_word + "\r\n";

}  // namespace

TEST_CASE("the words of a coroutine live until it ends") {
    ServiceUnderTest test;
    test.commands.add("VIEW word", [](std::string_view word) -> awaitable<std::string> {
        co_await wait_a_turn();
        co_return std::string{word};
    });
    test.commands.add("TEXT word", [](std::string word) -> awaitable<std::string> {
        co_await wait_a_turn();
        co_return word;
    });
    test.commands.add("REFERENCE word", [](const std::string& word) -> awaitable<std::string> {
        co_await wait_a_turn();
        co_return word;
    });
    test.commands.add("SHOWN word", [](std::string_view word) -> awaitable<std::string_view> {
        co_await wait_a_turn();
        co_return word;
    });
    for (const char* name : {"VIEW ", "TEXT ", "REFERENCE ", "SHOWN "}) {
        CHECK(test.ask(name + long_word + "\r\n") == long_bulk);
        CHECK(test.ask(name + long_word + "\r\nPING\r\n" + name + "x\r\n") ==
              long_bulk + "+PONG\r\n$1\r\nx\r\n");
    }
}

TEST_CASE("numbers, optional words and repeated words of a coroutine live until it ends") {
    ServiceUnderTest test;
    test.commands.add("ADD a [b]", [](std::int64_t a, std::optional<double> b) -> awaitable<double> {
        co_await wait_a_turn();
        co_return static_cast<double>(a) + b.value_or(0.5);
    });
    test.commands.add("MAYBE [word]", [](const std::optional<std::string>& word) -> awaitable<std::string> {
        co_await wait_a_turn();
        co_return word.value_or("none");
    });
    test.commands.add("JOIN word [word ...]", [](Words words) -> awaitable<std::string> {
        co_await wait_a_turn();
        std::string text;
        for (const std::string_view word : words) text += word;
        co_return text;
    });
    test.commands.add("LATER word [word ...]",
                      [](const Words& words) -> awaitable<std::vector<std::string_view>> {
                          co_await wait_a_turn();
                          co_return std::vector<std::string_view>{words.begin(), words.end()};
                      });
    CHECK(test.ask("ADD 1\r\nADD 1 2\r\n") == "$3\r\n1.5\r\n$1\r\n3\r\n");
    CHECK(test.ask("MAYBE\r\nMAYBE " + long_word + "\r\n") == "$4\r\nnone\r\n" + long_bulk);
    CHECK(test.ask("JOIN a b c\r\nJOIN " + long_word + "\r\n") == "$3\r\nabc\r\n" + long_bulk);
    CHECK(test.ask("LATER a " + long_word + "\r\n") == "*2\r\n$1\r\na\r\n" + long_bulk);
}

TEST_CASE(
    "the call, the reply, the request, the connection and the state of a coroutine live until it ends") {
    ServiceUnderTest<WaitingState> test;
    test.commands.add("CALL key [EX seconds]", [](Call& call) -> awaitable<std::string> {
        co_await wait_a_turn();
        const std::string text{*call.text("key")};
        co_return text + std::to_string(call.integer("seconds").value_or(-1)) + std::string{call.name()};
    });
    test.commands.add("COPY key [EX seconds]", [](Call call) -> awaitable<std::string> {
        co_await wait_a_turn();
        co_return std::string{*call.text("key")} + std::to_string(call.integer("seconds").value_or(-1));
    });
    test.commands.add("REPLY", [](Reply& reply) -> awaitable<void> {
        co_await wait_a_turn();
        reply.array(2).integer(1);
        co_await wait_a_turn();
        reply.integer(2);
    });
    test.commands.add("REQUEST word",
                      [](std::string_view, const resp::Request& request) -> awaitable<std::string> {
                          co_await wait_a_turn();
                          co_return std::string{request.command()[1]};
                      });
    test.commands.add("CONNECTION", [](const resp::Connection& connection, Call& call) -> awaitable<bool> {
        co_await wait_a_turn();
        co_return connection.id() == call.client().id();
    });
    test.commands.add("STATE word", [](std::string_view word, WaitingState& state) -> awaitable<std::string> {
        co_await wait_a_turn();
        co_return state.seen += word;
    });
    CHECK(test.ask("CALL " + long_word + " ex 5\r\nCALL k\r\n") ==
          "$105\r\n" + long_word + "5call\r\n$7\r\nk-1call\r\n");
    CHECK(test.ask("COPY " + long_word + " ex 5\r\n") == "$101\r\n" + long_word + "5\r\n");
    CHECK(test.ask("REPLY\r\nREPLY\r\n") == "*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n");
    CHECK(test.ask("REQUEST " + long_word + "\r\n") == long_bulk);
    CHECK(test.ask("CONNECTION\r\n") == ":1\r\n");
    CHECK(test.ask("STATE a\r\nSTATE b\r\n") == "$1\r\na\r\n$2\r\nab\r\n");
    CHECK(test.ask("STATE c\r\n", 1) == "$1\r\nc\r\n");
}

TEST_CASE("a coroutine may be a function or an object") {
    ServiceUnderTest test;
    test.commands.add("FUNCTION word", echo_later);
    test.commands.add("OBJECT times", Repeater{"text longer than the room of a small string"});
    CHECK(test.ask("FUNCTION " + long_word + "\r\n") == long_bulk);
    CHECK(test.ask("OBJECT 2\r\n") ==
          "$86\r\ntext longer than the room of a small stringtext longer than the room of "
          "a small string\r\n");
    CHECK(test.ask("OBJECT 0\r\n") == "$0\r\n\r\n");
}

TEST_CASE("words that do not fit are refused before a coroutine runs") {
    ServiceUnderTest test;
    int calls = 0;
    test.commands.add("A number [EX seconds]",
                      [&](std::uint8_t number, Call& call) -> awaitable<std::int64_t> {
                          ++calls;
                          co_await wait_a_turn();
                          co_return number + call.integer("seconds").value_or(0);
                      });
    CHECK(test.ask("A\r\n") == "-ERR wrong number of arguments for 'a' command\r\n");
    CHECK(test.ask("A 256\r\n") == "-ERR value is not an integer or out of range\r\n");
    CHECK(test.ask("A -1\r\n") == "-ERR value is out of range, must be positive\r\n");
    CHECK(test.ask("A 5 PX 3\r\n") == "-ERR syntax error\r\n");
    CHECK(calls == 0);
    CHECK(test.ask("A 5 EX x\r\n") == "-ERR value is not an integer or out of range\r\n");
    CHECK(test.ask("A 5 EX 3\r\n") == ":8\r\n");
    CHECK(calls == 2);
}

TEST_CASE("a coroutine may return or throw an Error after it has waited") {
    ServiceUnderTest test;
    test.commands.add("RETURN", []() -> awaitable<resp::Error> {
        co_await wait_a_turn();
        co_return resp::error("ERR returned after a wait that was long enough");
    });
    test.commands.add("THROW", []() -> awaitable<int> {
        co_await wait_a_turn();
        throw resp::error("ERR thrown after a wait that was long enough");
    });
    test.commands.add("AT-ONCE", []() -> awaitable<int> {
        throw resp::error("ERR thrown at once");
        co_return 1;
    });
    test.commands.add("PART", [](Reply& reply) -> awaitable<void> {
        reply.array(2).integer(1);
        co_await wait_a_turn();
        throw resp::error("ERR late");
    });
    test.commands.add("MAYBE [n]", [](std::optional<int> n) -> awaitable<std::variant<int, resp::Error>> {
        co_await wait_a_turn();
        if (n) co_return *n;
        co_return resp::error("ERR none");
    });
    CHECK(
        test.ask("RETURN\r\nTHROW\r\nAT-ONCE\r\nPART\r\nMAYBE\r\nMAYBE 3\r\n") ==
        "-ERR returned after a wait that was long enough\r\n-ERR thrown after a wait that was long enough\r\n"
        "-ERR thrown at once\r\n-ERR late\r\n-ERR none\r\n:3\r\n");
}

TEST_CASE("another exception of a coroutine is an internal error, and ends the connection") {
    ServiceUnderTest test;
    test.commands.add("THROW", []() -> awaitable<int> {
        co_await wait_a_turn();
        throw std::runtime_error{"secret"};
    });
    test.commands.add("NAME key", [](Call& call) -> awaitable<bool> {
        co_await wait_a_turn();
        co_return call.has("nope");
    });
    CHECK(test.ask("PING\r\nTHROW\r\nPING\r\n") == "+PONG\r\n-ERR internal error\r\n");
    CHECK(test.ask("NAME k\r\n", 1) == "-ERR internal error\r\n");
    CHECK(test.ask("PING\r\n", 2) == "+PONG\r\n");
}

TEST_CASE("commands that wait and others keep the order of a client") {
    ServiceUnderTest test;
    std::string order;
    test.commands.add("NOW word", [&](std::string_view word) {
        order += word;
        return word;
    });
    test.commands.add("LATER word", [&](std::string_view word) -> awaitable<std::string_view> {
        for (int i = 0; i != 3; ++i) co_await wait_a_turn();
        order += word;
        co_return word;
    });
    CHECK(test.ask("NOW 1\r\nLATER 2\r\nNOW 3\r\nLATER 4\r\nLATER 5\r\nNOPE\r\nNOW 6\r\n") ==
          "$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n$1\r\n5\r\n"
          "-ERR unknown command 'NOPE', with args beginning with: \r\n$1\r\n6\r\n");
    CHECK(order == "123456");
}

TEST_CASE("a command runs while another client waits") {
    ServiceUnderTest test;
    bool go = false;
    test.commands.add("LATER word", [&](std::string word) -> awaitable<std::string> {
        while (!go) co_await wait_a_turn();
        co_return word;
    });
    test.connect(1).send("LATER " + long_word + "\r\nPING\r\n");
    test.connect(0).send("ECHO x\r\n");
    for (int i = 0; i != 50; ++i) test.server->step();
    // step() prefers posted actions, and those of the command that waits never end.
    for (int i = 0; i != 50; ++i) {
        test.clients[0]->notify();
        test.server->run_posted();
    }
    CHECK(test.clients[0]->received == "$1\r\nx\r\n");
    CHECK(test.clients[1]->received.empty());
    go = true;
    test.server->run();
    CHECK(test.clients[1]->received == long_bulk + "+PONG\r\n");
}

TEST_CASE("a client that leaves while its command waits does no harm") {
    ServiceUnderTest test;
    int ended = 0;
    test.commands.add("LATER word", [&](std::string_view word, Call& call) -> awaitable<std::string> {
        for (int i = 0; i != 3; ++i) co_await wait_a_turn();
        ++ended;
        co_return std::string{word} + std::to_string(call.client().id() != 0 ? 1 : 0);
    });
    test.connect(0).send("LATER " + long_word + "\r\nLATER x\r\n");
    for (int i = 0; i != 2; ++i) test.server->step();
    test.clients[0]->fail();
    test.server->run();
    CHECK(test.clients[0]->closed);
    CHECK(ended <= 2);
    CHECK(test.ask("PING\r\n", 1) == "+PONG\r\n");
}
