// What a handler is: the callable that a Server calls for each request.
#pragma once

#include <libresp/server/awaitable.hpp>
#include <libresp/server/detail/hooks.hpp>
#include <libresp/server/detail/streaming.hpp>
#include <libresp/server/detail/turn.hpp>
#include <libresp/server/outcome.hpp>
#include <libresp/server/reply.hpp>
#include <libresp/server/request.hpp>

#include <concepts>

namespace resp {

/// A callable `void (const Request&, Reply&)`. The server calls it for each request, in the order of arrival.
template <class H>
concept PlainHandler =
    std::copy_constructible<H> && requires(H& handler, const Request& request, Reply& reply) {
        { handler(request, reply) } -> std::same_as<void>;
    };

/// A callable `asio::awaitable<void> (const Request&, Reply&)`. While it waits, the server reads nothing from
/// its connection and serves the others. Both arguments are valid until the coroutine ends.
template <class H>
concept CoroutineHandler =
    std::copy_constructible<H> && requires(H& handler, const Request& request, Reply& reply) {
        { handler(request, reply) } -> std::same_as<detail::Awaitable>;
    };

/// A callable `resp::Outcome (const Request&, Reply&)`. For each request it decides whether it waits.
template <class H>
concept OutcomeHandler =
    std::copy_constructible<H> && requires(H& handler, const Request& request, Reply& reply) {
        { handler(request, reply) } -> std::same_as<Outcome>;
    };

/// What a Server accepts: a PlainHandler, a CoroutineHandler or an OutcomeHandler.
///
/// The server copies the handler once for each connection, so its members are the state of that connection.
/// Hold state that connections share by reference, for example in a std::shared_ptr. If Options::threads is
/// above 1, handlers of different connections run at the same time, so shared state needs a lock.
///
/// If a handler or on_open() throws, the client gets `-ERR internal error` in place of the reply, and the
/// connection closes. An exception from on_close() is only counted and logged.
///
/// Three hooks are optional:
///
///     void on_start(resp::ServerHandle server);    // called once, by run() or start()
///     void on_open(resp::Connection connection);   // called before the first request
///     void on_close(std::error_code reason);       // called after the last request
///
/// on_start() is called on the thread that calls run() or start(), before the first client is accepted, and only on
/// the handler that the server was made with. Each connection gets a copy of that handler, with what on_start() has
/// stored in it. The Turn of each thread is made before. If it throws, run() or start() throws the same, and the
/// server no longer listens.
///
/// `reason` is empty if the client, the handler or stop() closed the connection normally. The handler's copy
/// is destroyed after on_close(). on_close() is not called if the server's context is destroyed first, for
/// example while a coroutine handler still waits after a stop by force.
///
/// An OutcomeHandler may have one more member:
///
///     bool waits(const resp::Request& request) const;   // asked before the handler is called
///
/// If it returns false, the handler gets the request where it was received, as fast as a PlainHandler, and
/// must not wait. If it returns true, or if there is no such member, the handler gets a copy of the request,
/// which stays valid while it waits.
///
/// A handler of any kind may take long words of commands piece by piece. It then has both of these members:
///
///     bool wants_stream(const resp::Command& words_before, std::uint64_t size) const;
///     asio::awaitable<void> on_stream(resp::Incoming& incoming, resp::Reply& reply);   // or a resp::Outcome
///
/// The first is asked for each word above Options::stream_above. If it returns true, on_stream() handles the
/// command; see Incoming. If it returns false, the command is handled like any other.
///
/// A handler may have a member type `Turn`, for what all connections of a thread do together, for example one
/// commit for many writes:
///
///     struct Turn {
///         explicit Turn(const MyHandler& handler);
///         void end();
///     };
///
/// Its constructor gets the handler that the server was made with, or the executor of the thread (a const
/// asio::any_io_executor&), or both in this order, or nothing. Each thread has one, and request.turn<Turn>()
/// returns it. end() is called on the thread after the requests of all clients that were ready are handled, and
/// before any of their replies leaves. If it throws, the connections that had requests in this turn lose the
/// replies of the turn, and are closed.
///
/// A member with a hook's name that cannot be called like this, or that is private, does not compile. One
/// exception: in a `final` class the library does not see a member that is private, or that is overloaded and
/// cannot be called like this. Such a hook is ignored without an error.
template <class H>
concept Handler =
    (PlainHandler<H> || CoroutineHandler<H> || OutcomeHandler<H>) && detail::hook_fits<H, detail::OnStart> &&
    detail::hook_fits<H, detail::OnOpen> && detail::hook_fits<H, detail::OnClose> &&
    detail::waits_fits<H, OutcomeHandler<H>> && detail::turn_fits<H> && detail::stream_fits<H>;

}  // namespace resp
