// What a service keeps for its clients, as far as no public member says it. Only for tests of this project: it includes
// lib/src.
#pragma once

#include <libresp/service/command_table.hpp>
#include <libresp/service/keys.hpp>

#include "service/table.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace support {

namespace insides {

/// An explicit instantiation may name a private member.
template <class Tag, typename Tag::Type member>
struct Open {
    friend typename Tag::Type member_of(Tag) { return member; }
};
struct Listeners {
    using Type = std::atomic<std::uint64_t> resp::Keys::*;
    friend Type member_of(Listeners);
};
template struct Open<Listeners, &resp::Keys::listeners_>;
struct TableOf {
    using Type = std::shared_ptr<resp::detail::Table> resp::CommandTable::*;
    friend Type member_of(TableOf);
};
template struct Open<TableOf, &resp::CommandTable::table_>;

}  // namespace insides

[[nodiscard]] inline const resp::detail::Table& table_of(const resp::CommandTable& commands) {
    return *(commands.*member_of(insides::TableOf{}));
}
/// How many keys and prefixes clients watch, cache or wait for. One more if changes are published.
[[nodiscard]] inline std::uint64_t listeners_of(const resp::Keys& keys) {
    return (keys.*member_of(insides::Listeners{})).load();
}
/// What is left of clients although all have left. Null: nothing.
[[nodiscard]] inline const char* left_of_clients(const resp::CommandTable& commands) {
    using Kind = resp::PubSub::Kind;
    const resp::detail::Table& table = table_of(commands);
    for (const Kind kind : {Kind::channel, Kind::pattern, Kind::shard}) {
        if (!table.pubsub.names(kind).empty()) return "a subscription is left";
    }
    if (listeners_of(table.keys) != (table.keys.notified() != 0 ? 1 : 0)) {
        return "a watched, cached or awaited key is left";
    }
    if (table.clients.size() != 0) return "the record of a client is left";
    return table.blocked.load() != 0 ? "a command still waits" : nullptr;
}

}  // namespace support
