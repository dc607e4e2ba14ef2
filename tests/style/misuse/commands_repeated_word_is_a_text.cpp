// expect: the parameter for these words must be resp::Words
// A word that may be repeated, for a parameter that is one text.
#include <libresp/service.hpp>

#include <string_view>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("DEL key [key ...]", [](resp::Words) {});
#else
    commands.add("DEL key [key ...]", [](std::string_view) {});
#endif
}
