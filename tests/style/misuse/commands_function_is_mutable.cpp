// expect: a lambda must not be generic or mutable
// A mutable lambda: the threads of a server share it.
#include <libresp/service.hpp>

void add(resp::Commands<>& commands) {
    int calls = 0;
#ifdef CORRECT
    commands.add("NEXT", [&calls] { return ++calls; });
#else
    commands.add("NEXT", [calls]() mutable { return ++calls; });
#endif
}
