// The parts of Asio that a coroutine handler and an embedded server need. <libresp/server.hpp> does not include
// Asio, so that a file with a plain handler compiles quickly.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
