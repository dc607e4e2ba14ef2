// One world: a server, its clients, the time and the faults. The same seed makes the same world.
//
//     a round:  clients connect ─► each client acts ─► the world acts ─► the poller ─► posted actions ─► a tick?
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "allocation/failing_allocator.hpp"
#include "client.hpp"
#include "handlers.hpp"
#include "random.hpp"
#include "setup.hpp"
#include "summary.hpp"
#include "support/memory_transport.hpp"

namespace simulator {

/// An invariant does not hold. The text says which, and for which client.
struct Finding : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class World {
public:
    World(const Setup& setup, Summary& summary);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    /// Runs it to its end. Throws Finding.
    void run();

private:
    // world.cpp: rounds
    void round();
    void connect();
    void clients_act();
    void world_acts();
    void poll();
    void poll(Client& client);
    void run_turn();
    bool run_posted();
    void allow_steps(std::uint64_t n);
    void tick();
    void stop();
    void answer_one();
    template <class Action>
    void engine(const Action& action);
    void arm_allocator();
    [[nodiscard]] Client& any_client() { return *clients_[random_.below(clients_.size())]; }

    // ending.cpp: quiet times and the end
    void settle();
    [[nodiscard]] bool open_gates();
    [[nodiscard]] bool is_short_of_memory() const noexcept;
    void check_quiet();
    void finish();
    void let_deadlines_pass();
    void pass(Time time);
    void require_empty();

    // judge.cpp: what must hold
    void remove_gone();
    void judge(Client& client);
    void count(Client& client, const fuzz::Match& found);
    [[nodiscard]] const char* wrong_with(Client& client, const fuzz::Match& found);
    [[nodiscard]] const char* wrong_reason(Client& client);
    [[nodiscard]] const char* wrong_number(Client& client, const fuzz::Match& found);
    [[nodiscard]] bool is_late(const Client& client) const;
    [[nodiscard]] bool is_excused(const Client& client) const;
    [[nodiscard]] bool has_limits() const noexcept { return setup_.small_memory || setup_.small_output; }
    [[noreturn]] void fail(const std::string& what) const;
    [[noreturn]] void fail(Client& client, const std::string& what) const;
    void check(bool holds, const char* what) const {
        if (!holds) [[unlikely]]
            fail(what);
    }

    const Setup& setup_;
    Summary& summary_;
    Random random_;
    Stage stage_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::optional<support::MemoryServer> server_;

    Time now_{0};
    std::size_t rounds_ = 0;
    std::size_t connected_ = 0;
    std::uint64_t steps_ = 0;  // of the engine
    std::uint64_t most_steps_ = 0;
    Time over_memory_ = Time::min() / 2;  // when memory was short last
    std::optional<Time> stopped_at_;
    bool aborted_ = false;        // clients may have been closed by force
    std::uint64_t failures_ = 0;  // allocations that failed
    std::uint64_t lost_ = 0;      // clients that lost something because an allocation failed
    std::optional<support::FailingAllocation> failing_;
    std::optional<support::SparedAllocation> spared_;
};

}  // namespace simulator
