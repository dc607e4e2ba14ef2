// A service allocates nothing for a plain command whose function allocates nothing.
#include <libresp/service.hpp>

#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"

using support::command;

namespace {

resp::Commands<> commands_of(std::string& stored) {
    resp::Commands commands;
    commands.add("GET key", [&](std::string_view key) -> std::optional<std::string_view> {
        if (key != "k") return std::nullopt;
        return stored;
    });
    commands.add("SET key value [NX | XX]", [&](resp::Call& call) {
        stored = *call.text("value");
        return resp::ok;
    });
    commands.add("INCRBY key by", [](std::string_view, std::int64_t by) { return by + 1; });
    commands.add("DEL key [key ...]", [](resp::Words keys) { return keys.size(); });
    commands.add("MAP", [](resp::Call& call) { call.reply().map(1).bulk_string("a").double_(1.5); });
    return commands;
}

}  // namespace

TEST_CASE("plain commands allocate nothing once the connection is warm") {
    std::string stored(100, ' ');
    resp::Service service{commands_of(stored)};
    resp::Decoder decoder{{}, resp::Reads::commands};
    resp::Buffer replies;
    resp::Reply reply{replies};
    const resp::Connection connection;
    const std::string input = command("GET", "k") + command("SET", "k", "v", "XX") + command("get", "none") +
                              command("INCRBY", "k", "41") + command("DEL", "a", "b", "c") + command("MAP") +
                              command("PING") + command("ECHO", "text") + command("SELECT", "1");
    const auto run = [&] {
        replies.clear();
        decoder.feed({input.data(), input.size()});
        while (const auto value = decoder.next()) {
            const resp::Request request{*value, connection};
            static_cast<void>(service.waits(request));
            static_cast<void>(service(request, reply));
        }
    };
    run();
    const std::size_t before = support::allocated_bytes();
    for (int i = 0; i != 20; ++i) run();  // 16 times: the time of a command is measured again
    CHECK(support::allocated_bytes() == before);
    CHECK(replies.view().ends_with("+PONG\r\n$4\r\ntext\r\n+OK\r\n"));
}

TEST_CASE("a message to ten thousand subscribers is copied once for each version of RESP") {
    resp::Commands commands;
    resp::Options options;
    options.max_connections = 20'000;
    support::MemoryServer server{options, resp::Service{commands}};
    support::MemoryClient& publisher = server.connect();
    std::vector<support::MemoryClient*> subscribers;
    for (int i = 0; i != 10'000; ++i) {
        subscribers.push_back(&server.connect());
        subscribers.back()->send(i % 2 == 0 ? "SUBSCRIBE news\r\n" : "HELLO 3\r\nSUBSCRIBE news\r\n");
        static_cast<void>(subscribers.back()->notify());
    }
    server.run();
    for (support::MemoryClient* subscriber : subscribers) subscriber->room = 0;
    const std::string message(1'000'000, 'm');
    const std::string request = command("PUBLISH", "news", message);
    publisher.send(request);
    const std::uint64_t counted = server.memory();
    const std::size_t before = support::allocated_bytes();
    while (publisher.received.empty() && server.step()) {
    }
    const std::size_t allocated = support::allocated_bytes() - before;
    CHECK(publisher.received == ":10000\r\n");
    // The request takes one, in the decoder; what each subscriber takes is below 600 bytes.
    CHECK(allocated < 2 * message.size() + 2 * request.size() + 10'000 * 600);
    CHECK(allocated > 2 * message.size());
    CHECK(server.memory() - counted < 2 * message.size() + 10'000 * 600);
    for (support::MemoryClient* subscriber : {subscribers[0], subscribers[1]}) {
        subscriber->room = support::MemoryClient::all;
        static_cast<void>(subscriber->notify());
        server.run();
        CHECK(subscriber->received.ends_with("$4\r\nnews\r\n$1000000\r\n" + message + "\r\n"));
    }
}
