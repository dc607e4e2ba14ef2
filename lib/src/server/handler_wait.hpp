// What a connection keeps while the coroutine of its handler waits.
#pragma once

#include "asio.hpp"

#include <libresp/codec/value.hpp>
#include <libresp/server/outcome.hpp>

#include <cstddef>
#include <memory>

namespace resp::detail {

class Stream;

struct HandlerWait {
    /// For what the coroutine sleeps; see Streaming::sleep().
    enum class SleepsFor : unsigned char { nothing, input, room };

    HandlerWait();
    ~HandlerWait();

    std::unique_ptr<Value> kept_;                        // the request
    std::unique_ptr<Stream> stream_;                     // or a request of which a word streams
    std::unique_ptr<asio::cancellation_signal> cancel_;  // of the coroutine that awaits the handler
    Outcome outcome_;                                    // what that coroutine awaits next
    std::size_t waits_with_ = 0;             // bytes of a large request that Shared::waiting counts
    asio::steady_timer* sleeper_ = nullptr;  // wakes the coroutine; null if it does not sleep
    SleepsFor sleeps_for_ = SleepsFor::nothing;
    unsigned char in_a_row_ = 0;  // see Streaming::let_others_run()
    bool cancellable_ = false;    // see Session::set_cancellable()
};

}  // namespace resp::detail
