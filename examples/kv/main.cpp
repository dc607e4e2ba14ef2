// A key-value server with the strings of Redis 7. It shows a service as production code is split: commands, a store
// with its own locks, snapshots, and flags.
//
//     ./kv --port 6379 --threads 2 --snapshot kv.snapshot
//     redis-cli -p 6379 SET greeting 'Hello world!' EX 60
//     redis-benchmark -p 6379 -t set,get,incr,mset -q
//
//   store.hpp     the data: shards, their locks, expiry
//   strings.cpp   the commands on strings
//   keys.cpp      the commands on keys and databases
//   snapshot.cpp  saves the data, and loads it
#include "commands.hpp"
#include "snapshot.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

namespace {

struct Flags {
    resp::Options options{.stop_signals = {SIGINT, SIGTERM}};
    std::size_t max_memory = 0;
    std::string password;
    std::string snapshot;
    unsigned save_every = 0;  // seconds
};

/// Removes expired keys ten times a second, and saves snapshots.
class Housekeeper {
public:
    Housekeeper(Store& store, const Flags& flags)
        : store_(store), flags_(flags), thread_([this] { run(); }) {}
    Housekeeper(const Housekeeper&) = delete;
    Housekeeper& operator=(const Housekeeper&) = delete;
    ~Housekeeper() {
        {
            const std::lock_guard lock{mutex_};
            stopped_ = true;
        }
        wake_.notify_all();
        thread_.join();
    }

private:
    void run() {
        constexpr std::chrono::milliseconds pause{100};
        auto saved = std::chrono::steady_clock::now();
        std::unique_lock lock{mutex_};
        while (!wake_.wait_for(lock, pause, [this] { return stopped_; })) {
            store_.expire();
            const auto time = std::chrono::steady_clock::now();
            if (flags_.save_every == 0 || time - saved < std::chrono::seconds{flags_.save_every}) continue;
            saved = time;
            try {
                const Store::Guard guard = store_.lock({});
                save(store_, flags_.snapshot);
            } catch (const std::exception& error) {
                std::fprintf(stderr, "kv: cannot save: %s\n", error.what());
            }
        }
    }

    Store& store_;
    const Flags& flags_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopped_ = false;
    std::thread thread_;
};

/// Called with all locks held.
std::string keyspace(const Store& store) {
    std::string lines;
    for (unsigned i = 0; i != Store::databases; ++i) {
        if (store.size(i) == 0) continue;
        lines += "db" + std::to_string(i) + ":keys=" + std::to_string(store.size(i)) +
                 ",expires=" + std::to_string(store.expiring(i)) + ",avg_ttl=0\r\n";
    }
    return lines;
}

/// "100", "100mb".
std::optional<std::size_t> to_bytes(std::string_view text) {
    std::size_t number = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const auto& [name, shift] : {std::pair{"", 0}, {"kb", 10}, {"mb", 20}, {"gb", 30}}) {
        const bool fits = ec == std::errc{} && number <= (~std::size_t{0} >> shift);
        if (fits && resp::equals_ignoring_case(unit, name)) return number << shift;
    }
    return std::nullopt;
}

void save_for_client(Store& store, const std::string& path) {
    try {
        save(store, path);
    } catch (const std::exception& error) {
        throw resp::error(std::string{"ERR cannot save: "} + error.what());
    }
}

void configure(resp::Commands<>& commands, Store& store, const Flags& flags) {
    commands.lock(
        [&store](std::span<const std::string_view> keys, resp::Access) { return store.lock(keys); });
    add_string_commands(commands, store);
    add_key_commands(commands, store);
    if (!flags.snapshot.empty()) {
        commands.add("SAVE",
                     [&store, path = flags.snapshot] {
                         save_for_client(store, path);
                         return resp::ok;
                     },
                     {.admin = true, .no_multi = true, .summary = "Saves a snapshot.", .group = "server"});
    }
    commands.section("Keyspace", [&store] { return keyspace(store); });
    commands.section("Memory", [&store] {
        return "used_memory:" + std::to_string(store.bytes()) +
               "\r\nmaxmemory:" + std::to_string(store.limit()) + "\r\n";
    });
    commands.parameter(
        "maxmemory", [&store] { return std::to_string(store.limit()); },
        [&store](std::string_view text) -> std::optional<std::string> {
            const std::optional<std::size_t> bytes = to_bytes(text);
            if (!bytes) return "argument must be a memory value";
            store.set_limit(*bytes);
            return std::nullopt;
        });
    store.expired = [&commands](unsigned database, std::string_view key) {
        commands.keys().changed(database, key, "expired", resp::KeyEvent::expired);
    };
    if (flags.password.empty()) return;
    commands.auth([password = flags.password](const resp::AuthRequest& request) -> std::optional<resp::User> {
        if (request.user != "default" || !resp::equals_in_constant_time(request.password, password))
            return {};
        return resp::User{"default", true};
    });
}

void serve(Flags& flags) {
    Store store;
    store.set_limit(flags.max_memory);
    if (!flags.snapshot.empty()) load(store, flags.snapshot);
    resp::Commands commands{resp::ServiceInfo{.databases = Store::databases}};
    configure(commands, store, flags);
    if (!flags.password.empty()) flags.options.first_limits = resp::limits_before_auth();
    resp::Server server{flags.options, resp::Service{commands}};
    std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
    std::fflush(stdout);
    {
        const Housekeeper housekeeper{store, flags};
        server.run();
    }
    if (!flags.snapshot.empty()) save(store, flags.snapshot);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"A key-value server with the strings of Redis"};
    Flags flags;
    app.add_option("-p,--port", flags.options.port, "TCP port; 0 picks a free one")->capture_default_str();
    app.add_option("--unix-socket", flags.options.unix_path, "Path of a Unix socket, in addition to TCP");
    app.add_option("-t,--threads", flags.options.threads, "Number of threads")->capture_default_str();
    app.add_option("--max-memory", flags.max_memory, "Bytes of keys and values; 0: no limit")
        ->transform(CLI::AsSizeValue(false));
    app.add_option("--requirepass", flags.password, "Password that clients need");
    auto* const snapshot =
        app.add_option("--snapshot", flags.snapshot, "File for the data; loaded at the start");
    app.add_option("--save-every", flags.save_every, "Seconds between snapshots; 0: only at the end")
        ->needs(snapshot);
    CLI11_PARSE(app, argc, argv);
    try {
        serve(flags);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kv: %s\n", error.what());
        return 1;
    }
}
