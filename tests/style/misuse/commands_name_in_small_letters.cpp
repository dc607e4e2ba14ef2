// expect: a usage line begins with the name of the command, in capitals
// A usage line whose name is in small letters.
#include <libresp/service.hpp>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("PING", [] {});
#else
    commands.add("ping", [] {});
#endif
}
