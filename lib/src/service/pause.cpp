// CLIENT PAUSE, UNPAUSE and UNBLOCK.
#include "pause.hpp"

#include "defaults.hpp"
#include "transaction.hpp"
#include "waiter.hpp"

#include <asio/redirect_error.hpp>

#include <algorithm>
#include <string>

namespace resp::detail {

namespace {

bool may_write(const CommandEntry& entry) noexcept {
    return entry.traits.write || entry.name == "publish" || entry.name == "spublish";
}

}  // namespace

// ---- Pause

void Pause::begin(Clock::time_point until, bool only_writes) {
    const std::lock_guard lock{mutex_};
    const bool is_new = until_ <= Clock::now();
    only_writes_ = only_writes && (is_new || only_writes_);
    until_ = std::max(until_, until);
}

void Pause::end() {
    const std::lock_guard lock{mutex_};
    until_ = {};
    for (const auto& waiter : waiters_) static_cast<void>(Waiter::wake(waiter));
}

Pause::Clock::time_point Pause::until() const {
    const std::lock_guard lock{mutex_};
    return until_;
}

bool Pause::lasts() const { return Clock::now() < until(); }

bool Pause::holds(const CommandEntry& entry, const ClientRecord& client) const {
    if (!lasts() || entry.name == "client|pause" || entry.name == "client|unpause") return false;
    const std::lock_guard lock{mutex_};
    if (!only_writes_ || may_write(entry)) return true;
    if (entry.name != "exec" || client.transaction == nullptr) return false;
    const auto& queued = client.transaction->queued;
    return std::any_of(queued.begin(), queued.end(), [](const auto& each) { return may_write(*each.entry); });
}

/// A waiter in the set, as long as its coroutine exists. INFO counts it as blocked.
class Pause::Place {
public:
    Place(Pause& pause, const ClientRecord& client)
        : pause_(pause),
          blocked_(client.table->blocked),
          waiter_(std::make_shared<Waiter>(client.connection().executor())) {
        const std::lock_guard lock{pause_.mutex_};
        pause_.waiters_.insert(waiter_);
        blocked_.fetch_add(1, std::memory_order_relaxed);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
        const std::lock_guard lock{pause_.mutex_};
        pause_.waiters_.erase(waiter_);
        blocked_.fetch_sub(1, std::memory_order_relaxed);
    }
    [[nodiscard]] Waiter& waiter() const noexcept { return *waiter_; }

private:
    Pause& pause_;
    std::atomic<std::uint64_t>& blocked_;
    const std::shared_ptr<Waiter> waiter_;
};

asio::awaitable<bool> Pause::wait(const CommandEntry& entry, const ClientRecord& client) {
    const Place place{*this, client};
    asio::steady_timer& timer = place.waiter().timer();
    while (holds(entry, client)) {
        place.waiter().rest();
        timer.expires_at(std::min(until(), Clock::now() + std::chrono::seconds{1}));
        if (!lasts()) break;
        std::error_code ec;
        auto wait = timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        const bool is_there = co_await unless_gone(client.connection(), std::move(wait));
        if (!is_there || client.connection().peer_state() != PeerState::open) co_return false;
    }
    co_return true;
}

// ---- the commands

namespace {

void pause(Table& table, const Call& call) {
    constexpr std::int64_t longest = std::int64_t{100} * 365 * 24 * 3600 * 1000;
    const bool only_writes = call.size() == 4 && equals_ignoring_case(call[3], "WRITE");
    if (call.size() == 4 && !only_writes && !equals_ignoring_case(call[3], "ALL")) {
        throw Error{"ERR CLIENT PAUSE mode must be WRITE or ALL"};
    }
    const auto time = call.command().integer(2);
    if (!time || *time > longest) throw Error{"ERR timeout is not an integer or out of range"};
    if (*time < 0) throw Error{"ERR timeout is negative"};
    table.pause.begin(Pause::Clock::now() + std::chrono::milliseconds{*time}, only_writes);
    table.set_extra(Extra::pause, true);
}

int unblock(const Table& table, const Call& call) {
    const bool with_error = call.size() == 4 && equals_ignoring_case(call[3], "ERROR");
    if (call.size() == 4 && !with_error && !equals_ignoring_case(call[3], "TIMEOUT")) {
        throw Error{"ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"};
    }
    const auto id = call.command().integer(2);
    if (!id) throw Error{std::string{not_an_integer}};
    const auto client = table.clients.find(static_cast<std::uint64_t>(*id));
    if (client == nullptr) return 0;
    return client->unblock(with_error ? Unblocked::error : Unblocked::timeout) ? 1 : 0;
}

}  // namespace

void add_pause(Table& table) {
    table.add_default(
        "CLIENT PAUSE timeout [WRITE | ALL]",
        [&table](Call& call) {
            pause(table, call);
            return ok;
        },
        about_admin("connection", "Suspends commands processing."), true);
    table.add_default(
        "CLIENT UNPAUSE",
        [&table] {
            table.set_extra(Extra::pause, false);
            table.pause.end();
            return ok;
        },
        about_admin("connection", "Resumes processing commands from paused clients."));
    table.add_default(
        "CLIENT UNBLOCK client-id [TIMEOUT | ERROR]", [&table](Call& call) { return unblock(table, call); },
        about_admin("connection",
                    "Unblocks a client blocked by a blocking command from a different connection."),
        true);
}

}  // namespace resp::detail
