// The COMMAND command: what a client can learn of the table.
#include "defaults.hpp"
#include "docs.hpp"
#include "key_positions.hpp"
#include "match.hpp"

#include <libresp/service/glob.hpp>

#include <string>
#include <vector>

namespace resp::detail {

namespace {

// ---- INFO

std::vector<std::string_view> flags_of(const CommandEntry& entry) {
    const CommandTraits& traits = entry.traits;
    std::vector<std::string_view> flags;
    const auto add = [&](bool has, std::string_view flag) {
        if (has) flags.push_back(flag);
    };
    add(traits.write, "write");
    add(traits.readonly, "readonly");
    add(traits.admin, "admin");
    add(traits.pubsub, "pubsub");
    add(traits.blocking, "blocking");
    add(traits.fast, "fast");
    add(traits.noauth, "no_auth");
    add(traits.no_multi, "no_multi");
    add(entry.keys.movable, "movablekeys");
    return flags;
}

/// As in Redis, not every group is a category, and some have another name.
void add_category_of(std::string_view group, std::vector<std::string>& categories) {
    if (group.empty() || group == "server" || group == "generic") return;
    const std::string_view name = group == "sorted-set"     ? "sortedset"
                                  : group == "transactions" ? "transaction"
                                                            : group;
    categories.push_back("@" + std::string{name});
}

std::vector<std::string> categories_of(const CommandEntry& entry) {
    const CommandTraits& traits = entry.traits;
    std::vector<std::string> categories;
    const auto add = [&](bool has, const char* category) {
        if (has) categories.emplace_back(category);
    };
    add(traits.write, "@write");
    add(traits.readonly, "@read");
    add_category_of(traits.group, categories);
    add(traits.pubsub && traits.group != "pubsub", "@pubsub");
    add(traits.blocking, "@blocking");
    add(traits.admin, "@admin");
    add(traits.admin, "@dangerous");
    categories.emplace_back(traits.fast ? "@fast" : "@slow");
    return categories;
}

template <class Texts>
void write_names(Reply& reply, const Texts& texts) {
    reply.set(texts.size());
    for (const auto& text : texts) reply.simple_string(text);
}

void write_info(Reply& reply, const CommandEntry& entry) {
    const KeyRange& keys = entry.keys;
    const bool has_numbers = !keys.movable;
    reply.array(10).bulk_string(entry.name);
    reply.integer(entry.subcommands != nullptr && !entry.function.exists() ? -2 : entry.usage.arity());
    write_names(reply, flags_of(entry));
    reply.integer(has_numbers ? keys.first : 0).integer(has_numbers ? keys.last : 0);
    reply.integer(has_numbers ? keys.step : 0);
    write_names(reply, categories_of(entry));
    reply.set(0).set(0);
    if (entry.subcommands == nullptr) {
        reply.set(0);
        return;
    }
    reply.set(entry.subcommands->entries().size());
    for (const CommandEntry* sub : entry.subcommands->entries()) write_info(reply, *sub);
}

void write_all(const Table& table, Reply& reply) {
    reply.array(table.names().entries().size());
    for (const CommandEntry* entry : table.names().entries()) write_info(reply, *entry);
}

// ---- LIST, DOCS and GETKEYS

bool is_listed(const CommandEntry& entry, const Call& call) {
    if (call.has("MODULE")) return false;  // there are no modules
    if (const auto pattern = call.text("pattern")) return matches_glob_ignoring_case(entry.name, *pattern);
    if (const auto category = call.text("category")) {
        for (const std::string& each : categories_of(entry)) {
            if (equals_ignoring_case(each.substr(1), *category)) return true;
        }
        return false;
    }
    return true;
}

std::vector<std::string_view> list_names(const Table& table, const Call& call) {
    std::vector<std::string_view> names;
    const auto add = [&](const CommandEntry& entry) {
        if (is_listed(entry, call)) names.emplace_back(entry.name);
    };
    for (const CommandEntry* entry : table.names().entries()) {
        add(*entry);
        if (entry->subcommands == nullptr) continue;
        for (const CommandEntry* sub : entry->subcommands->entries()) add(*sub);
    }
    return names;
}

void info(const Table& table, Words names, Reply& reply) {
    if (names.empty()) return write_all(table, reply);
    reply.array(names.size());
    for (const std::string_view name : names) {
        const CommandEntry* const entry = table.find(name);
        entry != nullptr ? write_info(reply, *entry) : static_cast<void>(reply.null());
    }
}

void docs(const Table& table, Words names, Reply& reply) {
    std::vector<const CommandEntry*> entries;
    if (names.empty()) entries.assign(table.names().entries().begin(), table.names().entries().end());
    for (const std::string_view name : names) {
        if (const CommandEntry* const entry = table.find(name)) entries.push_back(entry);
    }
    reply.map(entries.size());
    for (const CommandEntry* entry : entries) write_docs(reply, *entry);
}

/// COMMAND GETKEYS SET a b: the words from position 2 on are a command.
std::vector<std::string_view> keys_in(const Table& table, const Call& call) {
    const std::size_t size = call.size() - 2;
    const Words words{call.command(), 2, size};
    const CommandEntry* entry = table.find(words[0]);
    if (entry == nullptr) throw Error{"ERR Invalid command specified"};
    if (entry->subcommands != nullptr && size > 1) entry = entry->subcommands->find(words[1]);
    if (entry == nullptr) throw Error{"ERR Invalid command specified"};
    if (!has_key(entry->usage)) throw Error{"ERR The command has no key arguments"};
    if (size < entry->usage.least_words() || size > entry->usage.most_words()) {
        throw Error{"ERR Invalid number of arguments specified for command"};
    }
    std::vector<std::string_view> keys;
    WordPlaces places;
    if (!match(entry->usage, words, places)) throw Error{"ERR Invalid arguments specified for command"};
    add_matched_keys(entry->usage, words, places, keys);
    return keys;
}

}  // namespace

void add_command_commands(Table& table) {
    table.add_default(
        "COMMAND", [&table](Reply& reply) { write_all(table, reply); },
        about("server", "Returns detailed information about all commands."));
    table.add_default(
        "COMMAND COUNT", [&table] { return table.names().entries().size(); },
        about("server", "Returns a count of commands."));
    table.add_default(
        "COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
        [&table](Call& call) { return list_names(table, call); },
        about("server", "Returns a list of command names."));
    table.add_default(
        "COMMAND INFO [command-name ...]", [&table](Words names, Reply& reply) { info(table, names, reply); },
        about("server", "Returns information about one, multiple or all commands."));
    table.add_default(
        "COMMAND DOCS [command-name ...]", [&table](Words names, Reply& reply) { docs(table, names, reply); },
        about("server", "Returns documentary information about one, multiple or all commands."));
    table.add_default(
        "COMMAND GETKEYS command [arg ...]",
        [&table](std::string_view, Words, Call& call) { return keys_in(table, call); },
        about("server", "Extracts the key names from an arbitrary command."));
}

}  // namespace resp::detail
