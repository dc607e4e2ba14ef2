// Reply: the verbs that it has beside those of Encoder.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

#include <asio/awaitable.hpp>

using resp::Reply;
using support::MemoryClient;
using support::MemoryServer;
using support::Record;

namespace {

/// What a handler saw of its reply: whether it was empty before and after the first value, and its size.
struct SeenReply {
    bool empty_before = false;
    bool empty_after = false;
    std::size_t size = 0;
    friend bool operator==(const SeenReply&, const SeenReply&) = default;
};
using SeenByHandler = std::shared_ptr<Record<SeenReply>>;

SeenReply write_words(const resp::Request& request, Reply& reply) {
    SeenReply seen;
    seen.empty_before = reply.empty() && reply.size() == 0;
    for (std::size_t i = 0; i != request.command().size(); ++i) reply.bulk_string(request.command()[i]);
    seen.empty_after = reply.empty();
    seen.size = reply.size();
    return seen;
}

struct ReplyingPlain {
    SeenByHandler seen = std::make_shared<Record<SeenReply>>();
    void operator()(const resp::Request& request, Reply& reply) const {
        seen->add(write_words(request, reply));
    }
};
struct ReplyingCoroutine {
    SeenByHandler seen = std::make_shared<Record<SeenReply>>();
    asio::awaitable<void> operator()(const resp::Request& request, Reply& reply) const {
        seen->add(write_words(request, reply));
        co_return;
    }
};

}  // namespace

TEST_CASE("a reply counts what was written since its construction") {
    SECTION("to a string") {
        std::string bytes = "before";
        Reply reply{bytes};
        CHECK(reply.empty());
        CHECK(reply.size() == 0);
        reply.integer(7);
        CHECK_FALSE(reply.empty());
        CHECK(reply.size() == 4);
        CHECK(bytes == "before:7\r\n");
    }
    SECTION("to a buffer") {
        resp::Buffer bytes;
        bytes.append("before");
        Reply reply{bytes};
        CHECK(reply.empty());
        reply.array(2).bulk_string(std::string(100'000, 'x')).integer(1);
        CHECK_FALSE(reply.empty());
        CHECK(reply.size() == bytes.size() - 6);
    }
}

TEST_CASE("a reply writes RESP3 unless another version is given") {
    std::string bytes;
    Reply reply{bytes};
    reply.null();
    Reply old{bytes, resp::Version::resp2};
    old.null();
    CHECK(bytes == "_\r\n$-1\r\n");
}

TEST_CASE("close() may come before the reply that it ends with") {
    std::string bytes;
    Reply reply{bytes};
    CHECK_FALSE(reply.closing());
    reply.close().simple_string("OK");
    CHECK(reply.closing());
    CHECK(bytes == "+OK\r\n");
}

TEST_CASE("a reply that closes first is sent before the connection closes") {
    MemoryServer server{{}, [](const resp::Request&, Reply& reply) { reply.close().simple_string("OK"); }};
    MemoryClient& client = server.connect();
    client.send("QUIT\r\nPING\r\n");
    server.run();
    CHECK(client.received == "+OK\r\n");
    CHECK(client.ended);
}

TEMPLATE_TEST_CASE("a reply counts only the bytes for one request", "", ReplyingPlain, ReplyingCoroutine) {
    const TestType handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.room = 0;  // nothing is sent, so all replies stay in one buffer
    client.send("AB\r\n\r\nA BCD\r\n");
    server.run();
    client.room = 10;  // part of the replies is sent
    server.run();
    client.send("A\r\n");
    server.run();
    client.room = MemoryClient::all;
    server.run();
    CHECK(client.received == "$2\r\nAB\r\n$1\r\nA\r\n$3\r\nBCD\r\n$1\r\nA\r\n");
    CHECK(handler.seen->items() ==
          std::vector<SeenReply>{{true, false, 8}, {true, false, 16}, {true, false, 7}});
}

TEST_CASE("a push is not counted as part of a reply") {
    struct Pushing {
        SeenByHandler seen = std::make_shared<Record<SeenReply>>();
        void on_open(resp::Connection connection) const { connection.send("+hello\r\n"); }
        void operator()(const resp::Request& request, Reply& reply) const {
            request.connection().send("+push\r\n");
            seen->add(write_words(request, reply));
        }
    };
    const Pushing handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send("A\r\nB\r\n");
    server.run();
    client.send("C\r\n");
    server.run();
    CHECK(client.received == "+hello\r\n$1\r\nA\r\n$1\r\nB\r\n+push\r\n+push\r\n$1\r\nC\r\n+push\r\n");
    CHECK(handler.seen->items() == std::vector<SeenReply>(3, {true, false, 7}));
}

TEST_CASE("an error reply replaces what a handler has written before it threw") {
    MemoryServer server{{}, [](const resp::Request& request, Reply& reply) {
                            reply.array(3).integer(1);
                            if (request.command().is("THROW")) throw std::runtime_error{"thrown"};
                            reply.integer(2).integer(3);
                        }};
    MemoryClient& client = server.connect();
    client.send("OK\r\nTHROW\r\n");
    server.run();
    CHECK(client.received == "*3\r\n:1\r\n:2\r\n:3\r\n-ERR internal error\r\n");
}

// ---- rollback()

TEST_CASE("a rollback drops what was written since the mark") {
    std::string bytes = "before";
    resp::Buffer buffer;
    Reply to_string{bytes};
    Reply to_buffer{buffer};
    for (Reply* reply : {&to_string, &to_buffer}) {
        reply->array(2).integer(1);
        const Reply::Mark mark = reply->mark();
        const std::size_t size = reply->size();
        reply->array(1).bulk_string("dropped");
        reply->rollback(mark);
        CHECK(reply->size() == size);
        reply->integer(2);
        reply->rollback(reply->mark());
    }
    CHECK(bytes == "before*2\r\n:1\r\n:2\r\n");
    CHECK(buffer.view() == "*2\r\n:1\r\n:2\r\n");
}

TEST_CASE("a rollback drops shared strings after the mark and keeps those before it") {
    const auto kept = std::make_shared<const std::string>(support::noise(20'000));
    const auto dropped = std::make_shared<const std::string>(support::noise(30'000, 2));
    const auto handler = [&](const resp::Request&, Reply& reply) {
        const Reply::Mark start = reply.mark();
        reply.integer(0);
        reply.bulk_string(dropped);
        reply.rollback(start);
        CHECK(reply.empty());
        reply.array(2);
        reply.bulk_string(kept);
        const Reply::Mark mark = reply.mark();
        reply.bulk_string(dropped).integer(9);
        reply.bulk_string(dropped);
        reply.rollback(mark);
        reply.integer(1);
    };
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    for (int i = 0; i != 2; ++i) {
        client.received.clear();
        client.send(support::ping);
        server.run();
        CHECK((client.received == "*2\r\n" + support::bulk(*kept) + ":1\r\n"));
        CHECK(dropped.use_count() == 1);
    }
    CHECK(server.memory() == 0);
}
