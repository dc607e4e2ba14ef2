// A small key-value server for redis-cli, redis-benchmark and current client libraries. It shows a table of
// commands, replies in RESP2 and RESP3, and data that all connections share.
//
//     ./kv --port 6379
//     redis-cli -p 6379 SET greeting 'Hello world!'
//     redis-cli -p 6379 -3 HELLO 3
//     redis-benchmark -p 6379 -t set,get -q
#include <libresp/server.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

/// The data that all connections share. Connections may be on different threads.
struct Store {
    std::mutex mutex;
    std::unordered_map<std::string, std::string> values;
};

/// The handler: finds a command in a table and runs it. Each connection has a copy; all copies use one Store.
class Keyspace {
public:
    explicit Keyspace(Store& store) : store_(&store) {}

    void operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        for (const Entry& entry : table()) {
            if (!command.is(entry.name)) continue;
            const auto words = static_cast<int>(command.size());
            // As in Redis' table: n is the number of words, the name included; -n means at least n words.
            const bool fits = entry.arity >= 0 ? words == entry.arity : words >= -entry.arity;
            if (!fits) return void(reply.simple_error(resp::wrong_number_of_arguments(entry.name)));
            return (this->*entry.run)(request, command, reply);
        }
        reply.simple_error(resp::unknown_command(command));
    }

