// expect: a parameter of a function of resp::Commands must be std::string_view
// A parameter of a type that no word has.
#include <libresp/service.hpp>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("SETBIT key", [](int) {});
#else
    commands.add("SETBIT key", [](bool) {});
#endif
}
