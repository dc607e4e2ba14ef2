// Commands::add_stream(): commands whose last word may be longer than memory.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

using resp::ValueStream;
using service_test::contains;
using service_test::ServiceUnderTest;

namespace {

struct StreamFixture : ServiceUnderTest<> {
    StreamFixture() {
        options.stream_above = 128 * 1024;
        options.limits.max_bulk = 256 * 1024;
        commands.add_stream(
            "PUT key value",
            [this](std::string_view key, ValueStream& value) -> asio::awaitable<std::uint64_t> {
                co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
                name = key;  // valid after a wait
                announced = value.size();
                stored.clear();
                pieces = 0;
                while (const auto piece = co_await value.next()) {
                    stored += *piece;
                    ++pieces;
                    if (piece->starts_with("stop")) throw resp::error("ERR stopped");
                }
                co_return stored.size();
            });
        commands.add("GET key", [](std::string_view key) { return key; });
    }
    static std::string put(std::string_view value, std::string_view after = {}) {
        std::string request = after.empty() ? "*3\r\n" : "*4\r\n";
        request += "$3\r\nPUT\r\n$1\r\nk\r\n$" + std::to_string(value.size()) + "\r\n";
        request.append(value).append("\r\n");
        if (!after.empty()) {
            request += "$" + std::to_string(after.size()) + "\r\n";
            request.append(after).append("\r\n");
        }
        return request;
    }
    std::string name, stored;
    std::uint64_t announced = 0;
    int pieces = 0;
};

const std::string longer = std::string(1'000'000, 'v');  // than max_bulk

}  // namespace

TEST_CASE("a long last word arrives in pieces, a short one at once") {
    StreamFixture test;
    CHECK(test.ask("PUT k short\r\nGET a\r\n") == ":5\r\n$1\r\na\r\n");
    CHECK(test.pieces == 1);
    CHECK(test.ask(StreamFixture::put(longer) + "GET b\r\n") == ":1000000\r\n$1\r\nb\r\n");
    CHECK(test.name == "k");
    CHECK(test.announced == longer.size());
    CHECK(test.stored == longer);
    CHECK(test.pieces > 1);
    CHECK(test.ask(StreamFixture::put("")) == ":0\r\n");
    CHECK(test.pieces == 0);
    CHECK(test.server->memory() == 0);
}

TEST_CASE("a command that streams and fails skips the rest of its word") {
    StreamFixture test;
    CHECK(test.ask(StreamFixture::put("stop" + longer) + "GET b\r\n") == "-ERR stopped\r\n$1\r\nb\r\n");
    CHECK(test.ask("PUT k stop\r\n") == "-ERR stopped\r\n");
}

TEST_CASE("a streamed command with too many words is refused") {
    StreamFixture test;
    CHECK(test.ask(StreamFixture::put(longer, "more") + "GET b\r\n") ==
          "-ERR wrong number of arguments for 'put' command\r\n$1\r\nb\r\n");
    CHECK(test.stored.empty());
}

TEST_CASE("before() and after() see a streamed command") {
    StreamFixture test;
    bool refuses = true;
    std::vector<std::string> seen;
    test.commands.before([&](resp::Call&) -> std::optional<resp::Error> {
        if (refuses) return resp::error("NOPERM no");
        return std::nullopt;
    });
    test.commands.after(
        [&](const resp::Call& call, const resp::Finished&) { seen.emplace_back(call.name()); });
    CHECK(test.ask(StreamFixture::put(longer)) == "-NOPERM no\r\n");
    CHECK(seen.empty());
    refuses = false;
    CHECK(test.ask(StreamFixture::put(longer)) == ":1000000\r\n");
    CHECK(seen == std::vector<std::string>{"put"});
}

TEST_CASE("in a transaction a value has to fit in the limits, and a streamed command is refused") {
    StreamFixture test;
    CHECK(test.ask("MULTI\r\n") == "+OK\r\n");
    CHECK(test.ask("PUT k v\r\n") == "-ERR Command not allowed inside a transaction\r\n");
    CHECK(test.ask(StreamFixture::put(longer)) == "-ERR Protocol error: invalid bulk length\r\n");
}

TEST_CASE("a client that leaves in the middle of a value ends its command") {
    StreamFixture test;
    const std::string request = StreamFixture::put(longer);
    CHECK(test.ask(request.substr(0, 500'000)).empty());
    test.clients[0]->fail();
    test.clients[0]->notify();
    test.server->run();
    CHECK(test.clients[0]->closed);
    CHECK(test.server->memory() == 0);
}

TEST_CASE("a streamed command waits for the end of a pause") {
    StreamFixture test;
    test.ask("CLIENT PAUSE 100000\r\n", 1);
    CHECK(test.ask(StreamFixture::put(longer)).empty());
    test.ask("CLIENT UNPAUSE\r\n", 1);
    test.server->run();
    CHECK(test.clients[0]->received == ":1000000\r\n");
    CHECK(test.stored == longer);
}

TEST_CASE("what is sent after a drain() is not taken for an error") {
    StreamFixture test;
    test.commands.add("FILE", [](resp::Reply& reply) -> asio::awaitable<void> {
        reply.bulk_string_header(6).wire("abc");
        co_await reply.drain();
        reply.wire("-ab");
        reply.end_bulk_string();
    });
    CHECK(test.ask("FILE\r\n") == "$6\r\nabc-ab\r\n");
    CHECK(contains(test.ask("INFO commandstats\r\n"), "failed_calls=0\r\n"));
    CHECK_FALSE(contains(test.ask("INFO errorstats\r\n"), "errorstat_"));
}

TEST_CASE("CLIENT REPLY OFF drops the reply of a streamed command") {
    StreamFixture test;
    CHECK(test.ask("CLIENT REPLY OFF\r\n" + StreamFixture::put(longer) + "CLIENT REPLY ON\r\n") == "+OK\r\n");
    CHECK(test.stored == longer);
}
