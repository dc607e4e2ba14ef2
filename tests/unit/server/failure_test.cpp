// A failing handler or a bad request ends its own connection, and no other.
#include <asio/awaitable.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/describe.hpp"
#include "support/running_server.hpp"

#include <new>
#include <stdexcept>
#include <thread>

using support::Client;
using support::command;
using support::Echo;
using support::End;
using support::eventually;
using support::Ping;
using support::ping;
using support::pong;
using support::RunningServer;

namespace {

constexpr std::string_view internal_error = "-ERR internal error\r\n";

void misbehave(const resp::Command& command, resp::Reply& reply) {
    if (command.is("PARTLY")) reply.array(2).bulk_string("half of it");
    if (command[1] == "exception") throw std::runtime_error{"told to"};
    if (command[1] == "int") throw 42;
    if (command[1] == "bad_alloc") throw std::bad_alloc{};
    reply.simple_string("PONG");
}

struct Failing {
    void operator()(const resp::Request& request, resp::Reply& reply) { misbehave(request.command(), reply); }
};
/// Throws before it waits.
struct Early {
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        misbehave(request.command(), reply);
        co_return;
    }
};
/// Throws after it waits.
struct Late {
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        if (request.command().is("PARTLY")) reply.array(2);
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        misbehave(request.command(), reply);
    }
};

}  // namespace

TEMPLATE_TEST_CASE("an exception of a handler ends its own connection only", "", Failing, Early, Late) {
    RunningServer server{{}, TestType{}};
    Client other = server.client();
    REQUIRE(other.ask(ping) == pong);
    std::uint64_t thrown = 0;
    for (const char* what : {"exception", "int", "bad_alloc"}) {
        for (const char* how : {"AT-ONCE", "PARTLY"}) {
            CAPTURE(what, how);
            Client client = server.client();
            client.send(std::string{ping} + command(how, what) + std::string{ping});
            End end{};
            CHECK(client.rest(&end) == std::string{pong} + std::string{internal_error});
            CHECK(end == End::orderly);
            CHECK(server.stats().handler_errors == ++thrown);
            CHECK(other.ask(ping) == pong);
        }
    }
    CHECK(eventually([&] { return server.stats().connections == 1; }));
}

