// The reply of COMMAND DOCS, from which redis-cli makes its hints.
#pragma once

#include <libresp/server/reply.hpp>
#include <libresp/service/detail/command_entry.hpp>

namespace resp::detail {

/// Writes two values: the name of a command, and a map that describes it.
void write_docs(Reply& reply, const CommandEntry& entry);

}  // namespace resp::detail
