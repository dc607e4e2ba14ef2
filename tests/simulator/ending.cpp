// Quiet times, in which everything that can happen has happened, and the end of a world.
#include <algorithm>

#include "bounds.hpp"
#include "world.hpp"

namespace simulator {

/// Opens everything that coroutines wait for, and answers all deferred replies. Returns whether there was one.
bool World::open_gates() {
    bool opened = stage_.gate.open();
    for (fuzz::Gate& timer : stage_.timers) opened = timer.open() || opened;
    opened = opened || !stage_.answers.empty();
    while (!stage_.answers.empty()) answer_one();
    return opened;
}

/// Runs the engine until it rests.
void World::settle() {
    std::size_t unread = 0;
    for (const auto& client : clients_) unread += client->stream->unread();
    allow_steps(8 * unread);
    bool did = true;
    while (did) {
        did = false;
        while (run_posted()) did = true;
        const std::uint64_t rested = steps_;
        for (const auto& client : clients_) poll(*client);
        did = did || steps_ != rested || open_gates();
        check(steps_ < most_steps_, "the engine does not come to rest");
    }
}

/// Whether connections may be held back because memory is short.
bool World::is_short_of_memory() const noexcept { return now_ - over_memory_ <= lateness; }

/// Everything that can be sent has been sent: requires that each client that reads has all its replies and
/// pushes.
void World::check_quiet() {
    settle();
    if (is_short_of_memory()) return;
    remove_gone();
    summary_.add(Event::quiet_check);
    for (const auto& client : clients_) {
        if (client->taking != Taking::everything || is_excused(*client)) continue;
        if (client->stream->closed || failures_ != 0) continue;
        const fuzz::Expected& expected = client->expected();
        if (expected.abrupt) continue;
        const fuzz::Match found =
            fuzz::match(client->stream->received, expected.replies, client->served.pushed);
        if (found.wrong != nullptr) fail(*client, found.wrong);
        if (stopped_at_) continue;  // judged at the end: later requests may be lost
        if (found.replies != expected.replies.size()) fail(*client, "a reply is missing in a quiet world");
        if (found.pushes < client->served.own_pushes) fail(*client, "a push is missing in a quiet world");
        if (!expected.ends && found.pushes != client->served.pushed.size() && !client->finished)
            fail(*client, "a push is missing on an open connection");
        if (expected.ends && !client->stream->ended) fail(*client, "a stream that must end has not ended");
        if (client->finished) fail(*client, "a client that has left is not closed");
    }
}

/// As the timer does: tick by tick.
void World::pass(Time time) {
    for (Time passed{0}; passed < time; passed += tick_time) {
        settle();
        tick();
        for (const auto& client : clients_) {
            if (client->stream->ended && !client->ended_at) client->ended_at = now_;
        }
    }
    settle();
    remove_gone();
}

/// Nobody sends anything more. Each deadline that can pass, passes.
void World::let_deadlines_pass() {
    for (const auto& client : clients_) client->become_patient();
    const resp::Options& options = setup_.options;
    const Time began = now_;
    constexpr Time memory_shortage{4'000};  // and what the bytes of a frame add to its deadline
    pass(std::max(options.frame_deadline, options.write_stall) + linger_time + memory_shortage);
    const bool was_short = over_memory_ >= began - lateness;  // deadlines begin again after a shortage
    if (stopped_at_ || failures_ != 0 || was_short) return;
    for (const auto& client : clients_) {
        if (client->refused) fail(*client, "a refused client stays");
        const fuzz::Expected& expected = client->expected();
        if (expected.ends) fail(*client, "a client whose connection must end stays");
        if (expected.incomplete) fail(*client, "an incomplete request outlives its deadline");
        if (client->taking == Taking::nothing && client->stream->interest.write)
            fail(*client, "a client that does not read outlives its deadline");
        if (client->finished) fail(*client, "a client that has left is not closed");
    }
}

void World::finish() {
    check_quiet();
    let_deadlines_pass();
    check_quiet();
    if (stopped_at_) {
        const Time left = *stopped_at_ + setup_.options.drain_deadline + lateness - now_;
        pass(std::max(left, Time{0}));
        check(server_->has_stopped(), "the server has stopped at the drain deadline");
    }
    for (const auto& client : clients_) client->finish(now_);
    for (const auto& client : clients_) client->stream->room = support::MemoryClient::all;
    settle();
    pass(linger_time + lateness);
    // During a shortage nothing is read from paused connections, so the engine does not see that they have left.
    if (is_short_of_memory()) pass(longest_shortage(setup_));
    require_empty();
}

void World::require_empty() {
    remove_gone();
    if (!clients_.empty()) fail(*clients_.front(), "a client is not closed");
    check(server_->connections() == 0, "a connection is left");
    check(server_->memory() == 0, "memory is held for no client");
    check(!stage_.closed_unopened, "on_close() is called without on_open()");
    check(lost_ <= failures_, "more clients have lost something than allocations have failed");
    summary_.add(Event::request, server_->counters().requests.value());
    summary_.add(Event::handler_threw, server_->counters().handler_errors.value());
    summary_.add(Event::deferred, stage_.deferred);
    summary_.add(Event::streamed, stage_.streamed);
}

}  // namespace simulator
