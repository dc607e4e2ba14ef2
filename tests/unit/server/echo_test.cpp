// A plain handler: each request gets its reply, in order, however the bytes arrive.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

using support::bulk;
using support::Client;
using support::command;
using support::Echo;
using support::noise;
using support::Ping;
using support::ping;
using support::pong;
using support::RunningServer;

namespace {

const resp::Options anything{.reads = resp::Reads::anything};

}  // namespace

TEST_CASE("an echo handler sends each value back byte for byte") {
    RunningServer server{anything, Echo{}};
    Client client = server.client();
    for (const std::string_view value :
         {"+OK\r\n", "-ERR no\r\n", ":42\r\n", "$5\r\nhello\r\n", "$0\r\n\r\n", "$-1\r\n", "*-1\r\n",
          "*0\r\n", "*2\r\n$1\r\na\r\n*1\r\n:-7\r\n", "$6\r\n\r\n\x01\xff\r\n\r\n"}) {
        CAPTURE(value);
        CHECK(client.ask(value) == value);
    }
}

TEST_CASE("a server accepts only commands by default") {
    RunningServer server{{}, Echo{}};
    Client client = server.client();
    CHECK(client.ask("\r\n*0\r\n*-1\r\nset \"a b\"\r\n") == "*2\r\n$3\r\nset\r\n$3\r\na b\r\n");
    client.send(":42\r\n*1\r\n:7\r\n");
    CHECK(client.reply() == "*1\r\n$3\r\n:42\r\n");
    CHECK(client.rest() == "-ERR Protocol error: expected '$', got ':'\r\n");
}

TEST_CASE("a server that reads any value reads an inline line as an array") {
    RunningServer server{anything, Echo{}};
    CHECK(server.client().ask("hello 'big world'\n") == "*2\r\n$5\r\nhello\r\n$9\r\nbig world\r\n");
}

TEST_CASE("replies are sent in the order of the pipelined requests") {
    RunningServer server{{}, Ping{}};
    Client client = server.client();
    std::string requests;
    std::string replies;
    for (int i = 0; i != 10'000; ++i) {
        requests += command("ECHO", i);
        replies += bulk(std::to_string(i));
    }
    client.send(requests);
    CHECK(client.receive(replies.size()) == replies);
    CHECK(server.stats().requests == 10'000);
}

TEST_CASE("all replies to the bytes of one read are sent in one write") {
    RunningServer server{{}, Ping{}};
    Client client = server.client();
    std::string requests;
    std::string replies;
    for (int i = 0; i != 20; ++i) {  // few enough for one batch, which ends after 1 ms
        requests += ping;
        replies += pong;
    }
    client.send(requests);
    CHECK(client.receive(replies.size()) == replies);
    CHECK(client.segments() == 1);
}

TEST_CASE("a request cut at any byte is handled when it is complete") {
    RunningServer server{anything, Echo{}};
    const std::string frame = "*3\r\n$3\r\nkey\r\n:-12\r\n*2\r\n+x\r\n$2\r\n\r\n\r\n";
    Client client = server.client();
    for (std::size_t cut = 1; cut != frame.size(); ++cut) {
        CAPTURE(cut);
        // When the reply to `:1` has arrived, the server has read the first part.
        client.send(":1\r\n" + frame.substr(0, cut));
        REQUIRE(client.reply() == ":1\r\n");
        client.send(frame.substr(cut) + ":2\r\n");
        REQUIRE(client.reply() == frame);
        REQUIRE(client.reply() == ":2\r\n");
    }
}

TEST_CASE("a request that arrives byte by byte is handled when it is complete") {
    RunningServer server{anything, Echo{}};
    Client client = server.client();
    const std::string frame = "*2\r\n$5\r\nhello\r\n$5\r\nworld\r\n";
    for (std::size_t i = 0; i != frame.size(); ++i) {
        client.send(frame.substr(i, 1));
        const auto received = i + 1;
        REQUIRE(support::eventually([&] { return server.stats().bytes_received == received; }));
    }
    CHECK(client.reply() == frame);
    CHECK(server.stats().requests == 1);
}

TEST_CASE("a large value is echoed intact") {
    RunningServer server{anything, Echo{}};
    Client client = server.client();
    const std::string value = bulk(noise(8 * 1024 * 1024));
    std::jthread sender{[&] { client.send(value); }};
    const bool same = client.receive(value.size()) == value;
    sender.join();
    CHECK(same);
}

TEST_CASE("a client that has ended its stream still gets all replies") {
    RunningServer server{anything, Echo{}};
    SECTION("to a small request") {
        Client client = server.client();
        client.send(":42\r\n");
        client.finish();
        support::End end{};
        CHECK(client.rest(&end) == ":42\r\n");
        CHECK(end == support::End::orderly);
    }
    SECTION("to many large ones") {
        Client client = server.client({.receive_buffer = 4096});
        std::string requests;
        for (std::uint32_t i = 0; i != 30; ++i) requests += bulk(noise(100'000, i));
        std::jthread sender{[&] {
            client.send(requests);
            client.finish();
        }};
        support::End end{};
        const std::string replies = client.rest(&end);
        sender.join();
        CHECK(replies.size() == requests.size());
        CHECK((replies == requests));
        CHECK(end == support::End::orderly);
    }
}

TEST_CASE("a handler that writes nothing leaves the request without a reply") {
    RunningServer server{{}, [](const resp::Request& request, resp::Reply& reply) {
                             if (!request.command().is("SILENT"))
                                 reply.integer(static_cast<std::int64_t>(request.command().size()));
                         }};
    CHECK(server.client().ask("SILENT\r\nSILENT\r\na b c\r\n") == ":3\r\n");
}

TEST_CASE("one deep pipeline does not delay other clients") {
    RunningServer server{{}, Ping{}};
    constexpr std::size_t bytes = 20'000'000;
    std::string requests;
    while (requests.size() < 64 * 1024) requests += ping;
    const std::size_t rounds = bytes / requests.size();
    const std::size_t expected = rounds * (requests.size() / ping.size()) * pong.size();

    Client busy = server.client();
    std::atomic<bool> all_read{false};
    std::jthread sender{[&] {
        for (std::size_t i = 0; i != rounds; ++i) busy.send(requests);
    }};
    std::jthread reader{[&] {
        for (std::size_t n = 0; n < expected;) n += busy.read_once().size();
        all_read = true;
    }};
    Client other = server.client();
    int pings = 0;
    bool all_answered = true;
    for (; !all_read && all_answered; ++pings) all_answered = other.ask(ping) == pong;
    sender.join();
    reader.join();
    CHECK(all_answered);
    CHECK(pings > 10);
}
