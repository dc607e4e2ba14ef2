// The log lines and counters of a server.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"
#include "support/running_server.hpp"

#include <sys/resource.h>

#include <algorithm>

using resp::LogLevel;
using support::Client;
using support::command;
using support::eventually;
using support::MemoryClient;
using support::MemoryServer;
using support::Ping;
using support::ping;
using support::pong;
using support::Record;
using support::RunningServer;

namespace {

using Lines = std::vector<std::pair<LogLevel, std::string>>;

class Log {
public:
    [[nodiscard]] resp::Options options(LogLevel level) const {
        return {.log = {.level = level, .sink = [lines = lines_](LogLevel at, std::string_view line) {
                            lines->add({at, std::string{line}});
                        }}};
    }
    [[nodiscard]] Lines lines() const { return lines_->items(); }
    [[nodiscard]] bool has(LogLevel level, std::string_view line) const {
        const Lines all = lines();
        return std::find(all.begin(), all.end(), std::pair{level, std::string{line}}) != all.end();
    }
    /// Waits for the line.
    [[nodiscard]] bool appears(LogLevel level, const std::string& line) const {
        return eventually([&] { return has(level, line); });
    }

private:
    std::shared_ptr<Record<std::pair<LogLevel, std::string>>> lines_ =
        std::make_shared<Record<std::pair<LogLevel, std::string>>>();
};

void answer(const resp::Request& request, resp::Reply& reply) {
    if (request.command().is("THROW")) throw std::runtime_error{std::string{request.command()[1]}};
    reply.simple_string("PONG");
}

}  // namespace

TEST_CASE("a server logs its own life and that of its connections") {
    const Log log;
    std::string listening;
    {
        RunningServer server{log.options(LogLevel::debug), answer};
        listening = "[server] Listening on " + server->local_endpoint().to_string();
        Client client = server.client();
        const std::string who = "[" + client.local().to_string() + "] ";
        REQUIRE(client.ask(ping) == pong);
        CHECK(log.has(LogLevel::info, listening));
        CHECK(log.has(LogLevel::info, who + "Accepted connection"));
        CHECK(log.has(LogLevel::debug, who + "Received 14 bytes"));
        client.send("*1\r\nx");
        CHECK(log.appears(LogLevel::warn, who + "Error parsing input: expected '$', got 'x' at byte 18"));
        client.rest();
        client.close();
        CHECK(eventually([&] {
            const Lines lines = log.lines();
            return std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
                return line.first == LogLevel::info && line.second.starts_with(who + "Ending connection");
            });
        }));
    }
    CHECK(log.has(LogLevel::info, "[server] Stopping"));
    CHECK(log.lines().back() == std::pair{LogLevel::info, std::string{"[server] Stopped"}});
}

TEST_CASE("a server logs that the limit of open files lowers max_connections") {
    const Log log;
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    REQUIRE(limit.rlim_cur != RLIM_INFINITY);
    const std::size_t most =
        static_cast<std::size_t>(limit.rlim_cur) - resp::detail::reserved_descriptors({});
    const std::string expected = "[server] Accepts at most " + std::to_string(most) + " clients, not " +
                                 std::to_string(most + 1) + ": the limit of open files is too low";
    for (const std::size_t asked : {most, most + 1}) {
        resp::Options options = log.options(LogLevel::warn);
        options.max_connections = asked;
        RunningServer server{std::move(options), answer};
        REQUIRE(server.client().ask(ping) == pong);
    }
    CHECK(log.lines() == Lines{{LogLevel::warn, expected}});
}

TEST_CASE("nothing below the level is logged, and nothing at all at off") {
    const auto [level, expected] = GENERATE(
        table<LogLevel, std::size_t>({{LogLevel::warn, 2}, {LogLevel::error, 1}, {LogLevel::off, 0}}));
    const Log log;
    {
        RunningServer server{log.options(level), answer};
        Client broken = server.client();
        broken.send("*1\r\nx");
        broken.rest();
        Client thrown = server.client();
        thrown.send("THROW up\r\n");
        thrown.rest();
        REQUIRE(eventually([&] { return server.stats().handler_errors == 1; }));
    }
    CHECK(log.lines().size() == expected);
    for (const auto& [at, line] : log.lines()) CHECK(at >= level);
}

