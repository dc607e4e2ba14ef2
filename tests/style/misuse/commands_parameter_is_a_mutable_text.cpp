// expect: a parameter of a function of resp::Commands must be std::string_view
// A text that the function may change: it belongs to the call.
#include <libresp/service.hpp>

#include <string>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("GET key", [](std::string) {});
#else
    commands.add("GET key", [](std::string&) {});
#endif
}
