// loadgen: measures a RESP server's throughput, latency, and CPU time per request.
//
//     loadgen --port 6379 --connections 50 --depth 16 --pid "$(pidof resp-echo)"
//     loadgen --port 6379 --rate 20000       20,000 requests a second, whether or not replies come
//     loadgen --port 6379 --idle             hold the connections, to look at the server's memory
#include "load.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using loadgen::Load;
using loadgen::Options;
using loadgen::Result;

using Fields = std::vector<std::pair<std::string_view, double>>;

void add_flags(CLI::App& app, Options& options) {
    app.add_option("--host", options.host, "IPv4 address")->capture_default_str();
    app.add_option("--port", options.port, "TCP port")->required();
    app.add_option("--connections", options.connections, "Connections")->capture_default_str();
    app.add_option("--depth", options.depth, "Requests sent in one write, and answered before the next")
        ->capture_default_str();
    app.add_option("--size", options.size, "Bytes of the payload of ECHO")->capture_default_str();
    app.add_option("--rate", options.rate, "Requests a second; 0: as many as are answered")
        ->capture_default_str();
    app.add_option("--warmup", options.warmup, "Seconds before it is measured")->capture_default_str();
    app.add_option("--seconds", options.seconds, "Seconds that are measured")->capture_default_str();
    app.add_option("--pid", options.pid, "The server's process, for its CPU time");
}

void check(const Options& options) {
    const auto require = [](bool right, const char* flag, const char* rule) {
        if (!right) throw CLI::ValidationError{flag, rule};
    };
    require(options.port > 0, "--port", "must be 1 to 65535");
    require(options.connections > 0, "--connections", "must be positive");
    require(options.depth > 0, "--depth", "must be positive");
    require(options.rate >= 0, "--rate", "must not be negative");
    require(options.seconds > 0, "--seconds", "must be positive");
}

/// What the server's CPU time tells; nothing without its process.
void add_server_fields(Fields& fields, const Result& result) {
    const auto difference = [](std::uint64_t before, std::uint64_t after) {
        return static_cast<double>(after - before);
    };
    const auto& [before, after] = std::pair{result.server_before, result.server_after};
    const double ns = difference(before.ns, after.ns);
    const double user = difference(before.user_ticks, after.user_ticks);
    const double system = difference(before.system_ticks, after.system_ticks);
    const double foreign = result.machine_cpu - result.own_cpu - ns / 1e9;
    fields.emplace_back("cpu_ns", ns / result.requests);
    fields.emplace_back("user_share", user / std::max(user + system, 1.0));
    fields.emplace_back("server_busy", ns / 1e9 / result.seconds);
    fields.emplace_back("foreign_busy", std::max(foreign, 0.0) / result.seconds);
}

/// Times in microseconds, but for cpu_ns, a request's; *_busy in cores.
Fields fields_of(const Result& result, const Options& options) {
    Fields fields{
        {"requests", result.requests},
        {"requests_ever", result.requests_ever},
        {"rps", result.requests / result.seconds},
        {"p50_us", result.latency.quantile_us(0.50)},
        {"p99_us", result.latency.quantile_us(0.99)},
        {"p999_us", result.latency.quantile_us(0.999)},
        {"max_us", result.latency.max_us()},
        {"generator_busy", result.own_cpu / result.seconds},
    };
    if (options.rate > 0) fields.emplace_back("lag_p99_us", result.lag.quantile_us(0.99));
    if (options.pid != 0) add_server_fields(fields, result);
    return fields;
}

void print(const Fields& fields, bool as_json) {
    const char* separator = "{";
    for (const auto& [name, value] : fields) {
        const int digits = value >= 100 ? 0 : 3;
        if (as_json) {
            fmt::print("{}\"{}\": {:.{}f}", std::exchange(separator, ", "), name, value, digits);
        } else {
            fmt::print("{:<16}{:.{}f}\n", name, value, digits);
        }
    }
    if (as_json) fmt::print("}}\n");
}

void hold_until_input_ends() {
    fmt::print("ready\n");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"loadgen measures a RESP server by ECHO commands.", "loadgen"};
    Options options;
    bool is_idle = false;
    bool as_json = false;
    add_flags(app, options);
    app.add_flag("--idle", is_idle,
                 "One request a connection, a line \"ready\", then wait for the input's end");
    app.add_flag("--json", as_json, "Print one JSON object");
    try {
        app.parse(argc, argv);
        check(options);
        Load load{options};
        if (is_idle) {
            hold_until_input_ends();
        } else {
            print(fields_of(load.run(), options), as_json);
        }
        return 0;
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        fmt::print(stderr, "loadgen: {}\n", error.what());
        return 1;
    }
}
