// Adds the counters of the threads to those that all threads share.
#include "stats.hpp"

#include "worker.hpp"

namespace resp::detail {

Stats sum_stats(const Shared& shared, const std::vector<std::shared_ptr<Worker>>& workers) {
    Stats stats;
    stats.connections = shared.places.connections();
    stats.accepted = shared.accepted;
    stats.refused = shared.refused;
    stats.refused_by_address = shared.refused_by_address;
    stats.refused_by_rate = shared.refused_by_rate;
    stats.refused_by_filter = shared.refused_by_filter;
    stats.accept_errors = shared.accept_errors;
    stats.memory = shared.memory;
    for (const auto& worker : workers) {
        const Counters& counters = std::as_const(*worker).counters();
        stats.requests += counters.requests.value();
        stats.bytes_received += counters.bytes_received.value();
        stats.bytes_skipped += counters.bytes_skipped.value();
        stats.bytes_sent += counters.bytes_sent.value();
        stats.protocol_errors += counters.protocol_errors.value();
        stats.handler_errors += counters.handler_errors.value();
        stats.timeouts += counters.timeouts.value();
        stats.cut_off += counters.cut_off.value();
    }
    return stats;
}

}  // namespace resp::detail
