// CLIENT TRACKING, CLIENT CACHING and keyspace notifications.
#include "defaults.hpp"
#include "tracker.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace resp::detail {

namespace {

struct TrackingOptions {
    TrackingMode mode = TrackingMode::all;
    bool no_loop = false;
    std::vector<std::string_view> prefixes;
    std::shared_ptr<Client> redirect;
};

std::shared_ptr<Client> parse_redirect(const Table& table, const Call& call, std::size_t i) {
    const auto id = call.command().integer(i);
    if (!id || *id < 0) throw Error{std::string{not_an_integer}};
    if (*id == 0) return nullptr;
    std::shared_ptr<Client> target = table.clients.find(static_cast<std::uint64_t>(*id));
    // Another user could be flooded with pushes until it is disconnected.
    const bool may_send =
        target != nullptr && (record_of(call).is_admin || target->user() == call.client().user());
    if (!may_send) throw Error{"ERR The client ID you want redirect to does not exist"};
    return target;
}

/// The words after ON.
TrackingOptions parse_tracking(const Table& table, const Call& call) {
    TrackingOptions options;
    bool broadcasts = false, opts_in = false, opts_out = false;
    for (std::size_t i = 3; i < call.size(); ++i) {
        const auto is = [&](std::string_view name) { return equals_ignoring_case(call[i], name); };
        if (is("BCAST")) {
            broadcasts = true;
        } else if (is("OPTIN")) {
            opts_in = true;
        } else if (is("OPTOUT")) {
            opts_out = true;
        } else if (is("NOLOOP")) {
            options.no_loop = true;
        } else if (is("PREFIX") && i + 1 < call.size()) {
            options.prefixes.emplace_back(call[++i]);
        } else if (is("REDIRECT") && i + 1 < call.size()) {
            if (options.redirect != nullptr)
                throw Error{"ERR A client can only redirect to a single other client"};
            options.redirect = parse_redirect(table, call, ++i);
        } else {
            throw Error{syntax_error};
        }
    }
    if (!options.prefixes.empty() && !broadcasts) {
        throw Error{"ERR PREFIX option requires BCAST mode to be enabled"};
    }
    if (broadcasts && (opts_in || opts_out))
        throw Error{"ERR OPTIN and OPTOUT are not compatible with BCAST"};
    if (opts_in && opts_out) {
        throw Error{"ERR You can't specify both OPTIN mode and OPTOUT mode"};
    }
    options.mode = broadcasts ? TrackingMode::broadcast
                   : opts_in  ? TrackingMode::opt_in
                   : opts_out ? TrackingMode::opt_out
                              : TrackingMode::all;
    return options;
}

using Prefixes = std::set<std::string, std::less<>>;

/// The prefix in `prefixes` of which `prefix` is a prefix, or the other way round. If there are several, one of them.
const std::string* find_overlap(const Prefixes& prefixes, std::string_view prefix) {
    if (prefixes.empty()) return nullptr;
    if (prefixes.begin()->empty()) return &*prefixes.begin();
    auto at = prefixes.lower_bound(prefix);
    if (at != prefixes.end() && at->starts_with(prefix)) return &*at;
    if (at == prefixes.begin()) return nullptr;
    --at;
    return prefix.starts_with(*at) ? &*at : nullptr;
}

/// Throws an Error if prefixes overlap: the client would hear of a change twice.
Prefixes new_prefixes(const ClientRecord& client, const TrackingOptions& options) {
    Prefixes added;
    const auto fail = [](std::string_view prefix, const char* with, std::string_view other) {
        throw Error{"ERR Prefix " + quoted(prefix) + " overlaps with " + with + " prefix " + quoted(other) +
                    ". Prefixes for a single client must not overlap."};
    };
    for (const std::string_view prefix : options.prefixes) {
        if (const auto* other = find_overlap(client.prefixes, prefix)) fail(prefix, "an existing", *other);
        if (const auto* other = find_overlap(added, prefix)) fail(*other, "another provided", prefix);
        added.emplace(prefix);
    }
    if (options.mode == TrackingMode::broadcast && added.empty()) added.emplace();
    return added;
}

/// As in Redis: a client that tracks already keeps what it has read, so it cannot have a quite different mode.
void check_mode(const ClientRecord& client, TrackingMode mode) {
    const TrackingMode old = client.tracking_mode;
    if (client.tracking == nullptr || old == mode) return;
    const bool changes_broadcast = old == TrackingMode::broadcast || mode == TrackingMode::broadcast;
    if (!changes_broadcast && (old == TrackingMode::all || mode == TrackingMode::all)) return;
    throw Error{std::string{"ERR You can't switch "} +
                (changes_broadcast ? "BCAST mode on/off" : "OPTIN/OPTOUT mode") +
                " before disabling tracking for this client, and then re-enabling it with a different mode."};
}

void start_tracking(Table& table, Call& call) {
    ClientRecord& client = record_of(call);
    const TrackingOptions options = parse_tracking(table, call);
    // Redis accepts it, and sends nothing. See the test "CLIENT TRACKING needs RESP3".
    if (call.reply().version() != Version::resp3 && options.redirect == nullptr) {
        throw Error{"ERR CLIENT TRACKING needs RESP3 or REDIRECT: use HELLO 3 first"};
    }
    check_mode(client, options.mode);
    Prefixes added = new_prefixes(client, options);
    std::size_t memory = 0;
    for (const std::string& prefix : added) memory += memory_of_name(prefix);
    if (!client.memory.take(client.connection(), memory)) throw Error{out_of_memory};
    if (client.tracking == nullptr) client.tracking = std::make_shared<Tracker>(client.connection());
    client.tracking->set_no_loop(options.no_loop);
    client.tracking->set_redirect(options.redirect);
    client.tracking_mode = options.mode;
    for (const std::string& prefix : added) {
        // First here: if there is no memory for the rest, the end of the client finds it.
        if (!client.prefixes.insert(prefix).second) client.memory.give_back(memory_of_name(prefix));
        table.keys.track_prefix(prefix, client.tracking);
    }
    client.update();
}

Ok set_tracking(Table& table, Call& call) {
    if (equals_ignoring_case(call[2], "ON")) {
        start_tracking(table, call);
    } else if (equals_ignoring_case(call[2], "OFF")) {
        end_tracking(table, record_of(call));
    } else {
        throw Error{syntax_error};
    }
    return ok;
}

Ok set_caching(Call& call) {
    ClientRecord& client = record_of(call);
    if (client.tracking == nullptr) {
        throw Error{
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT "
            "mode enabled"};
    }
    if (call.has("YES") && client.tracking_mode != TrackingMode::opt_in) {
        throw Error{"ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."};
    }
    if (call.has("NO") && client.tracking_mode != TrackingMode::opt_out) {
        throw Error{"ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."};
    }
    client.caching = true;
    client.is_caching_new = !client.is_executing;
    return ok;
}

/// As CLIENT GETREDIR says it.
std::int64_t redirect_of(const ClientRecord& client) {
    return client.tracking == nullptr ? -1 : static_cast<std::int64_t>(client.tracking->redirect());
}

void write_tracking_info(const ClientRecord& client, Reply& reply) {
    std::vector<std::string_view> flags;
    if (client.tracking == nullptr) {
        flags.emplace_back("off");
    } else {
        flags.emplace_back("on");
        if (client.tracking_mode == TrackingMode::broadcast) flags.emplace_back("bcast");
        const bool opts_in = client.tracking_mode == TrackingMode::opt_in;
        const bool opts_out = client.tracking_mode == TrackingMode::opt_out;
        if (opts_in) flags.emplace_back("optin");
        if (opts_out) flags.emplace_back("optout");
        if (opts_in && client.caching) flags.emplace_back("caching-yes");
        if (opts_out && client.caching) flags.emplace_back("caching-no");
        if (client.tracking->has_no_loop()) flags.emplace_back("noloop");
        if (client.tracking->is_broken()) flags.emplace_back("broken_redirect");
    }
    reply.map(3).bulk_string("flags").set(flags.size());
    for (const std::string_view flag : flags) reply.bulk_string(flag);
    reply.bulk_string("redirect").integer(redirect_of(client));
    reply.bulk_string("prefixes").array(client.prefixes.size());
    for (const std::string& prefix : client.prefixes) reply.bulk_string(prefix);
}

// ---- notifications

struct EventLetter {
    char letter;
    unsigned events;
};
constexpr EventLetter event_letters[] = {
    {'g', static_cast<unsigned>(KeyEvent::generic)},
    {'$', static_cast<unsigned>(KeyEvent::string)},
    {'l', static_cast<unsigned>(KeyEvent::list)},
    {'s', static_cast<unsigned>(KeyEvent::set)},
    {'h', static_cast<unsigned>(KeyEvent::hash)},
    {'z', static_cast<unsigned>(KeyEvent::sorted)},
    {'x', static_cast<unsigned>(KeyEvent::expired)},
    {'e', static_cast<unsigned>(KeyEvent::evicted)},
    {'t', static_cast<unsigned>(KeyEvent::stream)},
    {'d', static_cast<unsigned>(KeyEvent::module)},
    {'n', static_cast<unsigned>(KeyEvent::created)},
    {'K', Keys::by_key},
    {'E', Keys::by_event},
    {'m', Keys::missed},
};
/// A: all kinds but n.
constexpr unsigned usual_events = (1U << 10) - 1;

std::string events_text(unsigned events) {
    std::string text;
    const bool all = (events & usual_events) == usual_events;
    if (all) text = "A";
    for (const EventLetter& each : event_letters) {
        const bool is_in_all = all && (each.events & usual_events) != 0;
        if ((events & each.events) != 0 && !is_in_all) text += each.letter;
    }
    return text;
}

std::optional<std::string> set_events(Keys& keys, std::string_view text) {
    unsigned events = 0;
    for (const char letter : text) {
        unsigned found = letter == 'A' ? usual_events : 0;
        for (const EventLetter& each : event_letters) found |= each.letter == letter ? each.events : 0;
        if (found == 0) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
        events |= found;
    }
    keys.notify(events);
    return std::nullopt;
}

void add_notifications(Table& table) {
    table.add_parameter({"notify-keyspace-events", [&table] { return events_text(table.keys.notified()); },
                         [&table](std::string_view text) { return set_events(table.keys, text); }});
}

}  // namespace

