// The CLIENT command.
#include "defaults.hpp"

#include <algorithm>
#include <string>

namespace resp::detail {

namespace {

/// Which clients CLIENT LIST and CLIENT KILL mean.
struct Filter {
    std::vector<std::int64_t> ids;
    std::string type, address, local, user;
    std::int64_t least_age = 0;
    bool skips_me = true;

    [[nodiscard]] bool fits(const ClientRecord& client) const {
        const auto id = static_cast<std::int64_t>(client.id());
        if (!ids.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) return false;
        const char* const its_type = client.is_subscriber() ? "pubsub" : "normal";
        if (!type.empty() && !equals_ignoring_case(type, its_type)) return false;
        if (!address.empty() && client.connection().peer().to_string() != address) return false;
        if (!local.empty() && client.connection().local().to_string() != local) return false;
        if (!user.empty() && client.user() != user) return false;
        using std::chrono::seconds;
        const auto age = std::chrono::steady_clock::now() - client.connection().opened();
        return std::chrono::duration_cast<seconds>(age).count() >= least_age;
    }
};

void check_type(std::string_view type) {
    for (const char* known : {"normal", "master", "replica", "slave", "pubsub"}) {
        if (equals_ignoring_case(type, known)) return;
    }
    throw Error{"ERR Unknown client type " + quoted(type)};
}

// ---- LIST and KILL

void list_clients(const Table& table, const Call& call) {
    Filter filter;
    for (std::size_t i = 2; i < call.size(); ++i) {
        const bool has_value = i + 1 < call.size();
        if (equals_ignoring_case(call[i], "TYPE") && has_value) {
            check_type(filter.type = call[++i]);
        } else if (equals_ignoring_case(call[i], "ID") && has_value) {
            while (++i < call.size()) {
                const auto id = call.command().integer(i);
                if (!id) throw Error{"ERR Invalid client ID"};
                filter.ids.push_back(*id);
            }
        } else {
            throw Error{syntax_error};
        }
    }
    std::string lines;
    for (const auto& client : table.clients.all()) {
        if (filter.fits(*client)) lines.append(client->line()).append("\n");
    }
    call.reply().verbatim_string("txt", lines);
}

/// Only a service with Commands::auth() has other users than the default one.
void check_user(const Table& table, std::string_view user) {
    if (!table.auth.exists() && user != "default") throw Error{"ERR No such user " + quoted(user)};
}

Filter parse_kill(const Table& table, const Call& call) {
    Filter filter;
    if (call.size() % 2 != 0) throw Error{syntax_error};
    for (std::size_t i = 2; i < call.size(); i += 2) {
        const auto is = [&](std::string_view name) { return equals_ignoring_case(call[i], name); };
        const std::string_view value = call[i + 1];
        if (is("ID")) {
            const auto id = call.command().integer(i + 1);
            if (!id || *id <= 0) throw Error{"ERR client-id should be greater than 0"};
            filter.ids.push_back(*id);
        } else if (is("TYPE")) {
            check_type(filter.type = value);
        } else if (is("ADDR")) {
            filter.address = value;
        } else if (is("LADDR")) {
            filter.local = value;
        } else if (is("USER")) {
            check_user(table, filter.user = value);
        } else if (is("MAXAGE")) {
            const auto age = call.command().integer(i + 1);
            if (!age) throw Error{"ERR maxage is not an integer or out of range"};
            if (*age <= 0) throw Error{"ERR maxage should be greater than 0"};
            filter.least_age = *age;
        } else if (is("SKIPME") &&
                   (equals_ignoring_case(value, "yes") || equals_ignoring_case(value, "no"))) {
            filter.skips_me = equals_ignoring_case(value, "yes");
        } else {
            throw Error{syntax_error};
        }
    }
    return filter;
}

/// The client that runs the command gets its reply first.
void end(const ClientRecord& client, const Call& call) {
    client.id() == call.client().id() ? static_cast<void>(call.reply().close()) : client.connection().abort();
}

void kill(const Table& table, const Call& call) {
    const bool is_old_form = call.size() == 3;  // CLIENT KILL address:port
    Filter filter;
    if (is_old_form) {
        filter.address = call[2];
        filter.skips_me = false;
    } else {
        filter = parse_kill(table, call);
    }
    std::int64_t killed = 0;
    for (const auto& client : table.clients.all()) {
        const bool is_me = client->id() == call.client().id();
        if (!filter.fits(*client) || (is_me && filter.skips_me)) continue;
        end(*client, call);
        ++killed;
    }
    if (!is_old_form) {
        call.reply().integer(killed);
    } else if (killed != 0) {
        call.reply().simple_string("OK");
    } else {
        throw Error{"ERR No such client"};
    }
}

// ---- names, and CLIENT REPLY

Ok set_info(std::string_view attribute, std::string_view value, Call& call) {
    const bool is_name = equals_ignoring_case(attribute, "LIB-NAME");
    if (!is_name && !equals_ignoring_case(attribute, "LIB-VER")) {
        throw Error{"ERR Unrecognized option " + quoted(attribute)};
    }
    if (!is_client_text(value)) {
        const std::string name = is_name ? "lib-name" : "lib-ver";
        throw Error{"ERR " + name + " cannot contain spaces, newlines or special characters."};
    }
    is_name ? call.client().set_library_name(value) : call.client().set_library_version(value);
    return ok;
}

void reply_mode(Call& call) {
    ClientRecord& client = record_of(call);
    if (call.has("ON")) {
        client.replies = ReplyMode::on;
        call.reply().simple_string("OK");
    } else if (call.has("OFF")) {
        client.replies = ReplyMode::off;
    } else if (client.replies != ReplyMode::off) {
        client.replies = ReplyMode::skip_next;
    }
    client.update();
}

void add_names(Table& table) {
    table.add_default(
        "CLIENT ID", [](Call& call) { return call.client().id(); },
        about("connection", "Returns the unique client ID of the connection."));
    table.add_default(
        "CLIENT GETNAME",
        [](Call& call) -> std::optional<std::string> {
            std::string name = call.client().name();
            if (name.empty()) return std::nullopt;
            return name;
        },
        about("connection", "Returns the name of the connection."));
    table.add_default(
        "CLIENT SETNAME connection-name",
        [](std::string_view name, Call& call) {
            check_client_name(name);
            call.client().set_name(name);
            return ok;
        },
        about("connection", "Sets the connection name."));
    table.add_default("CLIENT SETINFO attribute value", set_info,
                      about("connection", "Sets information specific to the client or connection."));
}

}  // namespace

void add_client_commands(Table& table) {
    add_names(table);
    table.add_default(
        "CLIENT INFO", [](Call& call) { call.reply().verbatim_string("txt", call.client().line() + "\n"); },
        about("connection", "Returns information about the connection."));
    table.add_default(
        "CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
        [&table](Call& call) { list_clients(table, call); },
        about_admin("connection", "Lists open connections."), true);
    table.add_default(
        "CLIENT KILL argument [argument ...]", [&table](Call& call) { kill(table, call); },
        about_admin("connection", "Terminates open connections."), true);
    CommandTraits replies = about("connection", "Instructs the server whether to reply to commands.");
    replies.no_multi = true;
    table.add_default("CLIENT REPLY <ON | OFF | SKIP>", reply_mode, replies);
    table.add_default(
        "CLIENT NO-EVICT <ON | OFF>", [](Call&) { return ok; },
        about_admin("connection", "Sets the client eviction mode of the connection."));
    table.add_default(
        "CLIENT NO-TOUCH <ON | OFF>", [](Call&) { return ok; },
        about("connection",
              "Controls whether commands sent by the client affect the LRU/LFU of accessed keys."));
}

}  // namespace resp::detail
