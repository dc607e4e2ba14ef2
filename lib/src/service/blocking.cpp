// Waiting for keys. The order of the queues decides who is woken; see Keys.
#include <libresp/service/detail/blocking.hpp>

#include "defaults.hpp"
#include "runner.hpp"
#include "waiter.hpp"

#include <asio/redirect_error.hpp>

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace resp::detail {

namespace {

using Clock = std::chrono::steady_clock;

bool has_timeout(const Usage& usage) noexcept {
    for (std::size_t i = 1; i != usage.size(); ++i) {
        if (usage[i].kind == UsageNode::Kind::word && usage.text(usage[i]) == "timeout") return true;
    }
    return false;
}

/// The end of the time of a command; the clock's last value if it has no limit.
Clock::time_point deadline_of(const Call& call) {
    if (!has_timeout(call.usage())) return Clock::time_point::max();
    std::optional<double> seconds;
    try {
        seconds = call.number("timeout");
    } catch (const Error&) {
        throw Error{"ERR timeout is not a float or out of range"};
    }
    if (!seconds) return Clock::time_point::max();
    if (*seconds < 0) throw Error{"ERR timeout is negative"};
    constexpr double longest = 3.0e9;  // a hundred years
    if (*seconds > longest) throw Error{"ERR timeout is out of range"};
    if (*seconds == 0) return Clock::time_point::max();
    return Clock::now() +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{*seconds});
}

}  // namespace

struct Blocking::State {
    explicit State(Call& given)
        : call(given),
          table(*record_of(given).table),
          database(given.client().database()),
          deadline(deadline_of(given)),
          waiter(std::make_shared<Waiter>(given.connection().executor())) {
        Runner::add_keys(call, keys);
        // A client that waited twice for one key would be the next in the queue after itself.
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        table.blocked.fetch_add(1, std::memory_order_relaxed);
    }
    ~State();
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Call& call;
    Table& table;
    const unsigned database;
    const Clock::time_point deadline;
    const std::shared_ptr<Waiter> waiter;
    KeyList keys;
    std::size_t memory = 0;   // that is counted for the client
    std::size_t entered = 0;  // it waits for this many of the keys
    bool may_try = true;
};

/// Who is next in the queues may have been woken for nothing, or not at all: it tries now.
Blocking::State::~State() {
    record_of(call).set_waiter(nullptr);
    const std::span<const std::string_view> waited{keys.data(), entered};
    for (const std::string_view key : waited) table.keys.stop_waiting(database, key, *waiter);
    for (const std::string_view key : waited) table.keys.wake(database, key);
    record_of(call).memory.give_back(memory);
    table.blocked.fetch_sub(1, std::memory_order_relaxed);
}

Blocking::Blocking(Call& call) : state_(std::make_unique<State>(call)) {
    State& state = *state_;
    std::size_t memory = 0;
    for (const std::string_view key : state.keys) memory += memory_of_name(key);
    if (!record_of(call).memory.take(call.connection(), memory)) throw Error{out_of_memory};
    state.memory = memory;
    for (const std::string_view key : state.keys) {
        ++state.entered;  // before wait(), which may throw when it has begun
        if (state.table.keys.wait(state.database, key, state.waiter)) state.may_try = false;
    }
    record_of(call).set_waiter(state.waiter);
}

Blocking::~Blocking() = default;

bool Blocking::may_try() const noexcept { return state_->may_try; }

void Blocking::locked(const std::function<void()>& body) {
    Runner::locked(state_->table, state_->call, body);
}

/// If the client has left, there is no reply: then its later commands must not be answered either.
asio::awaitable<Blocking::Next, asio::any_io_executor> Blocking::wait() {
    State& state = *state_;
    // It has tried without success. Those after it may want something else.
    if (state.waiter->is_woken() && state.waiter->unblocked() == Unblocked::no) {
        state.waiter->rest();
        for (const std::string_view key : state.keys) {
            state.table.keys.wake(state.database, key, state.waiter.get());
        }
    }
    asio::steady_timer& timer = state.waiter->timer();
    timer.expires_at(state.deadline);
    while (!state.waiter->is_woken() && state.waiter->unblocked() == Unblocked::no) {
        if (Clock::now() >= state.deadline) co_return Next::timeout;
        std::error_code ec;
        auto wait = timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        const bool is_there = co_await unless_gone(state.call.connection(), std::move(wait));
        if (!is_there || state.call.connection().peer_state() != PeerState::open) {
            state.call.reply().close();
            co_return Next::gone;
        }
    }
    if (state.waiter->unblocked() == Unblocked::error) {
        throw Error{"UNBLOCKED client unblocked via CLIENT UNBLOCK"};
    }
    if (state.waiter->unblocked() == Unblocked::timeout) co_return Next::timeout;
    state.may_try = true;
    co_return Next::again;
}

}  // namespace resp::detail
