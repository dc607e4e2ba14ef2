// The words of a command as MONITOR and SLOWLOG show them.
#pragma once

#include <libresp/service/call.hpp>

#include <string>
#include <vector>

namespace resp::detail {

/// At most `most` words of at most 128 bytes. Of a longer word or command, the end is replaced by how much it is.
/// Passwords read "(redacted)".
[[nodiscard]] std::vector<std::string> shown_words(const Call& call, std::size_t most);

}  // namespace resp::detail
