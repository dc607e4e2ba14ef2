// The coroutines of a handler that takes a long word, or writes a long reply, piece by piece.
#pragma once

#include "asio.hpp"

#include <libresp/codec/command.hpp>
#include <libresp/server/incoming.hpp>

#include <optional>

namespace resp::detail {

class Session;

/// They run on the session's executor, outside of its functions.
class Streaming {
public:
    static asio::awaitable<std::optional<Incoming::Piece>> next(Session& session);
    static asio::awaitable<Command> rest(Session& session);
    static asio::awaitable<void> drain(Session& session);
    /// After on_stream(): skips what it did not read.
    static asio::awaitable<void> end(Session& session);

    /// Whether the handler may soon write more of its reply.
    [[nodiscard]] static bool goes_on(Session& session) noexcept;
    /// Wakes the coroutine if that for which it sleeps has happened.
    static void wake(Session& session) noexcept;

private:
    static void leave(Session& session);
    static asio::awaitable<void> read_more(Session& session);
    static asio::awaitable<void> sleep(Session& session);
    static asio::awaitable<void> let_others_run(Session& session);
};

}  // namespace resp::detail
