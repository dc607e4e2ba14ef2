// expect: a parameter of a function of resp::Commands must be std::string_view
// A state in a table that has none.
#include <libresp/service.hpp>

struct State {};

#ifdef CORRECT
void add(resp::Commands<State>& commands) {
#else
void add(resp::Commands<>& commands) {
#endif
    commands.add("RESET", [](State&) {});
}
