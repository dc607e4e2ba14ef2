// expect: the function has no parameter for this word
// A function that has no parameter for the value.
#include <libresp/service.hpp>

#include <string_view>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("SET key value", [](std::string_view, std::string_view) {});
#else
    commands.add("SET key value", [](std::string_view) {});
#endif
}
