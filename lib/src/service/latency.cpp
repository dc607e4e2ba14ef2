// LATENCY HISTOGRAM, and the times in INFO.
#include "latency.hpp"

#include "defaults.hpp"

#include <fmt/format.h>

namespace resp::detail {

namespace {

/// The time in microseconds that `part` of the calls did not exceed.
double percentile(const Statistics::Sum& sum, double part) {
    const auto wanted = static_cast<double>(sum.timed) * part;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i != sum.histogram.size(); ++i) {
        seen += sum.histogram[i];
        if (static_cast<double>(seen) >= wanted) return static_cast<double>(std::uint64_t{1} << i);
    }
    return 0;
}

/// The commands that have a time, of those with these names; without names, of all.
std::vector<std::size_t> timed_commands(const Table& table, const Words& names) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i != table.size(); ++i) {
        bool is_wanted = names.empty();
        for (const std::string_view name : names) {
            is_wanted = equals_ignoring_case(name, table[i].name) ||
                        equals_ignoring_case(name, table[i].usage.name());
            if (is_wanted) break;
        }
        if (is_wanted && table.statistics.of_command(i).timed != 0) found.push_back(i);
    }
    return found;
}

void write_histograms(const Table& table, const Words& names, Reply& reply) {
    const std::vector<std::size_t> commands = timed_commands(table, names);
    reply.map(commands.size());
    for (const std::size_t i : commands) {
        const Statistics::Sum sum = table.statistics.of_command(i);
        std::size_t filled = 0;
        for (const std::uint64_t count : sum.histogram) filled += count != 0 ? 1 : 0;
        reply.bulk_string(table[i].name).map(2);
        reply.bulk_string("calls").integer(static_cast<std::int64_t>(sum.timed));
        reply.bulk_string("histogram_usec").map(filled);
        std::int64_t seen = 0;
        for (std::size_t bucket = 0; bucket != sum.histogram.size(); ++bucket) {
            if (sum.histogram[bucket] == 0) continue;
            seen += static_cast<std::int64_t>(sum.histogram[bucket]);
            reply.integer(std::int64_t{1} << bucket).integer(seen);
        }
    }
}

}  // namespace

std::string latency_section(const Table& table) {
    std::string lines;
    for (std::size_t i = 0; i != table.size(); ++i) {
        const Statistics::Sum sum = table.statistics.of_command(i);
        if (sum.timed == 0) continue;
        lines +=
            fmt::format("latency_percentiles_usec_{}:p50={:.3f},p99={:.3f},p99.9={:.3f}\n", table[i].name,
                        percentile(sum, 0.5), percentile(sum, 0.99), percentile(sum, 0.999));
    }
    return lines;
}

void add_latency(Table& table) {
    table.add_default(
        "LATENCY HISTOGRAM [command [command ...]]",
        [&table](Words names, Reply& reply) { write_histograms(table, names, reply); },
        about_admin("server", "Returns the cumulative distribution of latencies of commands."));
}

}  // namespace resp::detail