TEST_CASE("bytes from a client are escaped and shortened in the log") {
    const Log log;
    RunningServer server{log.options(LogLevel::trace), answer};
    std::string all;
    for (int byte = 0; byte != 256; ++byte) all += static_cast<char>(byte);
    for (std::size_t i = 0; i != all.size(); i += 16) {
        Client thrown = server.client();
        thrown.send(command("THROW", all.substr(i, 16)));
        thrown.rest();
        Client broken = server.client();
        broken.send("*1\r\n" + all.substr(i, 1));
        broken.finish();
        broken.rest();
        Client http = server.client();
        http.send("POST " + all.substr(std::max<std::size_t>(i, 16), 16) + "\nx\n");
        http.finish();
        http.rest();
    }
    Client thrown = server.client();
    thrown.send(command("THROW", std::string(10'000, '\n')));
    thrown.rest();
    REQUIRE(
        eventually([&] { return server.stats().handler_errors == 17 && server.stats().connections <= 1; }));
    for (const auto& [level, line] : log.lines()) {
        CAPTURE(line);
        CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
        CHECK(line.size() < 1'200);
    }
    const Lines lines = log.lines();
    CHECK(std::any_of(lines.begin(), lines.end(), [](const auto& line) {
        return line.second.find("\\x10\\x11\\x12") != std::string::npos;
    }));
}

TEST_CASE("a log line shows at most 64 bytes of a client's input") {
    const Log log;
    MemoryServer server{log.options(LogLevel::trace), answer};
    const std::string most(64, 'x');
    const std::string post = "POST " + std::string(57, 'x');  // with CRLF 64 bytes
    for (const std::string& request :
         {command("THROW", most), command("THROW", most + "y"), post + "\r\n", post + "x\r\n"}) {
        server.connect().send(request);
    }
    server.run();
    const std::string threw = "[unix:] Handler threw an exception: ";
    const std::string http = "[unix:] Speaks HTTP, not RESP: ";
    CHECK(log.has(LogLevel::error, threw + most));
    CHECK(log.has(LogLevel::error, threw + most + "..."));
    CHECK(log.has(LogLevel::warn, http + post + "\\x0d\\x0a"));
    CHECK(log.has(LogLevel::warn, http + post + "x\\x0d..."));
}

TEST_CASE("a flood of bad clients does not flood the log") {
    constexpr int bad = 2'000;
    const Log log;
    MemoryServer server{log.options(LogLevel::info), Ping{}};
    for (int i = 0; i != bad; ++i) {
        MemoryClient& client = server.connect();
        client.send("*1\r\nx");
        client.finish();
        server.run();
    }
    CHECK(server.counters().protocol_errors.value() == bad);
    // Without the limit there are 6,000 lines, three for each client. Each second of the test may write
    // 1,000.
    CHECK(log.lines().size() >= 1'000);
    CHECK(log.lines().size() <= 5'000);
}

TEST_CASE("a line says how many lines of which level were left out") {
    const auto [level, summary_at] =
        GENERATE(table<LogLevel, LogLevel>({{LogLevel::info, LogLevel::warn},
                                            {LogLevel::warn, LogLevel::warn},
                                            {LogLevel::error, LogLevel::error}}));
    CAPTURE(level);
    const Log log;
    const resp::Options options = log.options(level);
    resp::detail::Logger logger{options.log};
    int written = 0;
    const auto write = [&, level = level] {
        ++written;
        logger(level, "line");
    };
    while (written != 5'000) write();
    const std::size_t flooded = log.lines().size();
    REQUIRE(eventually([&] {  // until the next second begins
        write();
        return log.lines().size() != flooded;
    }));
    int shown = 0;
    int left_out = 0;
    for (const auto& [at, line] : log.lines()) {
        if (line == "line") {
            ++shown;
            continue;
        }
        CHECK(at == summary_at);
        constexpr std::string_view words = "[server] ";
        const int n = std::stoi(line.substr(words.size()));
        left_out += n;
        const std::string count = std::to_string(n);
        CHECK(line == "[server] " + count + " log lines left out: " + count + " " + std::string{name(level)});
    }
    CHECK(shown < 5'000);
    CHECK(left_out == written - shown);
}

TEST_CASE("a flood of lines of one level hides no line of another") {
    const Log log;
    const resp::Options options = log.options(LogLevel::info);
    resp::detail::Logger logger{options.log};
    for (int i = 0; i != 5'000; ++i) {
        logger(LogLevel::info, "flood");
        if (i % 2 == 0) logger(LogLevel::warn, "smaller flood");
    }
    logger(LogLevel::error, "disk is full");
    CHECK(log.has(LogLevel::error, "disk is full"));
    const std::size_t before = log.lines().size();
    REQUIRE(eventually([&] {  // until the next second begins
        logger(LogLevel::error, "next");
        return log.lines().size() >= before + 2'000;
    }));
    bool both = false;
    for (const auto& [level, line] : log.lines()) {
        both |= line.find(" info, ") != std::string::npos && line.ends_with(" warn");
    }
    CHECK(both);
}

TEST_CASE("the counters add up") {
    RunningServer server{{.threads = 2, .max_connections = 3}, answer};
    CHECK(server.stats().accepted == 0);
    {
        std::vector<Client> clients;
        for (int i = 0; i != 3; ++i) {
            clients.push_back(server.client());
            REQUIRE(clients.back().ask(ping) == pong);
        }
        server.client().rest();
        CHECK(server.stats().connections == 3);
        CHECK(server.stats().refused == 1);
        clients[0].send("THROW x\r\n");
        clients[0].rest();
        clients[1].send("*1\r\nx");
        clients[1].rest();
    }
    REQUIRE(eventually([&] { return server.stats().connections == 0; }));
    const resp::Stats stats = server.stats();
    const std::string refused = "-ERR max number of clients reached\r\n";
    const std::string error = "-ERR internal error\r\n";
    const std::string words = "-ERR Protocol error: expected '$', got 'x'\r\n";
    CHECK(stats.accepted == 3);
    CHECK(stats.requests == 4);
    CHECK(stats.bytes_received == 3 * ping.size() + 9 + 5);
    CHECK(stats.bytes_sent == 3 * pong.size() + refused.size() + error.size() + words.size());
    CHECK(stats.handler_errors == 1);
    CHECK(stats.protocol_errors == 1);
    CHECK(stats.timeouts == 0);
    CHECK(stats.cut_off == 0);
    CHECK(stats.accept_errors == 0);
    CHECK(stats.memory == 0);
}
