// Runs commands: finds the entry, checks the words and the rights of the client, and calls the function.
#include "match.hpp"
#include "table.hpp"

#include <libresp/service/service.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace resp::detail {

namespace {

ClientRecord& record_of(const Call& call) noexcept { return static_cast<ClientRecord&>(call.client()); }

/// Drops the reply that begins at `begin` if CLIENT REPLY says so.
void end_reply(ClientRecord& client, Reply& reply, Reply::Mark begin) {
    if (client.replies == ReplyMode::on) return;
    if (client.replies == ReplyMode::skip_next) {
        client.replies = ReplyMode::skip;
        return;
    }
    reply.rollback(begin);
    if (client.replies == ReplyMode::skip) client.replies = ReplyMode::on;
}

void refuse(ClientRecord& client, Reply& reply, std::string_view error) {
    const Reply::Mark begin = reply.mark();
    client.tally->errors.add();
    reply.simple_error(error);
    end_reply(client, reply, begin);
}

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

/// Why the words do not fit the usage line. Empty: they fit.
std::string_view misfit(const CommandEntry& entry, const Command& command, WordPlaces& places, std::string& room) {
    const std::size_t words = command.size();
    const Usage& usage = entry.usage;
    if (entry.subcommands != nullptr && words > 1) return room = unknown_subcommand(command);
    const bool fits = words >= usage.least_words() && words <= usage.most_words();
    const std::uint32_t repeated = usage.repeated_words();
    const bool is_whole = repeated < 2 || (words - usage.least_words()) % repeated == 0;
    if (words < usage.least_words() || !entry.function.exists())
        return room = wrong_number_of_arguments(entry.name);
    if (!entry.checks_words && usage.is_simple() && !(fits && is_whole)) {
        return room = wrong_number_of_arguments(entry.name);
    }
    if (entry.checks_words && !(fits && match(usage, Words{command, 0, words}, places))) return syntax_error;
    return {};
}

}  // namespace

// ---- ServiceBase

ServiceBase::ServiceBase(const CommandTable& commands) : table_(commands.table_) { table_->freeze(); }
ServiceBase::ServiceBase(const ServiceBase& other) : table_(other.table_) {}
ServiceBase::ServiceBase(ServiceBase&& other) noexcept = default;
ServiceBase::~ServiceBase() = default;

void ServiceBase::on_start(ServerHandle server) { table_->server = std::move(server); }

void ServiceBase::on_open(Connection connection) {
    record_ = std::make_shared<ClientRecord>(std::move(connection));
    record_->tally = &table_->statistics.of_thread(record_->connection().thread(), table_->size());
    if (table_->auth.exists()) {
        record_->set_authenticated(false);
        record_->is_admin = false;
    }
    table_->clients.add(record_);
}

void ServiceBase::on_close(std::error_code) {
    if (record_ != nullptr) table_->clients.remove(*record_);
}

bool ServiceBase::waits(const Request& request) const {
    next_ = table_->find(request.command());
    return next_ != nullptr && next_->function.waiting != nullptr;
}

Outcome ServiceBase::run(const Request& request, Reply& reply, void* state) {
    const CommandEntry* entry = std::exchange(next_, nullptr);
    if (entry == nullptr) entry = table_->find(request.command());
    if (record_ == nullptr) [[unlikely]]
        on_open(request.connection());  // a test without a server
    ClientRecord& client = *record_;
    if (entry == nullptr) [[unlikely]] {
        const std::string error = unknown_command(request.command());
        refuse(client, reply, client.is_authenticated() ? error : "NOAUTH Authentication required.");
        return {};
    }
    Call call{*entry, request, reply, client, state};
    const bool is_usual = client.is_usual() && !table_->before;
    const bool has_least =
        call.size() - entry->usage.least_words() <= entry->usage.most_words() - entry->usage.least_words();
    if (!has_least || !is_usual || entry->is_special) [[unlikely]] {
        if (!may_run(call)) return {};
    }
    client.tally->of[entry->index].calls.add();
    client.last_.store(entry, std::memory_order_relaxed);
    if (entry->function.waiting != nullptr)
        return entry->function.waiting(entry->function.object.get(), call);
    const Reply::Mark begin = reply.mark();
    try {
        entry->function.plain(entry->function.object.get(), call);
    } catch (const Error& error) {
        reply.rollback(begin);
        Binder::failed(call);
        reply.simple_error(error.text());
    }
    if (!is_usual) end_reply(client, reply, begin);
    return {};
}

/// Whether the words fit and the client may run the command. If not, it has replied.
bool ServiceBase::may_run(Call& call) {
    const CommandEntry& entry = *call.entry_;
    ClientRecord& client = *record_;
    const auto refused = [&](std::string_view error) {
        client.tally->of[entry.index].rejected.add();
        refuse(client, call.reply(), error);
        return false;
    };
    if (!client.is_authenticated() && !entry.traits.noauth) return refused("NOAUTH Authentication required.");
    if (entry.subcommands != nullptr && call.size() == 2 && equals_ignoring_case(call[1], "HELP")) {
        const Reply::Mark begin = call.reply().mark();
        write_help(entry, call.reply());
        end_reply(client, call.reply(), begin);
        return false;
    }
    std::string room;
    const std::string_view error = misfit(entry, call.command(), call.places_, room);
    if (!error.empty()) return refused(error);
    if (entry.traits.admin && !client.is_admin) {
        return refused(fmt::format("NOPERM User {} has no permissions to run the '{}' command", client.user(),
                                   entry.name));
    }
    if (table_->before && !entry.traits.noauth) {
        if (const std::optional<Error> veto = table_->before(call)) return refused(veto->text());
    }
    return true;
}

// ---- Binder

void Binder::failed(Call& call) noexcept {
    ClientRecord& client = record_of(call);
    client.tally->of[call.entry_->index].failed.add();
    client.tally->errors.add();
}

void Binder::ended(Call& call, Reply::Mark begin) { end_reply(record_of(call), call.reply(), begin); }

}  // namespace resp::detail
