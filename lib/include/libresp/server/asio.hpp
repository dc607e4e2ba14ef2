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
#include <libresp/server/detail/async_send.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <utility>

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

/// Sends whole RESP values like Connection::send(), and completes when the client has room for more. `token` is a
/// completion token of Asio for `void(std::error_code)`.
///
///     while (auto part = co_await upstream.next()) {
///         co_await resp::async_send(client, std::move(*part), asio::use_awaitable);
///     }
///
/// A producer that waits for each call before the next one keeps pace with its client. There is room when at most
/// Options::connection_memory bytes wait for the client, replies included; less if max_memory is small for the
/// number of connections. The bytes do not count for Options::max_pushes, so they may be of any total size, and the
/// server never closes the connection because of them. They count for Options::max_memory from the call on. Calls
/// at the same time keep their order, and each adds its bytes to those that wait.
///
/// The error is
///
///     none                                the bytes are queued, and there is room
///     std::errc::not_connected            the connection is gone; the client may have got the bytes or not
///     std::errc::not_enough_memory        max_memory has no room for the bytes: they are not queued
///     asio::error::operation_aborted      cancelled (terminal or partial): the bytes stay queued
///
/// Call it from any thread. The completion handler runs on its associated executor. Without one it runs on the
/// executor of the connection, or on asio::system_executor if the connection is gone already. If the server or its
/// context is destroyed during the wait, the completion handler is destroyed without a call, like those of Asio.
///
/// A push is sent between replies. So do not await this in a handler that has begun to write its reply to the same
/// client. Throws std::bad_alloc.
template <class Token>
auto async_send(Connection connection, std::string bytes, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code)>(detail::InitiateSend{}, token,
                                                              std::move(connection), std::move(bytes));
}
/// The same without a copy. The connections that get the same string share it, and it counts once.
template <class Token>
auto async_send(Connection connection, std::shared_ptr<const std::string> bytes, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code)>(detail::InitiateSend{}, token,
                                                              std::move(connection), std::move(bytes));
}

}  // namespace resp
