// docs/commands.md: results, options, State, lines that are known at run time, after(), coroutines, streams.
#include "expect.hpp"

#include <libresp/server/asio.hpp>
#include <libresp/service.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

template <class Service>
std::string reply_to(Service& service, std::string_view wire) {
    const auto command = resp::parse(wire, {}, resp::Reads::commands);
    const resp::Connection none;
    resp::Buffer bytes;
    resp::Reply reply{bytes, resp::Version::resp2};
    service(resp::Request{(*command).view(), none}, reply);
    return std::string{bytes.view()};
}

using Commands = resp::Commands<>;

void add_options(Commands& commands) {
    // [call]
    commands.add("COPY source destination [DB index] [REPLACE]", [](resp::Call& call) {
        const std::string_view source = *call.text("source");  // always there
        const std::optional<std::int64_t> index = call.integer("index");
        if (index && (*index < 0 || *index > 15)) throw resp::error("ERR DB index is out of range");
        std::string what = "copy " + std::string{source} + " to " + std::string{*call.text("destination")};
        if (index) what += " in database " + std::to_string(*index);
        if (call.has("REPLACE")) what += " whatever is there";
        return what;
    });
    // [/call]
}

// [state]
/// Each connection has one.
struct Session {
    std::vector<std::string> notes;
};

void add_notes(resp::Commands<Session>& commands) {
    commands.add("NOTE text", [](std::string_view text, Session& session) {
        session.notes.emplace_back(text);
        return session.notes.size();
    });
    commands.add("NOTES", [](const Session& session) { return session.notes; });
}
// [/state]

void add_runtime(Commands& commands) {
    // [runtime]
    for (const std::string name : {"LOW", "HIGH"}) {
        const std::string line = name + " number";
        commands.add(resp::runtime(line), [](std::int64_t number) { return number; });
    }
    // [/runtime]
}

void add_coroutine(Commands& commands) {
    // [coroutine]
    commands.add("SLEEP milliseconds word",
                 [](std::uint16_t time, std::string_view word) -> asio::awaitable<std::string_view> {
                     asio::steady_timer timer{co_await asio::this_coro::executor};
                     timer.expires_after(std::chrono::milliseconds{time});
                     co_await timer.async_wait(asio::use_awaitable);
                     co_return word;  // the words are still valid
                 });
    // [/coroutine]
}

/// A file in memory.
std::map<std::string, std::string> files;
class File {
public:
    explicit File(std::string_view name) : bytes_(&files[std::string{name}]) {}
    void append(std::string_view piece) { bytes_->append(piece); }

private:
    std::string* bytes_;
};

void add_stream(Commands& commands) {
    // [stream]
    commands.add_stream(
        "PUT name value",
        [&](std::string_view name, resp::ValueStream& value) -> asio::awaitable<std::uint64_t> {
            File file{name};
            while (const auto piece = co_await value.next()) file.append(*piece);
            co_return value.size();
        });
    // [/stream]
}

void add_after(Commands& commands, std::vector<std::string>& failed) {
    // [after]
    commands.after([&](const resp::Call& call, const resp::Finished& finished) {
        if (!finished.error.empty())
            failed.push_back(std::string{call.name()} + ": " + std::string{finished.error});
    });
    // [/after]
}

void add_reply(Commands& commands) {
    // [reply]
    commands.add("RANGE first last", [](std::int64_t first, std::int64_t last, resp::Reply& reply) {
        if (last < first || last - first > 1000) throw resp::error("ERR the range is empty or too long");
        reply.array(static_cast<std::size_t>(last - first + 1));
        for (std::int64_t i = first; i <= last; ++i) reply.integer(i);
    });
    // [/reply]
}

void add_replacement(Commands& commands) {
    // [replace]
    commands.add("PING",
                 [](resp::Call& call) { return "PONG from " + std::to_string(call.connection().thread()); },
                 {.fast = true, .group = "connection"});
    // [/replace]
}

/// The examples of usage lines on the page: each answers the number of words that it has accepted.
void expect_examples() {
    Commands commands;
    const auto size = [](resp::Call& call) { return call.size(); };
    commands.add("MSET key value [key value ...]", size);
    commands.add("SET key value [NX | XX] [EX seconds | PX milliseconds]", size);
    commands.add("LINSERT key <BEFORE | AFTER> pivot element", size);
    commands.add("LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]", size);
    commands.add("SCAN cursor [MATCH pattern] [COUNT count]", size);
    resp::Service service{commands};
    for (const std::string_view accepted :
         {"MSET a 1", "MSET a 1 b 2", "SET a 1", "set a 1 ex 60 nx", "SET a 1 NX PX 500", "SET nx ex",
          "SET a 1 NX NX", "LINSERT a BEFORE b c", "LMPOP 2 a b LEFT", "LMPOP 1 a RIGHT COUNT 5", "SCAN 0",
          "SCAN 0 COUNT 100 MATCH user:*"}) {
        const auto words = 1 + std::count(accepted.begin(), accepted.end(), ' ');
        expect(reply_to(service, std::string{accepted} + "\r\n"), ":" + std::to_string(words) + "\r\n");
    }
    expect(reply_to(service, "SET a\r\n"), "-ERR wrong number of arguments for 'set' command\r\n");
    expect(reply_to(service, "MSET a 1 b\r\n"), "-ERR wrong number of arguments for 'mset' command\r\n");
    expect(reply_to(service, "SET a 1 EX\r\n"), "-ERR syntax error\r\n");
    expect(reply_to(service, "SET a 1 NX XX\r\n"), "-ERR syntax error\r\n");
}

}  // namespace

int main() {
    expect_examples();
    Commands commands;
    add_options(commands);
    add_runtime(commands);
    add_coroutine(commands);
    add_reply(commands);
    add_replacement(commands);
    add_stream(commands);
    std::vector<std::string> failed;
    add_after(commands, failed);
    resp::Service service{commands};
    expect(reply_to(service, "COPY a b\r\n"), "$11\r\ncopy a to b\r\n");
    expect(reply_to(service, "copy a b replace db 3\r\n"),
           "$43\r\ncopy a to b in database 3 whatever is there\r\n");
    expect(reply_to(service, "COPY a b DB 16\r\n"), "-ERR DB index is out of range\r\n");
    expect(reply_to(service, "HIGH 7\r\n"), ":7\r\n");
    expect(reply_to(service, "RANGE 1 2\r\n"), "*2\r\n:1\r\n:2\r\n");
    expect(reply_to(service, "RANGE 2 1\r\n"), "-ERR the range is empty or too long\r\n");
    expect(reply_to(service, "PING\r\n").substr(0, 1), "$");
    expect(failed.at(1), "range: ERR the range is empty or too long");

    resp::Commands<Session> with_state;
    add_notes(with_state);
    resp::Service<Session> first{with_state};
    resp::Service<Session> second{with_state};
    expect(reply_to(first, "NOTE x\r\n"), ":1\r\n");
    expect(reply_to(first, "NOTES\r\n"), "*1\r\n$1\r\nx\r\n");
    expect(reply_to(second, "NOTES\r\n"), "*0\r\n");
}
