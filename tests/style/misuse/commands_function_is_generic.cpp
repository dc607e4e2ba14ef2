// expect: a lambda must not be generic or mutable
// A generic lambda: its parameters are not known.
#include <libresp/service.hpp>

#include <string_view>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("GET key", [](std::string_view key) { return key; });
#else
    commands.add("GET key", [](auto key) { return key; });
#endif
}
