// expect: must be a coroutine with a parameter resp::ValueStream&
// A function that cannot wait for the next piece.
#include <libresp/server/asio.hpp>
#include <libresp/service.hpp>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add_stream("PUT value", [](resp::ValueStream&) -> asio::awaitable<void> { co_return; });
#else
    commands.add_stream("PUT value", [](resp::ValueStream&) {});
#endif
}
