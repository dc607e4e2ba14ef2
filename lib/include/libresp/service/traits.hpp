// What a program may say of a command, beside its usage line.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <string>

namespace resp {

/// What COMMAND says of a command, and how the service treats it. All parts are optional:
///
///     commands.add("GET key", get, {.readonly = true, .fast = true, .summary = "Returns the value of a key."});
struct CommandTraits {
    bool write = false;     ///< it may change data
    bool readonly = false;  ///< it never changes data
    bool fast = false;      ///< it takes constant or logarithmic time
    bool admin = false;     ///< only for users with the right to administer; see Commands::auth()
    bool noauth = false;    ///< also for clients that are not authenticated
    bool no_multi = false;  ///< not allowed in a transaction
    bool blocking = false;  ///< it may wait for other clients
    bool pubsub = false;    ///< it belongs to publish/subscribe
    std::string summary{};  ///< one sentence, for COMMAND DOCS
    std::string group{};    ///< for COMMAND DOCS: "string", "generic", "connection", …
    std::string since{};    ///< a version, for COMMAND DOCS
};

}  // namespace resp
