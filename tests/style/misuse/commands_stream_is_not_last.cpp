// expect: only the last word of a line without options can be a resp::ValueStream
// A word that arrives in pieces, before another word.
#include <libresp/server/asio.hpp>
#include <libresp/service.hpp>

#include <string_view>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add_stream("PUT key value",
                        [](std::string_view, resp::ValueStream&) -> asio::awaitable<void> { co_return; });
#else
    commands.add_stream("PUT value key",
                        [](resp::ValueStream&, std::string_view) -> asio::awaitable<void> { co_return; });
#endif
}
