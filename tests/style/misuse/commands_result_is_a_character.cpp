// expect: a function of resp::Commands cannot return this type
// A result that could be a number or a letter.
#include <libresp/service.hpp>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("FIRST", [] { return "x"; });
#else
    commands.add("FIRST", [] { return 'x'; });
#endif
}
