// One table holds everything about a flag: its names, variable, default, help text, and the function that
// reads its value. CLI11 splits the command line into flags and values. It neither reads the variables nor
// converts the values, because its errors name neither the variable nor the range.
#include "flags.hpp"

#include "log.hpp"
#include "nearest.hpp"

#include <libresp/codec/command.hpp>
#include <libresp/codec/escape.hpp>
#include <libresp/version.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace {

/// Thrown for a wrong value. `rule` ends the message: "x" is not <rule>.
struct NotA {
    std::string rule;
};

template <typename Number>
Number number(const std::string& text, Number min, Number max) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value < min || value > max)
        throw NotA{fmt::format("a number from {} to {}", min, max)};
    return value;
}

std::chrono::milliseconds seconds(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    constexpr double most = 1e12;  // far more than the server's "never", and its milliseconds fit 64 bits
    if (text.empty() || *end != '\0' || !std::isfinite(value) || value < 0)
        throw NotA{"a number of seconds, 0 or more"};
    if (value > most) throw NotA{"a number of seconds, at most 1e12"};
    return std::chrono::milliseconds{static_cast<std::int64_t>(value * 1000)};
}

bool truth(const std::string& text) {
    if (text == "1" || resp::equals_ignoring_case(text, "true")) return true;
    if (text == "0" || resp::equals_ignoring_case(text, "false")) return false;
    throw NotA{"one of 1, true, 0, false"};
}

resp::LogLevel log_level(const std::string& text) {
    using enum resp::LogLevel;
    for (const auto level : {trace, debug, info, warn, error, off}) {
        if (resp::equals_ignoring_case(text, name(level))) return level;
    }
    throw NotA{"one of trace, debug, info, warn, error, off"};
}

void add_addresses(std::vector<std::string>& addresses, const std::string& text) {
    for (std::size_t from = 0, comma = 0; comma != std::string::npos; from = comma + 1) {
        comma = text.find(',', from);
        addresses.push_back(text.substr(from, comma - from));
    }
}

/// An echo server needs less than a database, so some limits are lower than the library's.
resp::Options defaults() {
    resp::Options options;
    options.addresses.clear();  // --bind adds them
    options.reads = resp::Reads::anything;
    options.limits.max_elements = 65'536;
    options.stop_signals = {SIGINT, SIGTERM};
    options.log.sink = write_log_line;
    return options;
}

struct Flag {
    const char* names;          // in CLI11's form: "-p,--port"
    const char* value;          // the word for it in --help; empty: the flag takes no value
    const char* variable;       // empty: it has none
    const char* default_value;  // empty: not set
    const char* help;
    void (*read)(Settings&, const std::string& text) = nullptr;
    bool repeats = false;  // may be given more than once

    [[nodiscard]] std::string long_name() const {
        return std::string{names}.substr(std::string{names}.find("--"));
    }
};

