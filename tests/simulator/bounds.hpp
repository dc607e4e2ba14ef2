// The bounds that a world must keep. Each is one function, so that it can be made tighter in one place.
#pragma once

#include "client.hpp"
#include "setup.hpp"

namespace simulator {

inline constexpr Time tick_time = resp::detail::Worker::tick_time;
/// A refused or ended client that reads nothing is closed after this long.
inline constexpr Time linger_time{1'000};
/// Deadlines are checked at ticks, and an event counts from the tick after it.
inline constexpr Time lateness = 3 * tick_time;

/// The most bytes of memory that one batch of a world's requests takes: the longest reply, the output that
/// ends a batch, the bytes of one read, with the growth of their buffers.
[[nodiscard]] inline std::size_t one_batch(const Setup& setup) {
    const std::size_t longest_reply = setup.streams() ? 170'000 : 110'000;
    constexpr std::size_t one_read = 128 * 1024;
    constexpr std::size_t growth = 2;
    return growth * (longest_reply + one_read + setup.options.batch_output);
}

/// The most bytes that the server may hold for all clients at each step: one batch may exceed max_memory.
[[nodiscard]] inline std::uint64_t memory_bound(const Setup& setup) {
    return setup.options.max_memory + one_batch(setup);
}
/// Above this many bytes, connections may be held back.
[[nodiscard]] inline std::uint64_t short_from(const Setup& setup) {
    return setup.options.max_memory - setup.options.max_memory / 4;
}

/// How long memory may be short: after a second the engine closes one connection at each tick.
[[nodiscard]] inline Time longest_shortage(const Setup& setup) {
    return Time{1'000} + (setup.at_a_time + 3) * tick_time;
}

/// Whether a push that the handler sent may be lost. Connection::send() posts the push. If the engine reads the
/// client's end of stream before the posted action runs, the connection closes without the push.
[[nodiscard]] inline bool may_lose_pushes(const Client& client) { return client.finished; }

}  // namespace simulator
