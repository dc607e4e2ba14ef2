// The states of a connection.
//
// State: the life of the connection. Only `open` reads requests and calls the handler.
//
//     open ─────► closing ─────► lingering ─────► closed
//     reads and   sends the      discards what    the transport
//     handles     queued output  still arrives    is gone
//
// `open` ends at the client's end of stream, a protocol error, an exception of the handler, a close() or the
// server's stop. An error of the transport, a missed deadline or too much memory leads to `closed` at once,
// from each state.
//
// Activity: what it does now.
//
//     ready ──continue in a later batch──► posted ──the other connections had a batch──► ready
//     ready ──a coroutine handler──► awaiting ──the handler has ended──► ready
//
// Next: what the next batch begins with.
//
//     read     everything received was handled: read from the transport
//     handle   the last batch left requests in the decoder: handle them
//     await    memory was short when the coroutine for a large request would have begun: begin it
#pragma once

#include "shared.hpp"

#include <cstddef>
#include <cstdint>
#include <system_error>

namespace resp::detail {

enum class State : unsigned char { open, closing, lingering, closed };
enum class Activity : unsigned char { ready, posted, awaiting };
enum class Next : unsigned char { read, handle, await };
enum class Receipt : unsigned char { bytes, nothing, end };

/// Thrown to a handler that waits for a client which has left, or whose connection ends.
class Left final : public std::system_error {
public:
    explicit Left(std::error_code reason)
        : std::system_error(reason ? reason : std::make_error_code(std::errc::connection_aborted)) {}
};

/// What a closing or lingering connection remembers.
struct Linger {
    Clock::time_point begun = next_tick;    // since when it closes or lingers
    std::chrono::milliseconds allowed{};    // the time limit for that
    Clock::time_point since{};              // the last ACK
    std::size_t unacknowledged = SIZE_MAX;  // bytes, at the last tick
    std::uint32_t discards = 1024 * 1024;   // bytes that it will still read
};

}  // namespace resp::detail