constexpr std::array flags{
    Flag{"-b,--bind", "ADDRESS", "RESP_BIND", "127.0.0.1",
         "Numeric address to listen on. For several, repeat\nthe flag or separate them by commas. One with a "
         "-\n"
         "before it is left out if this machine lacks it.",
         [](Settings& to, const std::string& text) { add_addresses(to.options.addresses, text); }, true},
    Flag{"-p,--port", "PORT", "RESP_PORT", "6379", "TCP port, 0 to 65535. 0 picks a free port and\nlogs it.",
         [](Settings& to, const std::string& text) {
             to.options.port = number<std::uint16_t>(text, 0, 65'535);
         }},
    Flag{"--unix", "PATH", "RESP_UNIX", "", "Unix socket to listen on, in addition to TCP.",
         [](Settings& to, const std::string& text) { to.options.unix_path = text; }},
    Flag{"-l,--log-level", "LEVEL", "RESP_LOG", "info",
         "How much to log: trace, debug, info, warn, error\nor off.",
         [](Settings& to, const std::string& text) { to.options.log.level = log_level(text); }},
    Flag{"-t,--threads", "N", "RESP_THREADS", "1", "Threads that serve clients, 1 to 1024.",
         [](Settings& to, const std::string& text) { to.options.threads = number<unsigned>(text, 1, 1024); }},
    Flag{"--max-connections", "N", "RESP_MAX_CONNECTIONS", "10000",
         "Maximum number of clients at a time, 1 to 1000000.",
         [](Settings& to, const std::string& text) {
             to.options.max_connections = number<std::size_t>(text, 1, 1'000'000);
         }},
    Flag{"--max-connections-per-address", "N", "RESP_MAX_CONNECTIONS_PER_ADDRESS", "0",
         "Maximum number of clients of one address at a\ntime, 0 to 1000000. 0: no limit.",
         [](Settings& to, const std::string& text) {
             to.options.max_connections_per_address = number<std::size_t>(text, 0, 1'000'000);
         }},
    Flag{"--connection-rate", "N", "RESP_CONNECTION_RATE", "0",
         "New clients of one address per second, 0 to\n1000000. 0: no limit.",
         [](Settings& to, const std::string& text) {
             to.options.connection_rate.per_second = number<unsigned>(text, 0, 1'000'000);
         }},
    Flag{"--max-bulk", "BYTES", "RESP_MAX_BULK", "67108864", "Maximum length of a string, 1 to 4294901759.",
         [](Settings& to, const std::string& text) {
             // The frame is larger than the string, and must stay below the decoder's limit of 4 GiB.
             to.options.limits.max_bulk = number<std::size_t>(text, 1, 0xffff'0000 - 1);
         }},
    Flag{"--idle-timeout", "SECONDS", "RESP_IDLE_TIMEOUT", "300",
         "Close a client that sends nothing for this long.\n0: never.",
         [](Settings& to, const std::string& text) { to.options.idle_timeout = seconds(text); }},
    Flag{"--first-request-timeout", "SECONDS", "RESP_FIRST_REQUEST_TIMEOUT", "30",
         "Close a client that has sent no request this long\nafter it connected. 0: never.",
         [](Settings& to, const std::string& text) { to.options.first_request_timeout = seconds(text); }},
    Flag{"--drain-timeout", "SECONDS", "RESP_DRAIN_TIMEOUT", "5",
         "After SIGINT or SIGTERM, send the last replies for\nat most this long.",
         [](Settings& to, const std::string& text) { to.options.drain_deadline = seconds(text); }},
    Flag{"--verbatim", "", "RESP_VERBATIM", "",
         "Send COMMAND and COMMAND DOCS back too. By default\nthe reply is an empty array, which an "
         "interactive\nredis-cli needs. The variable is 1, true, 0 or\nfalse.",
         [](Settings& to, const std::string& text) { to.verbatim = truth(text); }},
    Flag{"-V,--version", "", "", "", "Print the version and exit."},
    Flag{"-h,--help", "", "", "", "Print this help and exit."},
};

// ---- --help

constexpr std::string_view help_head =
    R"(resp-echo reads RESP values (the Redis protocol) and sends each one back.
Try it with redis-cli, or with
    printf ':42\r\n' | nc -N 127.0.0.1 6379

Usage: resp-echo [FLAG...]

In brackets: the environment variable and the default. A flag wins over its
variable. An empty variable counts as unset.

)";

constexpr std::string_view help_tail = R"(
The log goes to standard output. Exit codes: 0 stopped by SIGINT or SIGTERM,
1 cannot serve (for example, the port is in use), 2 wrong flag or variable.
)";

/// The lines of one flag: its names on the left; on the right its text, then its variable and default.
std::string help_of(const Flag& flag) {
    constexpr std::size_t width = 27;
    std::string names{flag.names};
    if (names[1] == '-') names.insert(0, 4, ' ');  // no short name
    if (const auto comma = names.find(','); comma != std::string::npos) names.insert(comma + 1, " ");
    std::string text{flag.help};
    if (*flag.variable != '\0') text += fmt::format("\n[{}", flag.variable);
    if (*flag.default_value != '\0') text += fmt::format(", default {}", flag.default_value);
    if (*flag.variable != '\0') text += ']';

    std::string out;
    std::string left = fmt::format("{} {}", names, flag.value);
    if (left.size() > width) out += fmt::format("  {}\n", std::exchange(left, {}));
    for (std::size_t from = 0, line_end = 0; line_end != std::string::npos;
         from = line_end + 1, left.clear()) {
        line_end = text.find('\n', from);
        out += fmt::format("  {:<{}}{}\n", left, width + 1, text.substr(from, line_end - from));
    }
    return out;
}

