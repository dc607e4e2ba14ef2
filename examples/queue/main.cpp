// Work queues: Redis' lists with BLPOP and BRPOP, for redis-cli and current client libraries. It shows a handler
// that waits for some requests, on several threads, and what happens to a client that leaves while it waits.
//
//     ./queue --port 6379 --threads 2
//     redis-cli -p 6379 BLPOP jobs 0            in one terminal: waits
//     redis-cli -p 6379 RPUSH jobs first        in another one: the first prints jobs and first
//
// In Redis, a push gives the element to a waiter at once. Here the waiter takes it a moment later. In between, LLEN
// and LPOP do not count the element, but another client may take an element at the same end before the waiter does.
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <CLI/CLI.hpp>

#include <cctype>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lists.hpp"

namespace {

/// When a wait of that number of seconds ends. Zero: never. If it is no such number, writes the error of Redis.
std::optional<Waiter::Time> deadline(std::string_view word, resp::Reply& reply) {
    constexpr double most = 1e-3 * static_cast<double>(std::numeric_limits<std::int64_t>::max());
    const std::string text{word};
    char* end = nullptr;
    const double seconds = std::strtod(text.c_str(), &end);
    const bool is_all = !text.empty() && end == text.c_str() + text.size();
    if (!is_all || std::isspace(static_cast<unsigned char>(text[0])) != 0 || std::isnan(seconds)) {
        reply.simple_error("ERR timeout is not a float or out of range");
    } else if (seconds >= most) {
        reply.simple_error("ERR timeout is out of range");
    } else if (seconds < 0) {
        reply.simple_error("ERR timeout is negative");
    }
    if (!reply.empty()) return std::nullopt;
    if (seconds == 0 || seconds > 1e9) return Waiter::Time::max();
    return std::chrono::steady_clock::now() +
           std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>{seconds});
}

/// The handler. Each connection has a copy; all copies use the same lists.
class Queue {
public:
    explicit Queue(Lists& lists) : lists_(&lists) {}

    bool waits(const resp::Request& request) const {
        const resp::Command command = request.command();
        return command.is("BLPOP") || command.is("BRPOP");
    }
    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        for (const Entry& entry : table()) {
            if (!command.is(entry.name)) continue;
            const auto words = static_cast<int>(command.size());
            // As in Redis' table: n is the number of words, the name included; -n means at least n words.
            const bool fits = entry.arity >= 0 ? words == entry.arity : words >= -entry.arity;
            if (fits) return (this->*entry.run)(request, reply);
            reply.simple_error(resp::wrong_number_of_arguments(entry.name));
            return {};
        }
        reply.simple_error(resp::unknown_command(command));
        return {};
    }

