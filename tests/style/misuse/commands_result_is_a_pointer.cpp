// expect: a function of resp::Commands cannot return this type
// A result that has no form in RESP.
#include <libresp/service.hpp>

#include <memory>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("COUNT", [] { return 1; });
#else
    commands.add("COUNT", [] { return std::make_unique<int>(1); });
#endif
}