void print_help() {
    std::string out{help_head};
    for (const Flag& flag : flags) out += help_of(flag);
    out += help_tail;
    fmt::print("{}", out);
}

// ---- unknown arguments

constexpr std::size_t most_shown = 64;  // bytes of an argument in an error message

/// The error message for the first argument that CLI11 did not know.
std::string complaint(const std::vector<std::string>& unknown) {
    if (unknown[0].starts_with('-') && unknown[0] != "--") {
        const std::string typed = unknown[0].substr(0, unknown[0].find('='));
        std::vector<std::string> names;
        for (const Flag& flag : flags) names.push_back(flag.long_name());
        const std::string meant = nearest(typed, names);
        const std::string hint = meant.empty() ? "; see --help" : "; did you mean " + meant + "? See --help";
        return "unknown flag " + resp::escaped(typed, most_shown) + hint;
    }
    const bool after_dashes = unknown[0] == "--" && unknown.size() > 1;
    return fmt::format("unexpected argument \"{}\"; see --help",
                       resp::escaped(unknown[after_dashes ? 1 : 0], most_shown));
}

// ---- reading

/// Reads one value. `source` is the flag or variable that it is from; an error names it.
void read(Settings& to, const Flag& flag, const std::string& source, const std::string& text) {
    try {
        flag.read(to, text);
    } catch (const NotA& expected) {
        throw UsageError{fmt::format("{}: \"{}\" is not {}; see --help", source,
                                     resp::escaped(text, most_shown), expected.rule)};
    }
}

/// Reads the values of a flag. If there are none, reads its variable; if that is empty, its default.
void read(Settings& to, const Flag& flag, const std::vector<std::string>& values) {
    if (values.size() > 1 && !flag.repeats)
        throw UsageError{flag.long_name() + " is given more than once; see --help"};
    for (const std::string& value : values) read(to, flag, flag.long_name(), value);
    if (!values.empty()) return;
    const char* variable = std::getenv(flag.variable);
    if (variable != nullptr && *variable != '\0') {
        read(to, flag, flag.variable, variable);
    } else if (*flag.default_value != '\0') {
        read(to, flag, flag.long_name(), flag.default_value);
    }
}

/// Splits the command line. Afterwards the options of `app` hold the values of each flag as text.
void split(CLI::App& app, int argc, char** argv) {
    app.set_help_flag();  // replaces the help of CLI11 by ours
    app.allow_extras();
    for (const Flag& flag : flags) {
        CLI::Option* const option =
            *flag.value == '\0' ? app.add_flag(flag.names) : app.add_option(flag.names);
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {  // "--port: 1 required TEXT missing"
        const std::string text = error.what();
        throw UsageError{text.substr(0, text.find(':')) + " needs a value; see --help"};
    }
}

}  // namespace

std::optional<Settings> read_flags(int argc, char** argv) {
    CLI::App app;
    split(app, argc, argv);
    if (app.count("--help") > 0) {
        print_help();
        return std::nullopt;
    }
    if (app.count("--version") > 0) {
        fmt::print("resp-echo {}\n", resp::version_string);
        return std::nullopt;
    }
    if (const auto unknown = app.remaining(); !unknown.empty()) throw UsageError{complaint(unknown)};
    Settings settings{.options = defaults()};
    for (const Flag& flag : flags) {
        if (flag.read != nullptr) read(settings, flag, app.get_option(flag.long_name())->results());
    }
    resp::Limits& limits = settings.options.limits;
    constexpr std::size_t default_bulk = 64 * 1024 * 1024;
    // Room for one string of the maximum length, and for what surrounds it.
    limits.max_frame = std::max(limits.max_bulk, default_bulk) + 64 * 1024;
    return settings;
}
