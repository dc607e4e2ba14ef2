// SLOWLOG.
#include "slow_log.hpp"

#include "defaults.hpp"
#include "shown_words.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace resp::detail {

namespace {

std::size_t memory_of(const SlowLog::Entry& entry) noexcept {
    std::size_t bytes = sizeof entry + entry.address.size() + entry.name.size();
    for (const std::string& word : entry.words) bytes += sizeof word + word.size();
    return bytes;
}

}  // namespace

void SlowLog::offer(const Call& call, std::chrono::nanoseconds duration) {
    using std::chrono::duration_cast;
    constexpr std::size_t most_words = 32;
    const std::int64_t time = duration_cast<std::chrono::microseconds>(duration).count();
    if (const std::int64_t limit = longer_than(); limit < 0 || time < limit) return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    Entry entry{0,
                duration_cast<std::chrono::seconds>(now).count(),
                time,
                shown_words(call, most_words),
                call.connection().peer().to_string(),
                call.client().name()};
    const std::lock_guard lock{mutex_};
    entry.id = next_id_++;
    entries_.push_back(std::move(entry));
    bytes_ += memory_of(entries_.back());
    shrink();
}

std::vector<SlowLog::Entry> SlowLog::newest(std::size_t most) const {
    const std::lock_guard lock{mutex_};
    const auto n = static_cast<std::ptrdiff_t>(std::min(most, entries_.size()));
    return {entries_.rbegin(), entries_.rbegin() + n};
}

std::size_t SlowLog::size() const {
    const std::lock_guard lock{mutex_};
    return entries_.size();
}

void SlowLog::clear() {
    const std::lock_guard lock{mutex_};
    entries_.clear();
    bytes_ = 0;
}

std::size_t SlowLog::most() const {
    const std::lock_guard lock{mutex_};
    return most_;
}

void SlowLog::set_most(std::size_t most) {
    const std::lock_guard lock{mutex_};
    most_ = most;
    shrink();
}

void SlowLog::shrink() {
    constexpr std::size_t most_bytes = std::size_t{16} << 20;
    while (entries_.size() > most_ || bytes_ > most_bytes) {
        bytes_ -= memory_of(entries_.front());
        entries_.pop_front();
    }
}

namespace {

void write_entries(const std::vector<SlowLog::Entry>& entries, Reply& reply) {
    reply.array(entries.size());
    for (const SlowLog::Entry& entry : entries) {
        reply.array(6).integer(entry.id).integer(entry.time).integer(entry.duration);
        reply.array(entry.words.size());
        for (const std::string& word : entry.words) reply.bulk_string(word);
        reply.bulk_string(entry.address).bulk_string(entry.name);
    }
}

void get(const SlowLog& log, const Call& call) {
    const auto count = call.size() == 3 ? call.command().integer(2) : std::optional<std::int64_t>{10};
    if (!count || *count < -1) throw Error{"ERR count should be greater than or equal to -1"};
    const std::int64_t most = *count;
    write_entries(log.newest(most == -1 ? log.size() : static_cast<std::size_t>(most)), call.reply());
}

/// A parameter of CONFIG that is an integer of at least `least`.
template <class Set>
std::function<std::optional<std::string>(std::string_view)> integer_from(std::int64_t least, Set set) {
    return [least, set](std::string_view text) -> std::optional<std::string> {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size())
            return "argument couldn't be parsed into an integer";
        if (value < least) {
            return "argument must be between " + std::to_string(least) + " and " +
                   std::to_string(std::numeric_limits<std::int64_t>::max()) + " inclusive";
        }
        set(value);
        return std::nullopt;
    };
}

void add_slow_log_parameters(Table& table) {
    table.add_parameter({"slowlog-log-slower-than",
                         [&table] { return std::to_string(table.slow_log.longer_than()); },
                         integer_from(-1, [&table](std::int64_t value) { set_slow_log(table, value); })});
    table.add_parameter({"slowlog-max-len", [&table] { return std::to_string(table.slow_log.most()); },
                         integer_from(0, [&table](std::int64_t value) {
                             table.slow_log.set_most(static_cast<std::size_t>(value));
                         })});
}

}  // namespace

void set_slow_log(Table& table, std::int64_t microseconds) {
    table.slow_log.set_longer_than(microseconds);
    table.set_extra(Extra::slow_log, microseconds >= 0);
}

void add_slow_log(Table& table) {
    add_slow_log_parameters(table);
    table.add_default(
        "SLOWLOG GET [count]", [&table](Call& call) { get(table.slow_log, call); },
        about_admin("server", "Returns the slow log's entries."));
    table.add_default(
        "SLOWLOG LEN", [&table] { return table.slow_log.size(); },
        about_admin("server", "Returns the number of entries in the slow log."));
    table.add_default(
        "SLOWLOG RESET",
        [&table] {
            table.slow_log.clear();
            return ok;
        },
        about_admin("server", "Clears all entries from the slow log."));
}

}  // namespace resp::detail
