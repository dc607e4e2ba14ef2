// The wait of one async_send() until there is room, without its completion handler.
//
//     async_send()  ──► a timer that never expires; Asio owns its handler, which is the completion handler
//     SendQueue     ──► owns the timer: to end the wait, it sets `result` and destroys the timer
//
// So only the context owns the completion handler, and destroys it with itself.
#pragma once

#include "asio.hpp"

#include <libresp/server/detail/async_send.hpp>

#include <utility>

namespace resp::detail {

/// Its destruction completes the async_send() with `*result`.
struct SendWait {
    SendWait(const asio::any_io_executor& executor, SendResult at_the_end)
        : result(std::move(at_the_end)), timer(executor, asio::steady_timer::time_point::max()) {}

    const SendResult result;
    asio::steady_timer timer;
};

}  // namespace resp::detail
