// A service allocates nothing for a plain command whose function allocates nothing.
#include <libresp/service.hpp>

#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/describe.hpp"

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
