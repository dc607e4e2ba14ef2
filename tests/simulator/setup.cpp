// Chooses the parameters of a world. Small limits and short deadlines, so that short worlds reach them.
#include "setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace simulator {

namespace {

using namespace std::chrono_literals;

void choose_limits(Setup& setup, Random& random) {
    resp::Options& options = setup.options;
    options.reads = random.chance(700) ? resp::Reads::commands : resp::Reads::anything;
    if (!setup.mixed && random.chance(200)) {  // max_bulk does not apply to words that may stream
        options.limits = {
            .max_line = 40, .max_bulk = 100, .max_elements = 8, .max_depth = 3, .max_frame = 200};
    }
    constexpr std::array<std::size_t, 4> high = {0, 100, 3'000, 20'000};
    if (const std::size_t water = random.one_of<std::size_t>(high); water != 0) {
        options.batch_output = water;
        options.connection_memory = water / random.between(1, 4);
    }
    setup.small_output = random.chance(200);
    if (setup.small_output) options.max_pushes = random.between(300, 5'000);
    setup.small_memory = random.chance(150);
    if (setup.small_memory) options.max_memory = random.between(20, 400) * 10'000;
    if (random.chance(150)) options.max_connections = std::max<std::size_t>(setup.at_a_time * 3 / 4, 1);
}

void choose_deadlines(Setup& setup, Random& random) {
    resp::Options& options = setup.options;
    options.frame_deadline = 200ms * random.between(3, 20);
    options.frame_rate = 64 * 1024;
    options.write_stall = 200ms * random.between(5, 20);
    options.write_rate = 1;  // a client takes single bytes
    options.write_time = std::chrono::hours{1'000};
    options.drain_deadline = 200ms * random.between(5, 20);
    if (random.chance(250)) options.idle_timeout = 200ms * random.between(5, 15);
    if (random.chance(30)) {
        options.log = {.level = resp::LogLevel::debug, .sink = [](resp::LogLevel, std::string_view) {}};
    }
}

}  // namespace

Setup setup_of(std::uint64_t seed) {
    Random random{seed};
    Setup setup;
    setup.seed = seed;
    const std::size_t size = random.below(100);
    setup.at_a_time = size < 40 ? random.between(1, 8) : size < 98 ? random.between(8, 80) : 400;
    setup.clients = size < 40 ? random.between(100, 300) : size < 98 ? random.between(300, 700) : 2'000;
    setup.coroutine = random.chance(450);
    setup.deferring = !setup.coroutine && random.chance(400);
    setup.mixed = setup.coroutine && random.chance(400);
    if (setup.deferring || setup.mixed) setup.options.max_deferred = random.between(1, 30);
    choose_limits(setup, random);
    choose_deadlines(setup, random);
    if (setup.streams()) setup.options.stream_above = shortest_stream;
    setup.memory_fails = !setup.coroutine && !setup.deferring && setup.at_a_time <= 80 && random.chance(150);
    setup.destroyed = random.chance(40);
    if (setup.destroyed || random.chance(500)) setup.stop_after = random.between(1, setup.clients);
    setup.stops_by_force = random.chance(150);
    constexpr std::array<std::size_t, 4> faults = {0, 50, 200, 500};
    setup.faults = random.one_of<std::size_t>(faults);
    setup.tick_every = random.between(1, 6);
    setup.gate = random.between(50, 900);
    return setup;
}

std::string Setup::describe() const {
    return fmt::format(
        "{} handler, {} clients, {} at a time, {} of 1,000 with faults, a tick every {} rounds, gate {}\n"
        "  stop after {}{}{}{}\n"
        "  reads {}, max_line {}, batch_output {}, connection_memory {}, max_pushes {}, max_memory {}, "
        "max_connections {}\n"
        "  deadlines in ms: frame {}, stall {}, idle {}, drain {}",
        mixed       ? "mixed"
        : coroutine ? "coroutine"
        : deferring ? "deferring"
                    : "plain",
        clients, at_a_time, faults, tick_every, gate, stop_after, stops_by_force ? ", by force" : "",
        destroyed ? ", destroyed" : "", memory_fails ? ", allocations fail" : "",
        options.reads == resp::Reads::commands ? "commands" : "anything", options.limits.max_line,
        options.batch_output, options.connection_memory, options.max_pushes, options.max_memory,
        options.max_connections, options.frame_deadline.count(), options.write_stall.count(),
        options.idle_timeout.count(), options.drain_deadline.count());
}

}  // namespace simulator
