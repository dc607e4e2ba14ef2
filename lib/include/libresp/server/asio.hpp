// The parts of Asio that coroutine handlers, timers and embedded servers (servers on your own executor) need.
// <libresp/server.hpp> does not include Asio, so a file whose handler is not a coroutine compiles quickly.
//
//     asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
//         asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::milliseconds{10}};
//         co_await timer.async_wait(asio::use_awaitable);
//         reply.value(request.value());
//     }
#pragma once

#include <libresp/detail/require_cxx20.hpp>

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
