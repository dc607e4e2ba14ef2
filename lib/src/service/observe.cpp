// Counts and measures commands, and shows them to MONITOR, SLOWLOG and Commands::after().
#include "runner.hpp"

#include <libresp/server/incoming.hpp>

#include <chrono>
#include <string_view>

namespace resp::detail {

namespace {

/// The text of an error reply.
std::string_view error_text(std::string_view reply) noexcept {
    const bool is_bulk = reply.front() == wire::byte(Type::bulk_error);
    const std::size_t begin = is_bulk ? reply.find(wire::lf) + 1 : 1;
    return reply.substr(begin, reply.find(wire::cr, begin) - begin);
}

}  // namespace

void Runner::start_observed(Table& table, Call& call) {
    const std::string_view name = call.entry_->name;
    const bool is_shown = !call.entry_->traits.admin && name != "exec" && name != "quit";
    if ((table.extras() & Extra::monitor) != 0 && is_shown) table.monitors.tell(call);
    call.started_ = Clock::now();
}

void Runner::finish_observed(Table& table, const Call& call, Reply::Mark begin, bool is_error) {
    const CommandEntry& entry = *call.entry_;
    std::string_view error;
    if (is_error) {
        error = error_text(call.reply().written(begin));
        tally_of(call).failed.add();
        record_of(call).tally->errors.add();
        record_of(call).tally->count_code(error);
    }
    if (call.started_ == Clock::time_point{}) return;
    const auto duration = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - call.started_);
    if (!entry.traits.blocking) tally_of(call).add_time(duration);
    const unsigned extras = table.extras();
    const bool may_be_slow = !entry.traits.blocking && entry.name != "exec";  // its commands count
    if ((extras & Extra::slow_log) != 0 && may_be_slow) table.slow_log.offer(call, duration);
    if ((extras & Extra::monitor) != 0 && entry.name == "exec") table.monitors.tell(call);
    if (!table.after) return;
    std::size_t bytes_in = call.request().value().wire().size();
    if (call.incoming_ != nullptr) bytes_in += call.incoming_->size();
    table.after(call, {duration, bytes_in, call.reply().bytes_since(begin), error});
}

}  // namespace resp::detail
