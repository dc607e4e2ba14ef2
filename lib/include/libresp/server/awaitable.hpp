// Declares two types of Asio without including it, so that a file with a plain handler compiles without Asio, and a
// header of yours can name asio::awaitable.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

namespace asio {
class any_io_executor;
template <typename T, typename Executor>
class awaitable;
}  // namespace asio

namespace resp::detail {

using Awaitable = asio::awaitable<void, asio::any_io_executor>;

}  // namespace resp::detail
