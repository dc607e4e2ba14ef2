// INFO and CONFIG.
#include "defaults.hpp"
#include "latency.hpp"

#include <libresp/codec/escape.hpp>
#include <libresp/codec/wire.hpp>
#include <libresp/service/glob.hpp>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

namespace resp::detail {

namespace {

// ---- INFO

std::string human(std::uint64_t bytes) {
    constexpr const char* units[] = {"B", "K", "M", "G", "T"};
    std::size_t unit = 0;
    auto value = static_cast<double>(bytes);
    for (; value >= 1024 && unit != std::size(units) - 1; ++unit) value /= 1024;
    return unit == 0 ? fmt::format("{}B", bytes) : fmt::format("{:.2f}{}", value, units[unit]);
}

std::string server_section(const Table& table) {
    const auto uptime =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - table.started);
    const std::vector<Endpoint> endpoints = table.server.endpoints();
    const unsigned port = endpoints.empty() ? 0 : endpoints.front().port;
    return fmt::format(
        "redis_version:{}\nredis_mode:standalone\nserver_name:{}\narch_bits:{}\nprocess_id:{}\n"
        "tcp_port:{}\nuptime_in_seconds:{}\nuptime_in_days:{}\n",
        table.info.version, table.info.server, 8 * sizeof(void*), ::getpid(), port, uptime.count(),
        uptime.count() / 86'400);
}

std::string clients_section(const Table& table) {
    return fmt::format("connected_clients:{}\nmaxclients:{}\nblocked_clients:{}\n", table.clients.size(),
                       table.server.options().max_connections, table.blocked.load(std::memory_order_relaxed));
}

std::string memory_section(const Table& table) {
    const std::uint64_t used = table.server.stats().memory;
    const std::uint64_t most = table.server.options().max_memory;
    return fmt::format("used_memory:{}\nused_memory_human:{}\nmaxmemory:{}\nmaxmemory_human:{}\n", used,
                       human(used), most, human(most));
}

std::string stats_section(const Table& table) {
    const Stats stats = table.server.stats();
    return fmt::format(
        "total_connections_received:{}\ntotal_commands_processed:{}\ntotal_net_input_bytes:{}\n"
        "total_net_output_bytes:{}\nrejected_connections:{}\ntotal_error_replies:{}\n",
        stats.accepted, table.statistics.calls(), stats.bytes_received, stats.bytes_sent, stats.refused,
        table.statistics.errors());
}

std::string cpu_section() {
    rusage usage{};
    static_cast<void>(::getrusage(RUSAGE_SELF, &usage));
    return fmt::format("used_cpu_sys:{}.{:06}\nused_cpu_user:{}.{:06}\n", usage.ru_stime.tv_sec,
                       usage.ru_stime.tv_usec, usage.ru_utime.tv_sec, usage.ru_utime.tv_usec);
}

std::string commands_section(const Table& table) {
    std::string lines;
    for (std::size_t i = 0; i != table.size(); ++i) {
        const Statistics::Sum sum = table.statistics.of_command(i);
        if (sum.calls + sum.rejected == 0) continue;
        // The time is that of the calls that were measured, multiplied.
        const double each =
            sum.timed == 0 ? 0.0
                           : static_cast<double>(sum.nanoseconds) / 1000.0 / static_cast<double>(sum.timed);
        // redis_exporter finds the fields by their places.
        lines += fmt::format(
            "cmdstat_{}:calls={},usec={:.0f},usec_per_call={:.2f},rejected_calls={},failed_calls={}\n",
            table[i].name, sum.calls, each * static_cast<double>(sum.calls), each, sum.rejected, sum.failed);
    }
    return lines;
}

std::string errors_section(const Table& table) {
    std::string lines;
    for (const auto& [code, count] : table.statistics.errors_by_code()) {
        lines += fmt::format("errorstat_{}:count={}\n", escaped(code), count);
    }
    return lines;
}

bool wants(const Words& names, std::string_view section, bool by_default) {
    if (names.empty()) return by_default;
    for (const std::string_view name : names) {
        if (equals_ignoring_case(name, section) || equals_ignoring_case(name, "all") ||
            equals_ignoring_case(name, "everything")) {
            return true;
        }
        if (equals_ignoring_case(name, "default") && by_default) return true;
    }
    return false;
}

bool is_of_library(std::string_view section) {
    constexpr std::string_view names[] = {"Server",     "Clients",     "Memory", "Persistence",
                                          "Stats",      "Replication", "CPU",    "Commandstats",
                                          "Errorstats", "Latencystats"};
    return std::find(std::begin(names), std::end(names), section) != std::end(names);
}

/// INFO has the line ends of RESP.
void end_lines(std::string& text) {
    for (std::size_t at = text.find('\n'); at != std::string::npos;
         at = text.find('\n', at + wire::crlf.size())) {
        if (at == 0 || text[at - 1] != wire::crlf.front()) text.replace(at, 1, wire::crlf);
    }
}

std::string info(const Table& table, const Words& names) {
    std::string text;
    const auto add = [&](std::string_view section, bool by_default, std::function<std::string()> lines) {
        if (!wants(names, section, by_default)) return;
        // A section of the program replaces one of the library with the same name.
        for (const InfoSection& own : table.sections) {
            if (own.name == section) lines = own.lines;
        }
        text += fmt::format("{}# {}\n{}", text.empty() ? "" : "\n", section, lines());
    };
    add("Server", true, [&] { return server_section(table); });
    add("Clients", true, [&] { return clients_section(table); });
    add("Memory", true, [&] { return memory_section(table); });
    add("Persistence", true, [] { return "loading:0\n"; });
    add("Stats", true, [&] { return stats_section(table); });
    add("Replication", true, [] { return "role:master\nconnected_slaves:0\nmaster_repl_offset:0\n"; });
    add("CPU", true, cpu_section);
    add("Commandstats", false, [&] { return commands_section(table); });
    add("Errorstats", true, [&] { return errors_section(table); });
    add("Latencystats", false, [&] { return latency_section(table); });
    for (const InfoSection& section : table.sections) {
        if (!is_of_library(section.name)) add(section.name, true, section.lines);
    }
    end_lines(text);
    return text;
}

// ---- CONFIG

constexpr const char* immutable = "can't set immutable config";

/// The parameters of the library, after those of the program. Scripts for Redis set some of them to the value that they
/// have here.
void add_parameters(Table& table) {
    const auto add = [&](const char* name, const std::function<std::string()>& get) {
        const auto keep = [get](std::string_view text) -> std::optional<std::string> {
            if (text == get()) return std::nullopt;
            return immutable;
        };
        table.add_parameter({name, get, keep});
    };
    add("save", [] { return std::string{}; });
    add("appendonly", [] { return std::string{"no"}; });
    add("databases", [&table] { return std::to_string(table.info.databases); });
    add("maxclients", [&table] { return std::to_string(table.server.options().max_connections); });
    add("timeout", [&table] {
        const auto idle = table.server.options().idle_timeout;
        return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(idle).count());
    });
}

void config_get(const Table& table, const Words& patterns, Reply& reply) {
    std::vector<const ConfigParameter*> found;
    for (const ConfigParameter& parameter : table.parameters) {
        for (const std::string_view pattern : patterns) {
            if (!matches_glob_ignoring_case(parameter.name, pattern)) continue;
            found.push_back(&parameter);
            break;
        }
    }
    reply.map(found.size());
    for (const ConfigParameter* parameter : found) {
        reply.bulk_string(parameter->name).bulk_string(parameter->get());
    }
}

const ConfigParameter* find_parameter(const Table& table, std::string_view name) {
    for (const ConfigParameter& parameter : table.parameters) {
        if (equals_ignoring_case(parameter.name, name)) return &parameter;
    }
    return nullptr;
}

/// All names are checked before the first value is set. If a value is wrong, those before it get their old values
/// again.
Ok config_set(const Table& table, const Words& pairs) {
    const auto fail = [](std::string_view name, std::string_view why) {
        throw Error{
            fmt::format("ERR CONFIG SET failed (possibly related to argument {}) - {}", quoted(name), why)};
    };
    for (std::size_t i = 0; i != pairs.size(); i += 2) {
        const ConfigParameter* const parameter = find_parameter(table, pairs[i]);
        if (parameter == nullptr) {
            throw Error{"ERR Unknown option or number of arguments for CONFIG SET - " + quoted(pairs[i])};
        }
        if (!parameter->set) fail(pairs[i], immutable);
        for (std::size_t j = 0; j != i; j += 2) {
            if (equals_ignoring_case(pairs[i], pairs[j])) fail(pairs[i], "duplicate parameter");
        }
    }
    std::vector<std::string> old;
    for (std::size_t i = 0; i != pairs.size(); i += 2) {
        const ConfigParameter* const parameter = find_parameter(table, pairs[i]);
        old.push_back(parameter->get());
        const std::optional<std::string> error = parameter->set(pairs[i + 1]);
        if (!error) continue;
        for (std::size_t j = i; j != 0; j -= 2) {
            static_cast<void>(find_parameter(table, pairs[j - 2])->set(old[j / 2 - 1]));
        }
        fail(pairs[i], *error);
    }
    return ok;
}

}  // namespace

void add_info(Table& table) {
    add_parameters(table);
    table.add_default(
        "INFO [section [section ...]]",
        [&table](Words names, Reply& reply) { reply.verbatim_string("txt", info(table, names)); },
        about("server", "Returns information and statistics about the server."));
    table.add_default(
        "CONFIG GET parameter [parameter ...]",
        [&table](Words patterns, Reply& reply) { config_get(table, patterns, reply); },
        about_admin("server", "Returns the effective values of configuration parameters."));
    table.add_default(
        "CONFIG SET parameter value [parameter value ...]",
        [&table](Words pairs) { return config_set(table, pairs); },
        about_admin("server", "Sets configuration parameters in-flight."));
    table.add_default(
        "CONFIG RESETSTAT",
        [&table] {
            table.statistics.reset();
            return ok;
        },
        about_admin("server", "Resets the server's statistics."));
    for (const char* name : {"info", "config|get", "config|set"}) table.take_lock_for(name);
}

}  // namespace resp::detail