private:
    using Run = void (Keyspace::*)(const resp::Request&, const resp::Command&, resp::Reply&);
    struct Entry {
        std::string_view name;
        int arity;
        Run run;
    };
    static std::span<const Entry> table();

    void ping(const resp::Request&, const resp::Command& command, resp::Reply& reply) {
        if (command.size() > 2) return void(reply.simple_error(resp::wrong_number_of_arguments("ping")));
        command.size() == 1 ? reply.simple_string("PONG") : reply.bulk_string(command[1]);
    }
    void echo(const resp::Request&, const resp::Command& command, resp::Reply& reply) {
        reply.bulk_string(command[1]);
    }
    void set(const resp::Request&, const resp::Command& command, resp::Reply& reply) {
        if (command.size() != 3)
            return void(reply.simple_error(resp::syntax_error));  // EX, NX, … are not supported
        const std::lock_guard lock{store_->mutex};
        store_->values.insert_or_assign(std::string{command[1]}, command[2]);
        reply.simple_string("OK");
    }
    void get(const resp::Request&, const resp::Command& command, resp::Reply& reply) {
        const std::lock_guard lock{store_->mutex};
        const auto found = store_->values.find(std::string{command[1]});
        found == store_->values.end() ? reply.null() : reply.bulk_string(found->second);
    }
    void del(const resp::Request&, const resp::Command& command, resp::Reply& reply) {
        const std::lock_guard lock{store_->mutex};
        std::size_t removed = 0;
        for (std::size_t i = 1; i < command.size(); ++i)
            removed += store_->values.erase(std::string{command[i]});
        reply.integer(static_cast<std::int64_t>(removed));
    }
    void exists(const resp::Request&, const resp::Command& command, resp::Reply& reply) {
        const std::lock_guard lock{store_->mutex};
        std::size_t found = 0;
        for (std::size_t i = 1; i < command.size(); ++i)
            found += store_->values.count(std::string{command[i]});
        reply.integer(static_cast<std::int64_t>(found));
    }

    /// HELLO [2|3 [AUTH user password] [SETNAME name]]. Accepts any password, and ignores the name. If the
    /// syntax is wrong, nothing changes.
    void hello(const resp::Request& request, const resp::Command& command, resp::Reply& reply) {
        auto version = reply.version();
        if (command.size() > 1) {
            const auto asked = command.integer(1);
            if (!asked || (*asked != 2 && *asked != 3)) {
                return void(reply.simple_error("NOPROTO unsupported protocol version"));
            }
            version = *asked == 3 ? resp::Version::resp3 : resp::Version::resp2;
        }
        for (std::size_t i = 2; i < command.size();) {
            const bool auth = resp::equals_ignoring_case(command[i], "AUTH");
            const bool setname = resp::equals_ignoring_case(command[i], "SETNAME");
            i += auth ? 3 : 2;
            if ((!auth && !setname) || i > command.size())
                return void(reply.simple_error(resp::syntax_error));
        }
        reply.set_version(version);
        reply.map(7).bulk_string("server").bulk_string("kv").bulk_string("version").bulk_string("7.4.0");
        reply.bulk_string("proto").integer(version == resp::Version::resp3 ? 3 : 2);
        reply.bulk_string("id").integer(static_cast<std::int64_t>(request.connection().id()));
        reply.bulk_string("mode").bulk_string("standalone").bulk_string("role").bulk_string("master");
        reply.bulk_string("modules").array(0);
    }
    void client(const resp::Request& request, const resp::Command& command, resp::Reply& reply) {
        const auto is = [&](std::string_view name) { return resp::equals_ignoring_case(command[1], name); };
        if (is("SETINFO") || is("SETNAME")) return void(reply.simple_string("OK"));
        if (is("ID")) return void(reply.integer(static_cast<std::int64_t>(request.connection().id())));
        reply.simple_error(resp::unknown_subcommand(command));
    }
    void select(const resp::Request&, const resp::Command& command, resp::Reply& reply) {
        command.integer(1) == 0 ? reply.simple_string("OK")
                                : reply.simple_error("ERR DB index is out of range");
    }
    void info(const resp::Request&, const resp::Command&, resp::Reply& reply) {
        reply.bulk_string(
            "# Server\r\nredis_version:7.4.0\r\nredis_mode:standalone\r\nrole:master\r\nloading:0\r\n");
    }
    /// CONFIG GET, which redis-benchmark sends. The reply is pairs of a name and a value.
    void config(const resp::Request&, const resp::Command& command, resp::Reply& reply) {
        if (!resp::equals_ignoring_case(command[1], "GET")) {
            return void(reply.simple_error(resp::unknown_subcommand(command)));
        }
        const bool known = command[2] == "save" || command[2] == "appendonly";
        reply.map(known ? 1 : 0);
        if (known) reply.bulk_string(command[2]).bulk_string(command[2] == "save" ? "" : "no");
    }
    /// COMMAND: an empty list. redis-cli then shows no hints.
    void commands(const resp::Request&, const resp::Command&, resp::Reply& reply) { reply.array(0); }
    void quit(const resp::Request&, const resp::Command&, resp::Reply& reply) {
        reply.simple_string("OK");
        reply.close();
    }

    Store* store_;
};

std::span<const Keyspace::Entry> Keyspace::table() {
    static constexpr Entry entries[] = {
        {"GET", 2, &Keyspace::get},        {"SET", -3, &Keyspace::set},
        {"DEL", -2, &Keyspace::del},       {"EXISTS", -2, &Keyspace::exists},
        {"PING", -1, &Keyspace::ping},     {"ECHO", 2, &Keyspace::echo},
        {"HELLO", -1, &Keyspace::hello},   {"CLIENT", -2, &Keyspace::client},
        {"SELECT", 2, &Keyspace::select},  {"INFO", -1, &Keyspace::info},
        {"CONFIG", -2, &Keyspace::config}, {"COMMAND", -1, &Keyspace::commands},
        {"QUIT", -1, &Keyspace::quit},
    };
    return entries;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"A small key-value server"};
    resp::Options options{.stop_signals = {SIGINT, SIGTERM}};
    app.add_option("-p,--port", options.port, "TCP port; 0 picks a free one")->capture_default_str();
    app.add_option("-t,--threads", options.threads, "Number of threads")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        Store store;
        resp::Server server{options, Keyspace{store}};
        std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
        std::fflush(stdout);
        server.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kv: %s\n", error.what());
        return 1;
    }
}
