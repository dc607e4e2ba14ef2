// The commands of the key-value server.
#pragma once

#include "store.hpp"

#include <libresp/service.hpp>

/// A member function as a function of resp::Commands.
template <class C, class R, class... P>
[[nodiscard]] auto on(const C& object, R (C::*function)(P...) const) {
    return [object, function](P... words) -> R { return (object.*function)(words...); };
}

/// SET, GET, INCR, APPEND and the others on strings.
void add_string_commands(resp::Commands<>& commands, Store& store);
/// DEL, EXPIRE, SCAN, SELECT and the others that do not depend on the type of a value.
void add_key_commands(resp::Commands<>& commands, Store& store);

/// Sets the end of a key. As in Redis, a time that has ended removes it: then `item` is gone.
void expire_at(Store& store, Item& item, Time expires, const resp::Call& call);
/// The times that commands take: seconds or milliseconds, from now or as Unix time. Throws Redis' error for the command if
/// the time is less than `least`, or too large.
[[nodiscard]] Time expiry_in(std::int64_t time, std::int64_t unit, bool from_now, std::string_view command,
                             std::int64_t least = 1);
