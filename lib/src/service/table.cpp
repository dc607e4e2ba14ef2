// How a table is made.
#include "table.hpp"

#include <stdexcept>

namespace resp {

CommandTable::CommandTable(ServiceInfo info) : table_(std::make_shared<detail::Table>(std::move(info))) {}
CommandTable::~CommandTable() = default;

void CommandTable::insert(std::string_view line, detail::Function function, CommandTraits traits) {
    table_->insert(line, std::move(function), std::move(traits));
}

void CommandTable::set_auth(detail::Authenticator authenticator) {
    table_->require_open();
    table_->auth = std::move(authenticator);
}

void CommandTable::before(std::function<std::optional<Error>(Call&)> f) {
    table_->require_open();
    table_->before = std::move(f);
}

void CommandTable::after(std::function<void(const Call&, const Finished&)> f) {
    table_->require_open();
    table_->after = std::move(f);
    table_->set_extra(detail::Extra::after, static_cast<bool>(table_->after));
}

void CommandTable::slow_log(std::chrono::microseconds longer_than, std::size_t most) {
    table_->slow_log.set_most(most);
    detail::set_slow_log(*table_, longer_than.count());
}

void CommandTable::parameter(std::string name, std::function<std::string()> get,
                             std::function<std::optional<std::string>(std::string_view value)> set) {
    table_->require_open();
    table_->parameters.push_back({std::move(name), std::move(get), std::move(set)});
}

void CommandTable::set_lock(detail::UserLock lock) {
    table_->require_open();
    table_->user_lock = std::move(lock);
}

PubSub& CommandTable::pubsub() noexcept { return table_->pubsub; }
Keys& CommandTable::keys() noexcept { return table_->keys; }

void CommandTable::section(std::string name, std::function<std::string()> lines) {
    table_->require_open();
    table_->sections.push_back({std::move(name), std::move(lines)});
}

namespace detail {

void Table::require_open() const {
    if (frozen_)
        throw std::logic_error{"resp::Commands cannot change after a resp::Service was made from it"};
}

CommandEntry& Table::make(std::string_view line, Function function, CommandTraits traits) {
    entries_.push_back(std::make_unique<CommandEntry>(line, std::move(function), std::move(traits)));
    entries_.back()->index = static_cast<std::uint32_t>(entries_.size() - 1);
    return *entries_.back();
}

/// The entry of a command that has subcommands.
CommandEntry& Table::container(std::string_view name) {
    for (CommandEntry* entry : names_.entries()) {
        if (!equals_ignoring_case(entry->usage.name(), name)) continue;
        if (entry->subcommands == nullptr) entry->subcommands = std::make_unique<NameTable>();
        entry->update();
        return *entry;
    }
    CommandEntry& entry = make(name, {}, {});
    names_.insert(entry.usage.name(), entry);
    entry.subcommands = std::make_unique<NameTable>();
    entry.update();
    return entry;
}

CommandEntry& Table::insert(std::string_view line, Function function, CommandTraits traits) {
    require_open();
    const Usage usage{line};
    const bool is_subcommand = !usage.subcommand().empty();
    const std::string_view name = is_subcommand ? usage.subcommand() : usage.name();
    NameTable& names = is_subcommand ? *container(usage.name()).subcommands : names_;
    if (names.find(name) != nullptr) {
        throw std::invalid_argument{"there are two commands of this name: " + std::string{line}};
    }
    CommandEntry& entry = make(line, std::move(function), std::move(traits));
    names.insert(is_subcommand ? entry.usage.subcommand() : entry.usage.name(), entry);
    return entry;
}

void Table::add_default(std::string_view line, Function function, CommandTraits traits, bool checks_itself) {
    const Usage usage{line};
    const CommandEntry* const same = names_.find(usage.name());
    if (usage.subcommand().empty()) {
        if (same != nullptr) return;
    } else if (same != nullptr) {
        // A program that has its own CONFIG does not get the subcommands of the library's.
        if (same->function.exists() && !same->is_ours) return;
        if (same->subcommands != nullptr && same->subcommands->find(usage.subcommand()) != nullptr) return;
    }
    CommandEntry& entry = insert(line, std::move(function), std::move(traits));
    entry.is_ours = true;
    if (!checks_itself) return;
    entry.checks_words = false;
    entry.update();
}

void Table::take_lock_for(std::string_view name) noexcept {
    for (const auto& entry : entries_) {
        if (entry->name == name) entry->is_ours = false;
    }
}

void Table::add_parameter(ConfigParameter parameter) {
    for (const ConfigParameter& each : parameters) {
        if (each.name == parameter.name) return;
    }
    parameters.push_back(std::move(parameter));
}

void Table::freeze() {
    if (frozen_) return;
    add_handshake(*this);
    add_client_commands(*this);
    add_command_commands(*this);
    add_info(*this);
    add_pubsub(*this);
    add_transactions(*this);
    add_tracking(*this);
    add_monitor(*this);
    add_slow_log(*this);
    add_latency(*this);
    add_pause(*this);
    frozen_ = true;
}

void update_idle_timeout(const Table& table, const ClientRecord& client) noexcept {
    const bool listens = client.is_subscribed || client.is_monitor;
    client.connection().set_idle_timeout(listens ? std::chrono::milliseconds{0} : table.idle_timeout);
}

const CommandEntry* Table::find_subcommand(const CommandEntry& entry, View request) noexcept {
    const Command command{request};
    if (entry.subcommands == nullptr || command.size() < 2) return &entry;
    const CommandEntry* const sub = entry.subcommands->find(command[1]);
    return sub != nullptr ? sub : &entry;
}

const CommandEntry* Table::find(std::string_view name) const noexcept {
    const std::size_t bar = name.find('|');
    const CommandEntry* const entry = names_.find(name.substr(0, bar));
    if (bar == std::string_view::npos || entry == nullptr) return entry;
    return entry->subcommands != nullptr ? entry->subcommands->find(name.substr(bar + 1)) : nullptr;
}

}  // namespace detail
}  // namespace resp
