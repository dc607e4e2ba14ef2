// expect: only a function that takes a resp::Call& sees this part
// A function that cannot see the options of its line.
#include <libresp/service.hpp>

#include <string_view>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("SET key value [NX | XX]", [](std::string_view, std::string_view, resp::Call&) {});
#else
    commands.add("SET key value [NX | XX]", [](std::string_view, std::string_view) {});
#endif
}
