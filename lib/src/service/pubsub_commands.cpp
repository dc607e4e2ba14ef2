// SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites, PUBLISH, SPUBLISH and PUBSUB.
#include "defaults.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace resp::detail {

namespace {

struct KindNames {
    const char* subscribe;
    const char* unsubscribe;
};
constexpr KindNames names_of(PubSub::Kind kind) noexcept {
    if (kind == PubSub::Kind::channel) return {"subscribe", "unsubscribe"};
    if (kind == PubSub::Kind::pattern) return {"psubscribe", "punsubscribe"};
    return {"ssubscribe", "sunsubscribe"};
}

/// One confirmation. In RESP3 it is a push, one for each channel. As in Redis, CLIENT REPLY OFF does not drop it.
void confirm(const Call& call, const char* what, std::optional<std::string_view> name, std::size_t count) {
    ClientRecord& client = record_of(call);
    client.wrote_push = client.replies != ReplyMode::on;
    Reply& reply = call.reply();
    reply.push(3).bulk_string(what);
    name ? reply.bulk_string(*name) : reply.null();
    reply.integer(static_cast<std::int64_t>(count));
}

void update_client(const Table& table, ClientRecord& client) noexcept {
    const bool subscribed = !client.subscriptions.empty();
    if (subscribed == client.is_subscribed) return;
    client.is_subscribed = subscribed;
    client.update();
    update_idle_timeout(table, client);
}

void subscribe(Table& table, PubSub::Kind kind, const Words& names, Call& call) {
    ClientRecord& client = record_of(call);
    auto& mine = client.subscriptions.of(kind);
    std::size_t memory = 0;
    for (const std::string_view name : names) memory += memory_of_name(name);
    if (!client.memory.take(client.connection(), memory)) throw Error{out_of_memory};
    for (const std::string_view name : names) {
        if (mine.emplace(name).second) {
            table.pubsub.subscribe(kind, name, client.connection());
            update_client(table, client);
        } else {
            client.memory.give_back(memory_of_name(name));
        }
        confirm(call, names_of(kind).subscribe, name, client.subscriptions.count(kind));
    }
    client.update();
}

/// Allocates nothing: a client must be able to leave. `name` may be that of the subscription itself.
void leave(Table& table, ClientRecord& client, PubSub::Kind kind, std::string_view name) noexcept {
    auto& mine = client.subscriptions.of(kind);
    const auto found = mine.find(name);
    if (found == mine.end()) return;
    table.pubsub.unsubscribe(kind, name, client.connection());
    client.memory.give_back(memory_of_name(name));
    mine.erase(found);
    update_client(table, client);
}

void unsubscribe(Table& table, PubSub::Kind kind, const Words& names, Call& call) {
    ClientRecord& client = record_of(call);
    const char* const what = names_of(kind).unsubscribe;
    std::vector<std::string> leaving(names.begin(), names.end());
    if (names.empty()) {
        const auto& mine = client.subscriptions.of(kind);
        leaving.assign(mine.begin(), mine.end());
    }
    for (const std::string& name : leaving) {
        leave(table, client, kind, name);
        confirm(call, what, name, client.subscriptions.count(kind));
    }
    client.update();
    // There is always an answer.
    if (leaving.empty()) confirm(call, what, std::nullopt, client.subscriptions.count(kind));
}

CommandTraits about_pubsub(const char* summary, bool no_multi = false) {
    CommandTraits traits = about("pubsub", summary);
    traits.pubsub = true;
    traits.no_multi = no_multi;
    return traits;
}

/// The client's own messages stand before the number. In a transaction they follow the array of replies. CLIENT REPLY OFF
/// drops only the number. So they are in the order in which the client has published them.
void publish(const Table& table, PubSub::Kind kind, std::string_view channel, std::string_view message,
             const Call& call) {
    ClientRecord& client = record_of(call);
    Reply& reply = call.reply();
    const std::size_t before = reply.size();
    std::optional<Encoder> after_exec;
    if (client.own_messages != nullptr) after_exec.emplace(*client.own_messages, reply.version());
    const PubSub::Publisher self{client.connection(), after_exec ? *after_exec : reply};
    const std::size_t sent = kind == PubSub::Kind::shard ? table.pubsub.publish_shard(channel, message, &self)
                                                         : table.pubsub.publish(channel, message, &self);
    client.wrote_push = client.replies != ReplyMode::on && reply.size() != before;
    if (!client.wrote_push) reply.integer(static_cast<std::int64_t>(sent));
}

/// Writes the number of subscribers of each name.
void count(const Table& table, PubSub::Kind kind, const Words& names, Reply& reply) {
    reply.array(2 * names.size());
    for (const std::string_view name : names) {
        reply.bulk_string(name).integer(static_cast<std::int64_t>(table.pubsub.subscribers(kind, name)));
    }
}

void add_subscriptions(Table& table) {
    const auto add = [&](auto usage, PubSub::Kind kind, const char* summary) {
        table.add_default(
            usage, [&table, kind](Words names, Call& call) { subscribe(table, kind, names, call); },
            about_pubsub(summary, true));
    };
    const auto remove = [&](auto usage, PubSub::Kind kind, const char* summary) {
        table.add_default(
            usage, [&table, kind](Words names, Call& call) { unsubscribe(table, kind, names, call); },
            about_pubsub(summary, true));
    };
    add(runtime("SUBSCRIBE channel [channel ...]"), PubSub::Kind::channel,
        "Listens for messages published to channels.");
    add(runtime("PSUBSCRIBE pattern [pattern ...]"), PubSub::Kind::pattern,
        "Listens for messages published to channels that match one or more patterns.");
    add(runtime("SSUBSCRIBE shardchannel [shardchannel ...]"), PubSub::Kind::shard,
        "Listens for messages published to shard channels.");
    remove(runtime("UNSUBSCRIBE [channel ...]"), PubSub::Kind::channel,
           "Stops listening to messages posted to channels.");
    remove(runtime("PUNSUBSCRIBE [pattern ...]"), PubSub::Kind::pattern,
           "Stops listening to messages published to channels that match one or more patterns.");
    remove(runtime("SUNSUBSCRIBE [shardchannel ...]"), PubSub::Kind::shard,
           "Stops listening to messages posted to shard channels.");
}

void add_observation(Table& table) {
    using Pattern = std::optional<std::string_view>;
    table.add_default(
        "PUBSUB CHANNELS [pattern]",
        [&table](Pattern pattern) {
            return table.pubsub.names(PubSub::Kind::channel, pattern.value_or("*"));
        },
        about_pubsub("Returns the active channels."));
    table.add_default(
        "PUBSUB SHARDCHANNELS [pattern]",
        [&table](Pattern pattern) { return table.pubsub.names(PubSub::Kind::shard, pattern.value_or("*")); },
        about_pubsub("Returns the active shard channels."));
    table.add_default(
        "PUBSUB NUMSUB [channel ...]",
        [&table](Words names, Reply& reply) { count(table, PubSub::Kind::channel, names, reply); },
        about_pubsub("Returns a count of subscribers to channels."));
    table.add_default(
        "PUBSUB SHARDNUMSUB [shardchannel ...]",
        [&table](Words names, Reply& reply) { count(table, PubSub::Kind::shard, names, reply); },
        about_pubsub("Returns the count of subscribers of shard channels."));
    table.add_default(
        "PUBSUB NUMPAT", [&table] { return table.pubsub.patterns(); },
        about_pubsub("Returns a count of unique pattern subscriptions."));
}

}  // namespace

void leave_all(Table& table, ClientRecord& client) noexcept {
    for (const PubSub::Kind kind : {PubSub::Kind::channel, PubSub::Kind::pattern, PubSub::Kind::shard}) {
        const auto& mine = client.subscriptions.of(kind);
        while (!mine.empty()) leave(table, client, kind, *mine.begin());
    }
}

void add_pubsub(Table& table) {
    add_subscriptions(table);
    add_observation(table);
    table.add_default(
        "PUBLISH channel message",
        [&table](std::string_view channel, std::string_view message, Call& call) {
            publish(table, PubSub::Kind::channel, channel, message, call);
        },
        about_pubsub("Posts a message to a channel."));
    table.add_default(
        "SPUBLISH shardchannel message",
        [&table](std::string_view channel, std::string_view message, Call& call) {
            publish(table, PubSub::Kind::shard, channel, message, call);
        },
        about_pubsub("Posts a message to a shard channel."));
}

}  // namespace resp::detail