void untrack_keys(Table& table, const ClientRecord& client) noexcept {
    for (const std::string& key : client.tracking->take_keys()) table.keys.untrack(key, client.id());
}

void end_tracking(Table& table, ClientRecord& client) noexcept {
    if (client.tracking == nullptr) return;
    for (const std::string& prefix : client.prefixes) {
        table.keys.untrack_prefix(prefix, client.id());
        client.memory.give_back(memory_of_name(prefix));
    }
    untrack_keys(table, client);
    client.prefixes.clear();
    client.tracking.reset();
    client.caching = client.is_caching_new = false;
    client.update();
}

void add_tracking(Table& table) {
    add_notifications(table);
    table.add_default(
        "CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
        [&table](Call& call) { return set_tracking(table, call); },
        about("connection", "Controls server-assisted client-side caching for the connection."), true);
    table.add_default(
        "CLIENT CACHING <YES | NO>", set_caching,
        about("connection", "Instructs the server whether to track the keys in the next request."));
    table.add_default(
        "CLIENT TRACKINGINFO", [](Call& call) { write_tracking_info(record_of(call), call.reply()); },
        about("connection", "Returns information about server-assisted client-side caching."));
    table.add_default(
        "CLIENT GETREDIR", [](Call& call) { return redirect_of(record_of(call)); },
        about("connection",
              "Returns the client ID to which the connection's tracking notifications are redirected."));
}

}  // namespace resp::detail
