// What happens before and after the function of a command.
#include "runner.hpp"

#include "defaults.hpp"
#include "key_positions.hpp"
#include "match.hpp"
#include "tracker.hpp"
#include "transaction.hpp"

#include <fmt/format.h>

#include <utility>

namespace resp::detail {

namespace {

/// `CLIENT HELP`.
void write_help(const CommandEntry& container, Reply& reply) {
    const auto& entries = container.subcommands->entries();
    reply.array(1 + 2 * (entries.size() + 1));
    reply.simple_string(
        fmt::format("{} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", container.usage.name()));
    for (const CommandEntry* entry : entries) {
        std::string line{entry->usage.subcommand()};
        if (!entry->usage.arguments().empty()) line.append(" ").append(entry->usage.arguments());
        reply.simple_string(line).simple_string("    " + entry->traits.summary);
    }
    reply.simple_string("HELP").simple_string("    Print this help.");
}

/// Why the number of words is wrong, as the arity in COMMAND says it. Empty: it is right. Between MULTI and EXEC, Redis
/// checks nothing else.
std::string wrong_arity(const CommandEntry& entry, const Command& command) {
    const std::size_t words = command.size();
    const Usage& usage = entry.usage;
    if (entry.subcommands != nullptr && words > 1) {
        const bool is_help = equals_ignoring_case(command[1], "HELP");
        return is_help ? wrong_number_of_arguments(entry.name + "|help") : unknown_subcommand(command);
    }
    const bool is_fixed = usage.least_words() == usage.most_words();
    const bool fits = words == usage.least_words() || (!is_fixed && words > usage.least_words());
    return fits && entry.function.exists() ? std::string{} : wrong_number_of_arguments(entry.name);
}

/// Why the words do not fit the usage line, although their arity is right. Empty: they fit.
std::string misfit(const CommandEntry& entry, const Command& command, WordPlaces& places) {
    const std::size_t words = command.size();
    const Usage& usage = entry.usage;
    const bool fits = words <= usage.most_words();
    const std::uint32_t repeated = usage.repeated_words();
    const bool is_whole = repeated < 2 || (words - usage.least_words()) % repeated == 0;
    if (!entry.checks_words && usage.is_simple() && !(fits && is_whole)) {
        return wrong_number_of_arguments(entry.name);
    }
    if (entry.checks_words && !(fits && match(usage, Words{command, 0, words}, places))) {
        return std::string{syntax_error};
    }
    return {};
}

/// The commands that run at once between MULTI and EXEC.
bool controls_transaction(const CommandEntry& entry) noexcept {
    for (const char* name : {"exec", "discard", "multi", "watch", "quit", "reset"}) {
        if (entry.name == name) return true;
    }
    return false;
}

/// The commands that a subscriber may use in RESP2.
bool is_for_subscribers(const CommandEntry& entry) noexcept {
    for (const char* name : {"subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe",
                             "sunsubscribe", "ping", "quit", "reset"}) {
        if (entry.name == name) return true;
    }
    return false;
}

/// Keeps a command for EXEC. Returns the error text, if it cannot.
std::string_view queue(ClientRecord& client, const Call& call, const CommandEntry& entry, bool is_help) {
    if (!is_help && (entry.traits.no_multi || entry.function.plain == nullptr)) {
        return "ERR Command not allowed inside a transaction";
    }
    Transaction::Queued queued{&entry, Value{call.request().value()}};
    if (!client.memory.take(client.connection(), queued.memory())) return out_of_memory;
    client.transaction->queued.push_back(std::move(queued));
    client.update();
    return {};
}

}  // namespace

// ---- replies

void Runner::end_reply(ClientRecord& client, Reply& reply, Reply::Mark begin) {
    if (client.replies == ReplyMode::on) return;
    if (client.replies == ReplyMode::skip_next) {
        client.replies = ReplyMode::skip;
        return;
    }
    if (!std::exchange(client.wrote_push, false)) reply.rollback(begin);
    if (client.replies == ReplyMode::skip) client.replies = ReplyMode::on;
    client.update();
}

void Runner::refuse(ClientRecord& client, Reply& reply, std::string_view error) {
    const Reply::Mark begin = reply.mark();
    client.tally->errors.add();
    client.tally->count_code(error);
    if (client.transaction != nullptr) client.transaction->failed = true;
    reply.simple_error(error);
    end_reply(client, reply, begin);
}

void Runner::refuse_unknown(ClientRecord& client, const Command& command, Reply& reply) {
    client.begin_command(false);
    refuse(client, reply, client.is_authenticated() ? unknown_command(command) : std::string{needs_auth});
}

// ---- before the call

/// Returns the error text, or nothing.
std::string Runner::refusal(Table& table, Call& call) {
    const CommandEntry& entry = *call.entry_;
    const ClientRecord& client = record_of(call);
    if (!client.is_authenticated() && !entry.traits.noauth) return needs_auth;
    const bool runs_now = client.transaction == nullptr || controls_transaction(entry);
    if (!is_help(call)) {
        std::string error = wrong_arity(entry, call.command());
        if (error.empty() && runs_now) error = misfit(entry, call.command(), call.places_);
        if (!error.empty()) return error;
    }
    if (entry.traits.admin && !client.is_admin) {
        return fmt::format("NOPERM User {} has no permissions to run the '{}' command", client.user(),
                           entry.name);
    }
    if (client.is_subscribed && call.reply().version() == Version::resp2 && !is_for_subscribers(entry)) {
        return fmt::format(
            "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
            "allowed in this context",
            entry.name);
    }
    if (runs_now && table.before && !entry.traits.noauth) {
        if (const std::optional<Error> veto = table.before(call)) return veto->text();
    }
    return {};
}

bool Runner::is_help(const Call& call) noexcept {
    return call.entry_->subcommands != nullptr && call.size() == 2 && equals_ignoring_case(call[1], "HELP");
}

bool Runner::may_run(Table& table, Call& call) {
    const CommandEntry& entry = *call.entry_;
    ClientRecord& client = record_of(call);
    std::string error = refusal(table, call);
    const bool is_queued = error.empty() && client.transaction != nullptr && !controls_transaction(entry);
    if (is_queued) error = queue(client, call, entry, is_help(call));
    if (!error.empty()) {
        client.tally->of[entry.index].rejected.add();
        // As in Redis, an EXEC that is refused ends the transaction.
        if (entry.name == "exec") error = abort_transaction(table, client, error);
        refuse(client, call.reply(), error);
        return false;
    }
    if (is_queued) {
        const Reply::Mark begin = call.reply().mark();
        call.reply().simple_string("QUEUED");
        end_reply(client, call.reply(), begin);
        return false;
    }
    return true;
}

/// The keys that CLIENT TRACKING remembers for this call.
KeyList Runner::read_keys(const Call& call) {
    const ClientRecord& client = record_of(call);
    KeyList keys;
    const bool remembers =
        client.tracking != nullptr && call.entry_->traits.readonly && client.remembers_reads();
    if (remembers) add_keys(call, keys);
    return keys;
}

void Runner::track_keys(Table& table, const Call& call) {
    const ClientRecord& client = record_of(call);
    for (const std::string_view key : read_keys(call)) {
        if (table.keys.track(key, client.tracking)) continue;
        // There is no memory to remember the key. So the client must not remember any value, not even of this command:
        // the push follows the reply.
        untrack_keys(table, client);
        client.tracking->invalidate_all();
        return;
    }
}

void Runner::check_tracked_keys(const Call& call) {
    const ClientRecord& client = record_of(call);
    for (const std::string_view key : read_keys(call)) {
        if (!client.tracking->has(key)) client.tracking->invalidate(key, 0);
    }
}

void Runner::add_queued_keys(Call& call, KeyList& keys) {
    const CommandEntry& entry = *call.entry_;
    if (entry.checks_words && !match(entry.usage, Words{call.command(), 0, call.size()}, call.places_))
        return;
    add_keys(call, keys);
}

void Runner::add_keys(const Call& call, KeyList& keys) {
    const CommandEntry& entry = *call.entry_;
    if (entry.keys.movable) {
        if (entry.checks_words) {
            add_matched_keys(entry.usage, Words{call.command(), 0, call.size()}, call.places_, keys);
        }
        return;
    }
    if (entry.keys.first == 0) return;
    const auto size = static_cast<std::ptrdiff_t>(call.size());
    const std::ptrdiff_t last = entry.keys.last < 0 ? size + entry.keys.last : entry.keys.last;
    for (std::ptrdiff_t i = entry.keys.first; i <= last && i < size; i += entry.keys.step) {
        keys.push_back(call[static_cast<std::size_t>(i)]);
    }
}

// ---- the call

void Runner::call_function(Table& table, Call& call) {
    const Reply::Mark begin = call.reply().mark();
    if (is_help(call)) return write_help(*call.entry_, call.reply());
    if (record_of(call).tracking != nullptr) track_keys(table, call);
    start(table, call);
    try {
        call.entry_->function.plain(call.entry_->function.object.get(), call);
    } catch (const Error& error) {
        call.reply().rollback(begin);
        call.reply().simple_error(error.text());
    }
    finish(table, call, begin);
}

void Runner::run_plain(Table& table, Call& call) {
    ClientRecord& client = record_of(call);
    const Reply::Mark begin = call.reply().mark();
    if (call.entry_->is_ours || (table.has_one_thread && !table.user_lock)) {
        call_function(table, call);
    } else {
        locked(table, call, [&table, &call] { call_function(table, call); });
    }
    if (!client.is_usual) end_reply(client, call.reply(), begin);
}

Outcome Runner::run_waiting(Table& table, Call& call) {
    track_keys(table, call);
    start(table, call);
    return call.entry_->function.waiting(call.entry_->function.object.get(), call);
}

// ---- Binder

void Binder::ended(Call& call, Reply::Mark begin, const std::optional<Error>& error) {
    if (error) {
        call.reply().rollback(begin);
        call.reply().simple_error(error->text());
    }
    Runner::finish(*record_of(call).table, call, begin);
    Runner::end_reply(record_of(call), call.reply(), begin);
    Runner::check_tracked_keys(call);
}

}  // namespace resp::detail
