// expect: the parameter for this word must be a text or a number
// A word that is not repeated, for a parameter that takes many.
#include <libresp/service.hpp>

#include <string_view>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("GET key", [](std::string_view) {});
#else
    commands.add("GET key", [](resp::Words) {});
#endif
}
