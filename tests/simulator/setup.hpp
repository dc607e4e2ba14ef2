// What one world is like. Everything in it depends on the world's seed.
#pragma once

#include <libresp/server/options.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include "random.hpp"

namespace simulator {

/// The fewest bytes of a word that streams.
inline constexpr std::size_t shortest_stream = 128 * 1024;

struct Setup {
    std::uint64_t seed = 0;
    bool coroutine = false;       // the handler is a coroutine, else a plain function
    bool mixed = false;           // and it also replies at once and later, and long words stream
    bool deferring = false;       // a plain function that defers most replies
    bool memory_fails = false;    // single allocations of the engine fail
    bool destroyed = false;       // the server is destroyed in the middle
    bool small_memory = false;    // max_memory is small enough to be reached
    bool small_output = false;    // max_pushes is small enough to be reached
    std::size_t clients = 0;      // that connect, one after another
    std::size_t at_a_time = 0;    // clients that are connected at a time
    std::size_t stop_after = 0;   // the server stops when so many have connected; 0: never
    bool stops_by_force = false;  // abort() follows the stop before the drain deadline
    std::size_t faults = 0;       // clients of 1,000 whose stream fails in some way
    std::size_t tick_every = 1;   // rounds
    std::size_t gate = 0;         // rounds of 1,000 in which waiting coroutines continue
    resp::Options options;

    /// Whether clients send words that stream.
    [[nodiscard]] bool streams() const noexcept { return mixed && options.reads == resp::Reads::commands; }
    /// One line for a finding.
    [[nodiscard]] std::string describe() const;
};

[[nodiscard]] Setup setup_of(std::uint64_t seed);

}  // namespace simulator