TEST_CASE("one request in a thousand throws, and only its connection ends") {
    struct Sometimes {
        std::shared_ptr<std::atomic<int>> requests = std::make_shared<std::atomic<int>>(0);
        void operator()(const resp::Request&, resp::Reply& reply) {
            reply.simple_string("PONG");
            if (++*requests % 1'000 == 0) throw std::runtime_error{"one in a thousand"};
        }
    };
    RunningServer server{{.threads = 2}, Sometimes{}};
    std::string batch;
    for (int i = 0; i != 300; ++i) batch += ping;
    std::uint64_t errors = 0;
    for (int i = 0; i != 100; ++i) {
        Client client = server.client();
        client.send(batch);
        client.finish();
        const std::string replies = client.rest();
        if (replies.ends_with(internal_error)) {
            ++errors;
        } else {
            REQUIRE(replies.size() == 300 * pong.size());
        }
    }
    CHECK(errors > 10);
    CHECK(server.stats().handler_errors == errors);
}

TEST_CASE("a handler that throws when it is copied, opened or closed ends one connection only") {
    struct Moody {
        std::shared_ptr<std::atomic<int>> mood = std::make_shared<std::atomic<int>>(0);

        explicit Moody(std::shared_ptr<std::atomic<int>> shared) : mood(std::move(shared)) {}
        Moody(Moody&&) = default;
        Moody(const Moody& other) : mood(other.mood) {
            if (*mood == 1) throw std::runtime_error{"cannot be copied"};
            if (*mood == 5) throw 5;
        }
        void operator()(const resp::Request&, resp::Reply& reply) { reply.simple_string("PONG"); }
        void on_open(resp::Connection) {
            if (*mood == 2) throw std::runtime_error{"on_open"};
            if (*mood == 3) throw 3;
        }
        void on_close(std::error_code) {
            if (*mood == 4) throw 4;
        }
    };
    const auto mood = std::make_shared<std::atomic<int>>(0);
    RunningServer server{{}, Moody{mood}};
    Client other = server.client();
    REQUIRE(other.ask(ping) == pong);
    const auto [given, words] = GENERATE(table<int, std::string>(
        {{1, ""}, {2, "-ERR internal error\r\n"}, {3, "-ERR internal error\r\n"}, {4, ""}, {5, ""}}));
    CAPTURE(given);
    *mood = given;
    {
        Client client = server.client();
        if (given == 4) client.finish();
        End end{};
        CHECK(client.rest(&end) == words);
        CHECK(end == End::orderly);
    }
    CHECK(eventually([&] { return server.stats().connections == 1; }));
    *mood = 0;
    CHECK(other.ask(ping) == pong);
    CHECK(server.client().ask(ping) == pong);
    CHECK(eventually([&] { return server.stats().connections == 1; }));
}

TEST_CASE("a protocol error is reported after the earlier replies and ends the connection") {
    struct Case {
        const char* sent;
        const char* words;
    };
    const auto c = GENERATE(values<Case>({
        {"*1\r\n:1\r\n", "-ERR Protocol error: expected '$', got ':'\r\n"},
        {"*1\r\n\r\n", "-ERR Protocol error: expected '$', got ' '\r\n"},
        {"*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
        {"*1\r\n$x\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
        {"*2000000\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
        {"a 'b\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
    }));
    CAPTURE(c.sent);
    RunningServer server{{}, Ping{}};
    Client other = server.client();
    REQUIRE(other.ask(ping) == pong);
    Client client = server.client();
    client.send(std::string{ping} + std::string{ping} + c.sent + std::string{ping});
    End end{};
    CHECK(client.rest(&end) == std::string{pong} + std::string{pong} + c.words);
    CHECK(end == End::orderly);
    CHECK(server.stats().protocol_errors == 1);
    CHECK(server.stats().requests == 3);
    CHECK(other.ask(ping) == pong);
}

TEST_CASE("a client that still sends reads the protocol error") {
    RunningServer server{{}, Ping{}};
    Client client = server.client();
    client.send("*1\r\n:1\r\n" + support::noise(300'000));
    End end{};
    CHECK(client.rest(&end) == "-ERR Protocol error: expected '$', got ':'\r\n");
    CHECK(end == End::orderly);
    // The kernel would have sent a reset if the server had closed its socket at once.
    CHECK(client.try_send(ping));
}

TEST_CASE("replies before a protocol error arrive however much the client sends after it") {
    const std::string value = support::noise(100'000);
    RunningServer server{{}, Ping{}};
    Client client = server.client({.receive_buffer = 4096});
    const std::string requests = support::repeat(command("ECHO", value), 20) + "*1\r\n:1\r\n";
    const std::string behind = support::noise(8'000'000);
    std::jthread sender{[&] { client.try_send(requests) && client.try_send(behind); }};
    End end{};
    const std::string replies = client.rest(&end);
    sender.join();  // ends when the server closes, one second later
    CHECK(end == End::orderly);
    CHECK((replies ==
           support::repeat(support::bulk(value), 20) + "-ERR Protocol error: expected '$', got ':'\r\n"));
}

TEST_CASE("no request after a protocol error is handled") {
    RunningServer server{{}, Ping{}};
    Client client = server.client();
    client.send("*1\r\n:1\r\n");
    REQUIRE(client.reply().starts_with("-ERR Protocol error"));
    client.try_send(ping);
    client.try_send(ping);
    client.finish();
    CHECK(client.rest().empty());
    CHECK(server.stats().requests == 0);
}

TEST_CASE("a client that begins with POST, Host: or TLS is closed, and nothing it sent is handled") {
    const std::string evil = "\r\nFLUSHALL\r\n";
    const auto sent = GENERATE_COPY(values<std::string>({
        "POST / HTTP/1.1\r\nHost: x\r\n" + evil,
        "post / HTTP/1.1\r\n" + evil,
        "Host: localhost:6379\r\n" + evil,
        "hOST: localhost:6379\r\n" + evil,
        "Host:localhost:6379\r\n" + evil,
        "hOST:\r\n" + evil,
        "Host : localhost:6379\r\n" + evil,
        "host :localhost:6379\r\n" + evil,
        command("POST") + evil,
        command("pOst", "/") + evil,
        command("Host:") + evil,
        command("hOST:", "localhost") + evil,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n" + evil,
        std::string{"\x16\x03\x01\x00\x10\x01\x00\x00\x0c\x03\x03", 11} + evil,
    }));
    CAPTURE(sent);
    const auto lines = std::make_shared<support::Record<std::string>>();
    RunningServer server{
        {.log = {.level = resp::LogLevel::warn,
                 .sink = [lines](resp::LogLevel, std::string_view line) { lines->add(std::string{line}); }}},
        Ping{}};
    Client client = server.client();
    client.send(sent);
    End end{};
    CHECK(client.rest(&end).empty());
    CHECK(end == End::orderly);
    CHECK(server.stats().requests == 0);
    CHECK(lines->size() == 1);
    CHECK(server.client().ask(ping) == pong);
}

TEST_CASE("a command whose name only resembles HTTP is handled") {
    RunningServer server{{}, Ping{}};
    Client client = server.client();
    for (const std::string& request :
         {command("POSTS"), command("POS"), command("COPY"), command("HOST"), command("HOST", ":"),
          command("Host:x"), command("PRI", "*", "HTTP/2.0"), command("PING", "POST"), command(""),
          std::string{"POSTS\r\n"}, std::string{"HOST\r\n"}, std::string{"HOSTS: x\r\n"},
          std::string{"HOST x:\r\n"}, std::string{"PING Host: x\r\n"}}) {
        CAPTURE(request);
        CHECK(client.ask(request) == pong);
    }
}

TEST_CASE("the Host line of a browser's GET is refused") {
    RunningServer server{{}, Ping{}};
    Client client = server.client();
    const auto host = GENERATE("Host: localhost:6379", "Host:localhost:6379", "Host : localhost:6379");
    client.send("GET /evil HTTP/1.1\r\n" + std::string{host} + "\r\n\r\nFLUSHALL\r\n");
    CHECK(client.rest() == pong);
    CHECK(server.stats().requests == 1);
}

TEST_CASE("an error that quotes any byte stays one reply") {
    RunningServer server{{}, [](const resp::Request& request, resp::Reply& reply) {
                             reply.simple_error(resp::unknown_command(request.command()));
                         }};
    Client client = server.client();
    for (int byte = 0; byte != 256; ++byte) {
        const std::string word = std::string{"a"} + static_cast<char>(byte) + "\r\n+b";
        CAPTURE(byte);
        client.send(command(word, word));
        CHECK(client.reply().starts_with("-ERR unknown command"));
    }
    CHECK(client.available() == 0);
    for (int byte = 0; byte != 256; ++byte) {
        CAPTURE(byte);
        Client broken = server.client();
        broken.send(std::string{"*1\r\n"} + static_cast<char>(byte) + "\r\n\r\n\r\n");
        broken.finish();
        const std::string words = broken.rest();
        if (byte == '$') continue;
        CHECK(words.find_first_of("\r\n") == words.size() - 2);
        CHECK(std::all_of(words.begin(), words.end() - 2, [](char c) { return c >= ' ' && c <= '~'; }));
    }
}
