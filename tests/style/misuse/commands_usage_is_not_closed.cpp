// expect: this is never closed
// A usage line with an open bracket.
#include <libresp/service.hpp>

#include <optional>

resp::Commands<>& add(resp::Commands<>& commands) {
#ifdef CORRECT
    return commands.add("PING [message]", [](std::optional<int>) {});
#else
    return commands.add("PING [message", [](std::optional<int>) {});
#endif
}
