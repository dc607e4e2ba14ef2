// Long words that arrive piece by piece, and replies that leave piece by piece.
#include <libresp/server.hpp>

#include <libresp/server/asio.hpp>
#include <libresp/server/incoming.hpp>

#include <asio/post.hpp>

#include "support/catch.hpp"
#include "support/memory_transport.hpp"

#include <algorithm>
#include <deque>
#include <random>

using support::MemoryClient;
using support::MemoryServer;

namespace {

constexpr std::size_t above = 128 * 1024;

struct SeenStream {
    int asked = 0;
    std::string before, text, after;
    std::size_t pieces = 0;
    int failed = 0;  // exceptions in on_stream()
    int ended = 0;   // calls of on_stream() that have returned
    bool go = true;  // while false, on_stream() waits before it reads
    std::deque<resp::Deferred> later;
    std::optional<resp::Connection> client;
};

/// SET streams. GET n replies with n bytes, piece by piece. The other names say what happens.
struct StreamStore {
    std::shared_ptr<SeenStream> seen = std::make_shared<SeenStream>();

    void on_open(resp::Connection client) const { seen->client = std::move(client); }
    [[nodiscard]] bool wants_stream(const resp::Command& words, std::uint64_t size) const {
        ++seen->asked;
        return !words.is("KEEP") && size >= above;
    }
    asio::awaitable<void> on_stream(resp::Incoming& incoming, resp::Reply& reply) {
        const resp::Command head = incoming.head();
        for (const std::string_view word : head) (seen->before += word) += ' ';
        while (!seen->go) co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        if (head.is("THROW")) throw std::runtime_error{"before it reads"};
        if (head.is("REFUSE")) {
            reply.simple_error("ERR refused");
            co_return;
        }
        if (head.is("ECHO")) co_return co_await echo(incoming, reply);
        std::uint64_t position = 0;
        try {
            while (const auto piece = co_await incoming.next()) {
                REQUIRE(piece->token.position == position);
                position += piece->token.text.size();
                seen->text += piece->token.text;
                ++seen->pieces;
            }
            for (const std::string_view word : co_await incoming.rest()) (seen->after += word) += ' ';
        } catch (const std::system_error&) {
            ++seen->failed;
            throw;
        }
        ++seen->ended;
        reply.simple_string("OK");
    }
    /// The bytes of the word as received.
    static asio::awaitable<void> echo(resp::Incoming& incoming, resp::Reply& reply) {
        while (const auto piece = co_await incoming.next()) {
            reply.wire(piece->wire);
            co_await reply.drain();
        }
    }
    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command words = request.command();
        if (words.is("GET") || words.is("BREAK") || words.is("CHUNKS")) return get(request, reply);
        if (words.is("LATER")) {
            seen->later.push_back(reply.defer());
        } else if (words.is("KEEP")) {
            reply.integer(static_cast<std::int64_t>(words[1].size()));
        } else {
            reply.simple_string(words.name());
        }
        return {};
    }
    static asio::awaitable<void> get(const resp::Request& request, resp::Reply& reply) {
        const resp::Command words = request.command();
        const auto size = static_cast<std::size_t>(words.integer(1).value());
        const bool chunks = words.is("CHUNKS");
        if (chunks) {
            reply.set_version(resp::Version::resp3);
            reply.streamed_string();
        } else {
            reply.bulk_string_header(size);
        }
        constexpr std::size_t piece = 50'000;
        for (std::size_t at = 0; at < size; at += piece) {
            const std::string bytes(std::min(piece, size - at), 'x');
            chunks ? reply.chunk(bytes) : reply.wire(bytes);
            co_await reply.drain();
            if (words.is("BREAK")) throw std::runtime_error{"after a drain"};
        }
        chunks ? reply.end_chunks() : reply.end_bulk_string();
    }
};

struct StreamFixture {
    explicit StreamFixture(resp::Options options = {})
        : server(
              [&] {
                  options.stream_above = above;
                  return options;
              }(),
              store) {}
    MemoryClient& ask(std::string_view bytes) {
        MemoryClient& client = server.connect();
        client.send(bytes);
        server.run();
        return client;
    }
    StreamStore store;
    MemoryServer server;
    SeenStream& seen = *store.seen;
};

