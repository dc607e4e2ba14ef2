// expect: a function with a parameter resp::ValueStream& needs resp::Commands::add_stream
// A value in pieces, for a command that gets its words as a whole.
#include <libresp/server/asio.hpp>
#include <libresp/service.hpp>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add_stream("PUT value", [](resp::ValueStream&) -> asio::awaitable<void> { co_return; });
#else
    commands.add("PUT value", [](resp::ValueStream&) -> asio::awaitable<void> { co_return; });
#endif
}
