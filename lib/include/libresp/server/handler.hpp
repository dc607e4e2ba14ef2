// What a handler is: the callable that a Server calls for each request.
#pragma once

#include <libresp/server/detail/awaitable.hpp>
#include <libresp/server/detail/hooks.hpp>
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

/// What a Server accepts: a PlainHandler or a CoroutineHandler.
///
/// The server copies the handler once for each connection, so its members are the state of that connection.
/// Hold state that connections share by reference, for example in a std::shared_ptr. If Options::threads is
/// above 1, handlers of different connections run at the same time, so shared state needs a lock.
///
/// If a handler or on_open() throws, the client gets `-ERR internal error` in place of the reply, and the
/// connection closes. An exception from on_close() is only counted and logged.
///
/// Two hooks are optional:
///
///     void on_open(resp::Connection connection);   // called before the first request
///     void on_close(std::error_code reason);       // called after the last request
///
/// `reason` is empty if the client, the handler or stop() closed the connection normally. The handler's copy
/// is destroyed after on_close(). on_close() is not called if the server's context is destroyed first, for
/// example while a coroutine handler still waits after a stop by force.
///
/// A member with a hook's name that cannot be called like this, or that is private, does not compile. One
/// exception: in a `final` class the library does not see a member that is private, or that is overloaded and
/// cannot be called like this. Such a hook is ignored without an error.
template <class H>
concept Handler = (PlainHandler<H> || CoroutineHandler<H>) && detail::hook_fits<H, detail::OnOpen> &&
                  detail::hook_fits<H, detail::OnClose>;

}  // namespace resp
