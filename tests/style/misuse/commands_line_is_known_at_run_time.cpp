// expect: constant expression
// A line that the compiler does not know.
#include <libresp/service.hpp>

#include <string_view>

void add(resp::Commands<>& commands, std::string_view line) {
#ifdef CORRECT
    commands.add(resp::runtime(line), [] {});
#else
    commands.add(line, [] {});
#endif
}
