// expect: the function has more parameters than the line has words
// A function that has a parameter more than the line has words.
#include <libresp/service.hpp>

#include <string_view>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("GET key", [](std::string_view) {});
#else
    commands.add("GET key", [](std::string_view, std::string_view) {});
#endif
}
