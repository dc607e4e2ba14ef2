// The parts of Asio that coroutine handlers, timers and embedded servers (servers on your own executor) need.
// <libresp/server.hpp> does not include Asio, so a file whose handler is not a coroutine compiles quickly.
//
//     asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
//         asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::milliseconds{10}};
//         co_await timer.async_wait(asio::use_awaitable);
//         reply.value(request.value());
//     }
#pragma once

#include <libresp/server/connection.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#if !defined(ASIO_HAS_CO_AWAIT)
#error \
    "Asio does not see coroutines here: link the CMake target libresp::server, or define ASIO_HAS_CO_AWAIT=1"
#endif

namespace resp {

/// Awaits `wait` in a coroutine handler, until the client leaves. Returns true if `wait` has returned. So its
/// result is never lost, even if the client has left at that moment. Returns false if the client has reset the
/// connection or ended its stream, or if the server closes the connection. Then the wait was cancelled and has
/// thrown (asio::error::operation_aborted), or did not begin, and the handler should return without a reply.
/// Throws what `wait` throws if it was not cancelled.
///
///     const resp::Connection client = request.connection();
///     if (!co_await resp::unless_gone(client, timer.async_wait(asio::use_awaitable))) co_return;
///
/// Without it, a handler that waits for something which never happens keeps the place of its client until the
/// server stops. Call it in the handler of this connection, for one wait at a time. What `wait` awaits must support
/// cancellation, as all operations of Asio do. If `wait` hides that it was cancelled and returns, for example
/// because of asio::redirect_error, this returns true, and the next call returns false.
asio::awaitable<bool> unless_gone(Connection connection, asio::awaitable<void> wait);

}  // namespace resp