private:
    using Run = resp::Outcome (Queue::*)(const resp::Request&, resp::Reply&);
    struct Entry {
        std::string_view name;
        int arity;
        Run run;
    };
    static std::span<const Entry> table();

    template <End end>
    resp::Outcome push(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        const std::vector<std::string_view> words(command.begin(), command.end());
        const std::size_t length = lists_->push(end, words[1], std::span{words}.subspan(2));
        reply.integer(static_cast<std::int64_t>(length));
        return {};
    }
    /// LPOP key [count]. With a count the reply is an array.
    template <End end>
    resp::Outcome pop(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        const bool has_count = command.size() > 2;
        const std::int64_t count = has_count ? command.integer(2).value_or(-1) : 1;
        if (command.size() > 3) {
            reply.simple_error(resp::wrong_number_of_arguments(command.name()));
        } else if (count < 0) {
            reply.simple_error("ERR value is out of range, must be positive");
        } else if (const auto popped = lists_->pop(end, command[1], static_cast<std::size_t>(count));
                   !popped) {
            has_count ? null_array(reply) : void(reply.null());
        } else {
            if (has_count) reply.array(popped->size());
            for (const std::string& element : *popped) reply.bulk_string(element);
        }
        return {};
    }
    resp::Outcome length(const resp::Request& request, resp::Reply& reply) {
        reply.integer(static_cast<std::int64_t>(lists_->length(request.command()[1])));
        return {};
    }
    /// BLPOP key [key ...] timeout
    template <End end>
    resp::Outcome pop_or_wait(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        const auto until = deadline(command[command.size() - 1], reply);
        if (!until) return {};
        return wait(request, reply, end, *until);
    }
    // [wait]
    asio::awaitable<void> wait(const resp::Request& request, resp::Reply& reply, End end,
                               Waiter::Time until) {
        const std::vector<std::string_view> words(request.command().begin(), request.command().end());
        const auto keys = std::span{words}.subspan(1, words.size() - 2);
        Waiter waiter{*lists_, end, keys, co_await asio::this_coro::executor, until};
        const resp::Connection client = request.connection();
        std::optional<Element> element;
        while (!(element = waiter.take())) {
            if (waiter.is_late()) co_return null_array(reply);
            if (!co_await resp::unless_gone(client, waiter.wait())) co_return;
            // A client that has left meanwhile takes nothing: the next one may have what it was woken for.
            if (client.peer_state() != resp::PeerState::open) co_return;
        }
        reply.array(2).bulk_string(element->key).bulk_string(element->value);
    }
    // [/wait]
    static void null_array(resp::Reply& reply) {
        reply.version() == resp::Version::resp3 ? reply.null() : reply.null_array();
    }

    // ---- what clients send when they connect

    /// HELLO [2|3 [AUTH user password] [SETNAME name]]. Accepts any password, and ignores the name.
    resp::Outcome hello(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        const bool stays = command.size() == 1;
        const std::int64_t now = reply.version() == resp::Version::resp3 ? 3 : 2;
        const std::int64_t version = stays ? now : command.integer(1).value_or(0);
        if (version != 2 && version != 3) {
            reply.simple_error("NOPROTO unsupported protocol version");
            return {};
        }
        reply.set_version(version == 3 ? resp::Version::resp3 : resp::Version::resp2);
        reply.map(7).bulk_string("server").bulk_string("queue").bulk_string("version").bulk_string("7.4.0");
        reply.bulk_string("proto").integer(version);
        reply.bulk_string("id").integer(static_cast<std::int64_t>(request.connection().id()));
        reply.bulk_string("mode").bulk_string("standalone").bulk_string("role").bulk_string("master");
        reply.bulk_string("modules").array(0);
        return {};
    }
    resp::Outcome client(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        const auto is = [&](std::string_view name) { return resp::equals_ignoring_case(command[1], name); };
        if (is("SETINFO") || is("SETNAME")) {
            reply.simple_string("OK");
        } else if (is("ID")) {
            reply.integer(static_cast<std::int64_t>(request.connection().id()));
        } else {
            reply.simple_error(resp::unknown_subcommand(command));
        }
        return {};
    }
    resp::Outcome ping(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        if (command.size() > 2) {
            reply.simple_error(resp::wrong_number_of_arguments("ping"));
        } else {
            command.size() == 1 ? reply.simple_string("PONG") : reply.bulk_string(command[1]);
        }
        return {};
    }
    resp::Outcome select(const resp::Request& request, resp::Reply& reply) {
        request.command().integer(1) == 0 ? reply.simple_string("OK")
                                          : reply.simple_error("ERR DB index is out of range");
        return {};
    }
    resp::Outcome info(const resp::Request&, resp::Reply& reply) {
        reply.bulk_string("# Server\r\nredis_version:7.4.0\r\nredis_mode:standalone\r\nloading:0\r\n");
        return {};
    }
    /// COMMAND: an empty list. redis-cli then shows no hints.
    resp::Outcome commands(const resp::Request&, resp::Reply& reply) {
        reply.array(0);
        return {};
    }
    resp::Outcome quit(const resp::Request&, resp::Reply& reply) {
        reply.close().simple_string("OK");
        return {};
    }

    Lists* lists_;
};

std::span<const Queue::Entry> Queue::table() {
    static constexpr Entry entries[] = {
        {"LPUSH", -3, &Queue::push<End::left>},
        {"BLPOP", -3, &Queue::pop_or_wait<End::left>},
        {"RPUSH", -3, &Queue::push<End::right>},
        {"BRPOP", -3, &Queue::pop_or_wait<End::right>},
        {"LPOP", -2, &Queue::pop<End::left>},
        {"LLEN", 2, &Queue::length},
        {"RPOP", -2, &Queue::pop<End::right>},
        {"PING", -1, &Queue::ping},
        {"HELLO", -1, &Queue::hello},
        {"CLIENT", -2, &Queue::client},
        {"SELECT", 2, &Queue::select},
        {"INFO", -1, &Queue::info},
        {"COMMAND", -1, &Queue::commands},
        {"QUIT", -1, &Queue::quit},
    };
    return entries;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Work queues: lists with BLPOP and BRPOP"};
    resp::Options options{.stop_signals = {SIGINT, SIGTERM}};
    options.drain_deadline = std::chrono::milliseconds{500};  // clients that wait then leave
    app.add_option("-p,--port", options.port, "TCP port; 0 picks a free one")->capture_default_str();
    app.add_option("-t,--threads", options.threads, "Number of threads")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        Lists lists;
        resp::Server server{options, Queue{lists}};
        std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
        std::fflush(stdout);
        server.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "queue: %s\n", error.what());
        return 1;
    }
}
