// resp-echo: parses every RESP value that a client sends, logs it, and sends the same value back.
#include "echo.hpp"
#include "log.hpp"

#include <libresp/server.hpp>
#include <libresp/version.hpp>

#include <CLI/CLI.hpp>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <string>

namespace {

struct Flags {
    resp::Options options;
    bool verbatim = false;
    double idle_timeout = 300;
    double drain_timeout = 5;
};

/// An echo's clients need less than a database's: bounds of their own where the library's are Redis'.
resp::Options defaults() {
    resp::Options options;
    options.reads = resp::Reads::anything;
    options.limits.max_elements = 65'536;
    options.limits.max_bulk = 64 * 1024 * 1024;
    options.limits.max_frame = options.limits.max_bulk + 64 * 1024;
    options.stop_signals = {SIGINT, SIGTERM};
    options.log.sink = write_log_line;
    return options;
}

resp::LogLevel level_of(const std::string& word) {
    using enum resp::LogLevel;
    for (const auto level : {trace, debug, info, warn, error, off}) {
        if (resp::equals_ignoring_case(word, name(level))) return level;
    }
    throw CLI::ValidationError{"--log-level", word + " is none of trace, debug, info, warn, error, off"};
}

void add_flags(CLI::App& app, Flags& flags) {
    resp::Options& options = flags.options;
    app.add_option("-b,--bind", options.addresses,
                   "Numeric address to listen on; may be given more than once")
        ->envname("RESP_BIND")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("-p,--port", options.port, "TCP port; 0 takes a free one and logs it")
        ->envname("RESP_PORT")
        ->check(CLI::Validator{
            [](std::string& text) { return text.empty() ? "--port needs a number" : std::string{}; }, ""})
        ->capture_default_str();
    app.add_option("--unix", options.unix_path, "Unix socket to listen on as well")->envname("RESP_UNIX");
    app.add_option_function<std::string>(
           "-l,--log-level", [&](const std::string& word) { options.log.level = level_of(word); },
           "trace, debug, info, warn, error or off")
        ->envname("RESP_LOG")
        ->default_str("info");
    app.add_option("-t,--threads", options.threads, "Threads that serve; a connection stays on one")
        ->envname("RESP_THREADS")
        ->capture_default_str();
    app.add_option("--max-connections", options.max_connections, "Clients at a time; the next one is refused")
        ->envname("RESP_MAX_CONNECTIONS")
        ->capture_default_str();
    app.add_option("--max-bulk", options.limits.max_bulk, "Bytes of the largest string that is taken")
        ->envname("RESP_MAX_BULK")
        ->capture_default_str();
    app.add_option("--idle-timeout", flags.idle_timeout,
                   "Seconds without a byte after which a client is closed; 0: never")
        ->envname("RESP_IDLE_TIMEOUT")
        ->capture_default_str();
    app.add_option("--drain-timeout", flags.drain_timeout,
                   "Seconds that SIGINT or SIGTERM leave for the last replies")
        ->envname("RESP_DRAIN_TIMEOUT")
        ->capture_default_str();
    app.add_flag("--verbatim", flags.verbatim, "Echo COMMAND and COMMAND DOCS too; redis-cli dies of that")
        ->envname("RESP_VERBATIM");
    app.set_version_flag("-V,--version", "resp-echo " + std::string{resp::version});
}

/// As many connections as were asked for need as many descriptors.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::chrono::milliseconds seconds(double n) {
    return std::chrono::milliseconds{static_cast<std::int64_t>(n * 1000)};
}

/// Not by CLI11's checks: a variable that fails one of those is taken for unset.
void check(const Flags& flags) {
    const auto require = [](bool right, const char* flag, const char* rule) {
        if (!right) throw CLI::ValidationError{flag, rule};
    };
    require(flags.options.threads >= 1 && flags.options.threads <= 1024, "--threads", "must be 1 to 1024");
    const std::size_t connections = flags.options.max_connections;
    require(connections >= 1 && connections <= 1'000'000, "--max-connections", "must be 1 to 1000000");
    // The frame around it must stay below the decoder's ceiling.
    const std::size_t bulk = flags.options.limits.max_bulk;
    require(bulk >= 1 && bulk <= 0xffff'0000 - 1, "--max-bulk", "must be 1 to 4294901759");
    require(flags.idle_timeout >= 0, "--idle-timeout", "must not be negative");
    require(flags.drain_timeout >= 0, "--drain-timeout", "must not be negative");
}

int serve(Flags flags) {
    resp::Options& options = flags.options;
    options.limits.max_frame = std::max(options.limits.max_frame, options.limits.max_bulk + 64 * 1024);
    options.idle_timeout = seconds(flags.idle_timeout);
    options.drain_deadline = seconds(flags.drain_timeout);
    raise_descriptor_limit();
    const resp::Log log = options.log;
    resp::Server server{options, Echo{log, flags.verbatim}};
    server.run();
    return 0;
}

/// Large values in pages of their own, which go when the value does. By itself glibc soon takes them from
/// the heap, where each one leaves a hole that fits few others.
void keep_heap_small() {
#ifdef __GLIBC__
    constexpr int large = 128 * 1024;
    ::mallopt(M_MMAP_THRESHOLD, large);
#endif
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "resp-echo sends every RESP value back. Try it with redis-cli, or with\n"
        "    printf ':42\\r\\n' | nc -N 127.0.0.1 6379\n"
        "Logs go to standard output. Exit code: 0 after a stop, 1 if it cannot serve, 2 for a bad flag.",
        "resp-echo"};
    Flags flags{.options = defaults()};
    add_flags(app, flags);
    keep_heap_small();
    std::signal(SIGPIPE, SIG_IGN);  // standard output may be a pipe whose reader has gone
    try {
        app.parse(argc, argv);
        check(flags);
        return serve(flags);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
        fmt::print(stderr, "resp-echo: {}\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "resp-echo: {}\n", error.what());
        return 1;
    }
}