const std::string word = [] {
    std::string text(300'000, '\0');
    for (std::size_t i = 0; i != text.size(); ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
    return text;
}();

std::string set(std::string_view name, std::string_view value, std::string_view after = "") {
    std::string bytes;
    resp::Encoder out{bytes};
    out.array(after.empty() ? 3 : 4).bulk_string(name).bulk_string("key").bulk_string(value);
    if (!after.empty()) out.bulk_string(after);
    return bytes;
}

std::string bulk(std::size_t size) {
    return "$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n";
}

}  // namespace

TEST_CASE("a long word arrives piece by piece, wherever the input is cut") {
    const std::string requests = "PING\n" + set("SET", word, "NX") + "PING\n" + set("SET", word) + "ECHO\n";
    for (const std::size_t piece : {7U, 31U, 4096U, 65'536U, 100'000U, 1'000'000U}) {
        CAPTURE(piece);
        StreamFixture test;
        MemoryClient& client = test.server.connect();
        for (std::size_t at = 0; at < requests.size(); at += piece) {
            client.send(std::string_view{requests}.substr(at, piece));
            test.server.run();
        }
        CHECK(client.received == "+PING\r\n+OK\r\n+PING\r\n+OK\r\n+ECHO\r\n");
        CHECK(test.seen.before == "SET key SET key ");
        CHECK(test.seen.text == word + word);
        CHECK(test.seen.after == "NX ");
        CHECK(test.seen.asked == 2);
        CHECK(test.server.counters().requests.value() == 5);
        CHECK(test.server.memory() == 0);
    }
}

TEST_CASE("a word that the handler declines is kept like any other") {
    SECTION("within max_bulk") {
        StreamFixture test;
        MemoryClient& client = test.ask("*2\r\n$4\r\nKEEP\r\n" + bulk(200'000) + "PING\n");
        CHECK(client.received == ":200000\r\n+PING\r\n");
        CHECK(test.seen.asked == 1);
    }
    SECTION("over max_bulk") {
        StreamFixture test{{.limits = {.max_bulk = 150'000}}};
        MemoryClient& client = test.ask("*2\r\n$4\r\nKEEP\r\n" + bulk(200'000));
        CHECK(client.received == "-ERR Protocol error: invalid bulk length\r\n");
    }
    SECTION("not longer than stream_above") {
        StreamFixture test;
        MemoryClient& client = test.ask("*2\r\n$4\r\nKEEP\r\n" + bulk(above));
        CHECK(client.received == ":131072\r\n");
        CHECK(test.seen.asked == 0);
    }
}

TEST_CASE("max_bulk does not bound a word that streams, and max_stream does") {
    StreamFixture test{{.limits = {.max_bulk = 1000, .max_frame = 2000}, .max_stream = 300'000}};
    CHECK(test.ask(set("SET", word)).received == "+OK\r\n");
    CHECK(test.ask(set("SET", word + "x")).received == "-ERR Protocol error: invalid bulk length\r\n");
}

TEST_CASE("what a handler does not read is skipped after its reply was sent") {
    StreamFixture test;
    const std::string request = set("REFUSE", word, "NX");
    MemoryClient& client = test.ask(std::string_view{request}.substr(0, 1000));
    CHECK(client.received == "-ERR refused\r\n");
    client.send(std::string_view{request}.substr(1000));
    client.send("PING\n");
    test.server.run();
    CHECK(client.received == "-ERR refused\r\n+PING\r\n");
    CHECK(test.server.memory() == 0);
}

TEST_CASE("a word may be sent back while it arrives") {
    StreamFixture test;
    MemoryClient& client = test.ask(set("ECHO", word) + "PING\n");
    CHECK(client.received == "$300000\r\n" + word + "\r\n+PING\r\n");
}

TEST_CASE("the pieces of a word contain all of its bytes, wherever the input is cut") {
    const std::string request = set("ECHO", word);
    const std::string reply = request.substr(request.find("$300000"));
    const std::size_t begin = request.size() - reply.size();
    for (const std::size_t cut :
         {begin, begin + 1, begin + 8, begin + 9, begin + 10, request.size() - 2, request.size() - 1}) {
        CAPTURE(cut);
        StreamFixture test;
        MemoryClient& client = test.ask(std::string_view{request}.substr(0, cut));
        client.send(std::string_view{request}.substr(cut));
        test.server.run();
        CHECK(client.received == reply);
    }
}

TEST_CASE("a malformed request ends a stream with an error") {
    const std::string request = set("SET", word, "NX");
    StreamFixture test;
    std::string error;
    std::string bytes;
    SECTION("after the word") {
        bytes = request.substr(0, request.find("\r\n$2")) + "xx";
        error = "-ERR Protocol error: string does not end with CRLF\r\n";
    }
    SECTION("in the words after it") {
        bytes = request.substr(0, request.find("$2")) + "+NX\r\n";
        error = "-ERR Protocol error: expected '$', got '+'\r\n";
    }
    SECTION("in the words after it, which are too long together") {
        bytes = set("SET", word, std::string(above, 'x'));
        error = "-ERR Protocol error: frame too long\r\n";
    }
    SECTION("a word after it is too long") {
        bytes = set("SET", word, std::string(above + 1, 'x'));
        error = "-ERR Protocol error: invalid bulk length\r\n";
    }
    MemoryClient& client = test.ask("PING\n" + bytes);
    CHECK(client.received == "+PING\r\n" + error);
    CHECK(client.ended);
    CHECK(test.seen.failed == 1);
    CHECK(test.server.counters().handler_errors.value() == 0);
    CHECK(test.server.counters().protocol_errors.value() == 1);
}

TEST_CASE("a client that leaves ends its stream") {
    const std::string request = set("SET", word, "NX");
    const std::size_t sent =
        GENERATE_COPY(std::size_t{40}, std::size_t{150'000}, request.size() - 12, request.size() - 1);
    CAPTURE(sent);
    StreamFixture test;
    MemoryClient& client = test.ask(std::string_view{request}.substr(0, sent));
    SECTION("by a reset") { client.fail(); }
    SECTION("by its end of stream") { client.finish(); }
    SECTION("because the server closes it") { test.seen.client->close(); }
    SECTION("because the server is stopped by force") { test.server.abort(); }
    test.server.run();
    test.server.pass(std::chrono::seconds{2});
    CHECK(test.seen.failed == 1);
    CHECK((client.closed || client.ended));
    CHECK(client.received.empty());
    CHECK(test.server.counters().handler_errors.value() == 0);
    client.finish();
    test.server.run();
    CHECK(test.server.connections() == 0);
    CHECK(test.server.memory() == 0);
}

TEST_CASE("a server that is destroyed destroys the streams that wait") {
    std::optional<StreamFixture> test{std::in_place};
    test->ask(std::string_view{set("SET", word)}.substr(0, 1000));
    const std::weak_ptr<SeenStream> seen = test->store.seen;
    test.reset();
    CHECK(seen.expired());
}

TEST_CASE("a stop waits for the end of a stream") {
    StreamFixture test;
    const std::string request = set("SET", word);
    MemoryClient& client = test.ask(std::string_view{request}.substr(0, 1000));
    test.server.stop();
    test.server.run();
    client.send(std::string_view{request}.substr(1000));
    test.server.run();
    CHECK(client.received == "+OK\r\n");
    CHECK(client.ended);
}

TEST_CASE("a client that stops sending is closed at the frame deadline, one whose handler waits is not") {
    StreamFixture test{{.frame_deadline = std::chrono::seconds{5}}};
    const std::string request = set("SET", word);
    SECTION("it stops") {
        MemoryClient& client = test.ask(std::string_view{request}.substr(0, 1000));
        test.server.pass(std::chrono::seconds{4});
        CHECK_FALSE(client.closed);
        test.server.pass(std::chrono::seconds{2});
        CHECK(client.closed);
        CHECK(test.seen.failed == 1);
        CHECK(test.server.counters().timeouts.value() == 1);
    }
    SECTION("it sends single bytes") {
        MemoryClient& client = test.ask(std::string_view{request}.substr(0, 1000));
        for (std::size_t i = 0; i != 8; ++i) {
            client.send(std::string_view{request}.substr(1000 + i, 1));
            test.server.pass(std::chrono::seconds{1});
        }
        CHECK(client.closed);
    }
    SECTION("it stops while the rest is skipped") {
        MemoryClient& client = test.ask(set("REFUSE", word).substr(0, 1000));
        test.server.pass(std::chrono::seconds{6});
        CHECK(client.closed);
    }
    SECTION("its handler waits for something else") {
        test.seen.go = false;
        MemoryClient& client = test.server.connect();
        client.send(std::string_view{request}.substr(0, 1000));
        for (int i = 0; i != 50; ++i) test.server.step();
        for (int i = 0; i != 50; ++i) {
            test.server.tick(std::chrono::milliseconds{200});
            test.server.step();
        }
        CHECK_FALSE(client.closed);
        test.seen.go = true;
        client.send(std::string_view{request}.substr(1000));
        test.server.run();
        CHECK(client.received == "+OK\r\n");
    }
}

TEST_CASE("a stream takes the same memory, however long it is") {
    StreamFixture test;
    MemoryClient& client = test.ask("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$100000000\r\n");
    const std::string piece(200'000, 'x');
    for (int i = 0; i != 500; ++i) {
        client.send(piece);
        test.server.run();
        REQUIRE(test.server.memory() <= 160 * 1024);
        test.seen.text.clear();
        test.seen.pieces = 0;
        if (client.closed) break;
    }
}

TEST_CASE("a stream that waits for memory is not counted any more when its client is gone") {
    StreamFixture test{{.max_memory = 600 * 1024}};
    test.seen.go = false;
    std::vector<MemoryClient*> clients;
    for (int i = 0; i != 6; ++i) {
        clients.push_back(&test.server.connect());
        clients.back()->send(std::string_view{set("WAIT", word)}.substr(0, 200'000));
    }
    for (MemoryClient* client : clients) client->notify();
    for (int i = 0; i != 100; ++i) test.server.step();
    CHECK(test.seen.asked > 1);
    for (MemoryClient* client : clients) client->fail();
    for (MemoryClient* client : clients) client->notify();
    test.seen.go = true;
    test.server.run();
    CHECK(test.server.connections() == 0);
    CHECK(test.server.memory() == 0);
}

TEST_CASE("an exception before a drain() becomes an error reply") {
    StreamFixture test;
    MemoryClient& client = test.ask(set("THROW", word) + "PING\n");
    CHECK(client.received == "-ERR internal error\r\n");
    CHECK(client.ended);
    CHECK(test.server.counters().handler_errors.value() == 1);
}

TEST_CASE("an exception after a drain() ends the connection without text") {
    StreamFixture test;
    MemoryClient& client = test.ask("BREAK 100000\nPING\n");
    CHECK(client.received == "$100000\r\n" + std::string(50'000, 'x'));
    CHECK(client.ended);
    CHECK(test.server.counters().handler_errors.value() == 1);
}

TEST_CASE("drain() waits for a client that reads slowly") {
    StreamFixture test;
    MemoryClient& client = test.server.connect();
    client.room = 0;
    client.send("GET 10000000\nPING\n");
    test.server.run();
    while (client.received.size() < 10'000'000) {
        REQUIRE(test.server.memory() < 300 * 1024);
        client.room += 100'000;
        test.server.run();
    }
    client.room = MemoryClient::all;
    test.server.run();
    CHECK(client.received == bulk(10'000'000) + "+PING\r\n");
}

TEST_CASE("a client that does not read a drained reply is closed at its deadline") {
    StreamFixture test;
    MemoryClient& client = test.server.connect();
    client.room = 0;
    client.send("GET 10000000\n");
    test.server.pass(std::chrono::seconds{35});
    CHECK(client.closed);
    CHECK(test.server.connections() == 0);
    CHECK(test.server.memory() == 0);
}

TEST_CASE("pushes wait for the end of a drained reply") {
    StreamFixture test;
    MemoryClient& client = test.server.connect();
    client.room = 10'000;
    client.send("GET 200000\n");
    test.server.run();
    test.seen.client->send(">1\r\n+push\r\n");
    test.server.run();
    while (client.received.size() < 200'000) {
        client.room += 30'000;
        test.server.run();
    }
    client.room = MemoryClient::all;
    test.server.run();
    CHECK(client.received == bulk(200'000) + ">1\r\n+push\r\n");
}

TEST_CASE("a string of unknown length leaves in chunks") {
    StreamFixture test;
    MemoryClient& client = test.ask("CHUNKS 120000\nPING\n");
    const std::string chunk = ";50000\r\n" + std::string(50'000, 'x') + "\r\n";
    CHECK(client.received ==
          "$?\r\n" + chunk + chunk + ";20000\r\n" + std::string(20'000, 'x') + "\r\n;0\r\n+PING\r\n");
}

TEST_CASE("a drained reply waits for the deferred replies before it") {
    StreamFixture test;
    MemoryClient& client = test.ask("LATER\nGET 200000\n");
    CHECK(client.received.empty());
    CHECK(test.server.memory() < 300 * 1024);
    CHECK(std::move(test.seen.later.front()).wire("+first\r\n"));
    test.server.run();
    CHECK(client.received == "+first\r\n" + bulk(200'000));
}

TEST_CASE("HTTP is refused, also if its body is long") {
    StreamFixture test;
    MemoryClient& client = test.ask("*2\r\n$4\r\nPOST\r\n" + bulk(200'000));
    CHECK(client.received.empty());
    CHECK(test.seen.asked == 0);
    CHECK(test.server.counters().requests.value() == 0);
    CHECK(client.ended);
}

namespace {

/// Requests of all kinds, and the replies to them.
struct Conversation {
    explicit Conversation(std::mt19937& random) {
        const auto below = [&](std::size_t most) { return random() % most; };
        for (std::size_t left = 1 + below(6); left != 0; --left) {
            const std::size_t size = above + 1 + below(200'000);
            switch (below(6)) {
                case 0: add(set("SET", word.substr(0, size), below(2) != 0 ? "NX" : ""), "+OK\r\n"); break;
                case 1: add(set("REFUSE", word.substr(0, size)), "-ERR refused\r\n"); break;
                case 2: {
                    const std::string echoed = word.substr(0, size);
                    add(set("ECHO", echoed), "$" + std::to_string(echoed.size()) + "\r\n" + echoed + "\r\n");
                    break;
                }
                case 3: add("GET " + std::to_string(size) + "\r\n", bulk(size)); break;
                case 4: add(set("KEEP", word.substr(0, size)), ":3\r\n"); break;
                default: add("PING\n", "+PING\r\n"); break;
            }
        }
    }
    std::string requests, replies;

private:
    void add(const std::string& request, const std::string& reply) {
        requests += request;
        replies += reply;
    }
};

/// Sends a conversation in random pieces to a client with random room, whose stream may break at any call.
void speak(unsigned seed) {
    std::mt19937 random{seed};
    const Conversation talk{random};
    StreamFixture test;
    MemoryClient& client = test.server.connect();
    const bool breaks = random() % 2 != 0;
    if (breaks) client.fails_at = random() % 60;
    client.room = random() % 100'000;
    client.most_write = 1 + random() % 100'000;
    client.most_read = 1 + random() % 100'000;
    const std::size_t most_piece = random() % 4 == 0 ? 3000 : 200'000;
    for (std::size_t at = 0; at < talk.requests.size();) {
        const std::size_t piece = 1 + random() % most_piece;
        client.send(std::string_view{talk.requests}.substr(at, piece));
        at += piece;
        client.room += random() % 100'000;
        test.server.run();
    }
    for (int i = 0; i != 100 && !client.closed && client.received.size() < talk.replies.size(); ++i) {
        client.room += 100'000;
        test.server.run();
    }
    if (breaks) {
        REQUIRE(talk.replies.starts_with(client.received));
    } else {
        REQUIRE(client.received == talk.replies);
    }
    client.finish();
    test.server.pass(std::chrono::seconds{2});
    REQUIRE(test.server.connections() == 0);
    REQUIRE(test.server.memory() == 0);
    REQUIRE(test.server.counters().handler_errors.value() == 0);
}

}  // namespace

TEST_CASE("each request of a streaming client is answered in order, or its connection ends") {
    for (unsigned seed = 1; seed != 151; ++seed) {
        CAPTURE(seed);
        speak(seed);
    }
}
