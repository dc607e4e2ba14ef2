// Runs worlds until so many connections have been simulated, or one world again. If an invariant does not hold,
// or the process crashes, it prints the seed of the world.
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "allocation/failing_allocator.hpp"
#include "setup.hpp"
#include "summary.hpp"
#include "support/sanitized.hpp"
#include "world.hpp"

namespace {

using simulator::Event;
using simulator::Finding;
using simulator::Setup;
using simulator::Summary;
using simulator::World;

// For the signal handler, which may only copy bytes.
char replay[200];
std::size_t replay_size = 0;

// A world takes less than a second. This is for an engine that loops inside one call.
constexpr unsigned longest_world = 120;

void remember(std::uint64_t seed) {
    const auto end =
        fmt::format_to_n(replay, sizeof replay, "simulator: stopped in world {}: --seed {}\n", seed, seed);
    replay_size = std::min(sizeof replay, end.size);
}

extern "C" void report_signal(int number) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, replay, replay_size);
    std::signal(number, SIG_DFL);
    std::raise(number);
}

#ifdef LIBRESP_ASAN
extern "C" void __asan_on_error() {
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, replay, replay_size);
}
#endif

void catch_signals() {
    for (const int number : {SIGABRT, SIGALRM, SIGFPE}) std::signal(number, report_signal);
#if !defined(LIBRESP_ASAN) && !defined(LIBRESP_TSAN)
    for (const int number : {SIGSEGV, SIGBUS, SIGILL}) std::signal(number, report_signal);
#endif
}

/// Runs the world. Returns whether all invariants hold; prints what does not.
bool run_world(std::uint64_t seed, Summary& summary) {
    remember(seed);
    ::alarm(longest_world);
    const Setup setup = simulator::setup_of(seed);
    try {
        World world{setup, summary};
        world.run();
        return true;
    } catch (const Finding& finding) {
        fmt::print(stderr, "simulator: world {}: {}\n  {}\n  again: --seed {}\n", seed, finding.what(),
                   setup.describe(), seed);
        return false;
    }
}

/// The same, and nothing that was allocated may be left. The first worlds may allocate static objects.
bool run_world_without_leak(std::uint64_t seed, Summary& summary, bool first) {
    const std::ptrdiff_t before = support::live_allocations();
    if (!run_world(seed, summary)) return false;
    const std::ptrdiff_t left = support::live_allocations() - before;
    if (left == 0 || first) return true;
    fmt::print(stderr, "simulator: world {}: {} allocations are left\n  {}\n  again: --seed {}\n", seed, left,
               simulator::setup_of(seed).describe(), seed);
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Simulates servers and their clients, with all faults, in one thread."};
    std::uint64_t connections = 1'000'000;
    std::uint64_t from = 1;
    std::uint64_t seed = 0;
    bool progress = false;
    app.add_option("connections", connections, "connections to simulate")->capture_default_str();
    app.add_option("--from", from, "the seed of the first world; the others follow")->capture_default_str();
    CLI::Option* const one = app.add_option("--seed", seed, "run only the world with this seed");
    app.add_flag("--progress", progress, "print the number of connections after each world");
    CLI11_PARSE(app, argc, argv);
    catch_signals();

    Summary summary;
    if (*one) {
        Summary warm_up;
        if (!run_world_without_leak(seed, warm_up, true)) return 1;
        if (!run_world_without_leak(seed, summary, false)) return 1;
        fmt::print("world {}: {}\n{}", seed, simulator::setup_of(seed).describe(), summary.table());
        return 0;
    }
    for (seed = from; summary.of(Event::connection) < connections; ++seed) {
        if (!run_world_without_leak(seed, summary, seed - from < 20)) {
            fmt::print("found after {} connections\n", summary.of(Event::connection));
            return 1;
        }
        if (progress) {
            fmt::print("{} connections\n", summary.of(Event::connection));
            std::fflush(stdout);  // before a crash
        }
    }
    ::alarm(0);
    fmt::print("worlds {} to {}: every invariant holds\n{}", from, seed - 1, summary.table());
    if (const std::string_view missing = summary.missing(); !missing.empty()) {
        fmt::print(stderr, "simulator: this never happened: {}\n", missing);
        return 1;
    }
    return 0;
}
