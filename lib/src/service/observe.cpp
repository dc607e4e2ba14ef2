// What is counted, measured and shown of a command.
#include "defaults.hpp"
#include "runner.hpp"

#include <chrono>

namespace resp::detail {

namespace {

using Clock = std::chrono::steady_clock;

/// Of so many calls of a command, the time of one is measured: reading the clock twice takes longer than many commands.
constexpr std::uint64_t sampled = 16;

/// The text of an error reply; empty if it is another reply.
std::string_view error_text(std::string_view reply) noexcept {
    if (reply.empty() || (reply.front() != '-' && reply.front() != '!')) return {};
    const bool is_bulk = reply.front() == '!';
    const std::size_t begin = is_bulk ? reply.find('\n') + 1 : 1;
    return reply.substr(begin, reply.find('\r', begin) - begin);
}

}  // namespace

void Runner::start(Table& table, Call& call) {
    const CommandEntry& entry = *call.entry_;
    ClientRecord& client = record_of(call);
    CommandTally& tally = client.tally->of[entry.index];
    const bool is_sample = tally.calls.value() % sampled == 0;
    tally.calls.add();
    const unsigned extras = table.extras();
    if (!is_sample && extras == 0) [[likely]]
        return;
    if ((extras & Extra::monitor) != 0 && !entry.traits.admin && entry.name != "exec")
        table.monitors.tell(call);
    call.started_ = Clock::now();
}

void Runner::finish(Table& table, const Call& call, Reply::Mark begin) {
    const std::string_view error = error_text(call.reply().written(begin));
    if (!error.empty()) [[unlikely]] {
        record_of(call).tally->of[call.entry_->index].failed.add();
        record_of(call).tally->errors.add();
        table.statistics.count_error(error);
    }
    if (call.started_ != Clock::time_point{}) [[unlikely]]
        observe(table, call, begin, error);
}

void Runner::observe(Table& table, const Call& call, Reply::Mark begin, std::string_view error) {
    const auto duration = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - call.started_);
    const CommandEntry& entry = *call.entry_;
    if (!entry.traits.blocking) record_of(call).tally->of[entry.index].add_time(duration);
    const unsigned extras = table.extras();
    if ((extras & Extra::slow_log) != 0 && !entry.traits.blocking) table.slow_log.offer(call, duration);
    if ((extras & Extra::monitor) != 0 && entry.name == "exec") table.monitors.tell(call);
    if (!table.after) return;
    table.after(call,
                {duration, call.request().value().wire().size(), call.reply().bytes_since(begin), error});
}

}  // namespace resp::detail
