// expect: the parameter for this word must be a std::optional
// A word that a client may leave out, for a parameter that needs one.
#include <libresp/service.hpp>

#include <optional>
#include <string_view>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("SPOP key [count]", [](std::string_view, std::optional<int>) {});
#else
    commands.add("SPOP key [count]", [](std::string_view, int) {});
#endif
}
