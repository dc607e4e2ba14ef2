// The registry of clients, and the sums of what the threads have counted.
#include "clients.hpp"

#include "tracker.hpp"
#include "transaction.hpp"
#include "waiter.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

namespace resp::detail {

void CommandTally::add_time(std::chrono::nanoseconds time) noexcept {
    const auto microseconds = static_cast<std::uint64_t>(time.count()) / 1000;
    timed.add();
    nanoseconds.add(static_cast<std::uint64_t>(time.count()));
    histogram[std::min(static_cast<std::size_t>(std::bit_width(microseconds)), histogram.size() - 1)].add();
}

void CommandTally::reset() noexcept {
    for (Tally* tally : {&calls, &rejected, &failed, &timed, &nanoseconds}) tally->reset();
    for (Tally& tally : histogram) tally.reset();
}

ThreadTally& Statistics::of_thread(std::size_t thread, std::size_t commands) {
    const std::lock_guard lock{mutex_};
    while (threads_.size() <= thread) threads_.emplace_back();
    if (threads_[thread] == nullptr) threads_[thread] = std::make_unique<ThreadTally>(commands);
    return *threads_[thread];
}

Statistics::Sum Statistics::of_command(std::size_t index) const {
    const std::lock_guard lock{mutex_};
    Sum sum;
    for (const auto& thread : threads_) {
        if (thread == nullptr) continue;
        const CommandTally& command = thread->of[index];
        sum.calls += command.calls.value();
        sum.rejected += command.rejected.value();
        sum.failed += command.failed.value();
        sum.timed += command.timed.value();
        sum.nanoseconds += command.nanoseconds.value();
        for (std::size_t i = 0; i != sum.histogram.size(); ++i)
            sum.histogram[i] += command.histogram[i].value();
    }
    return sum;
}

std::uint64_t Statistics::calls() const {
    const std::lock_guard lock{mutex_};
    std::uint64_t sum = 0;
    for (const auto& thread : threads_) {
        if (thread == nullptr) continue;
        for (const CommandTally& command : thread->of) sum += command.calls.value();
    }
    return sum;
}

std::uint64_t Statistics::errors() const {
    const std::lock_guard lock{mutex_};
    std::uint64_t sum = 0;
    for (const auto& thread : threads_) sum += thread != nullptr ? thread->errors.value() : 0;
    return sum;
}

void ThreadTally::count_code(std::string_view error) {
    constexpr std::size_t most = 128, longest = 32;
    const std::string_view code = error.substr(0, std::min(error.find(' '), longest));
    const std::lock_guard lock{codes_mutex};
    if (const auto found = codes.find(code); found != codes.end()) {
        ++found->second;
    } else if (codes.size() < most) {
        codes.emplace(code, 1);
    }
}

std::map<std::string, std::uint64_t, std::less<>> Statistics::errors_by_code() const {
    const std::lock_guard lock{mutex_};
    std::map<std::string, std::uint64_t, std::less<>> sum;
    for (const auto& thread : threads_) {
        if (thread == nullptr) continue;
        const std::lock_guard codes_lock{thread->codes_mutex};
        for (const auto& [code, count] : thread->codes) sum[code] += count;
    }
    return sum;
}

/// A counter to which its thread adds at the same time may keep its old value.
void Statistics::reset() {
    const std::lock_guard lock{mutex_};
    for (const auto& thread : threads_) {
        if (thread == nullptr) continue;
        for (CommandTally& command : thread->of) command.reset();
        thread->errors.reset();
        const std::lock_guard codes_lock{thread->codes_mutex};
        thread->codes.clear();
    }
}

ClientRecord::ClientRecord(Connection connection) : Client(std::move(connection)) {}
ClientRecord::~ClientRecord() = default;

void ClientRecord::update_line() noexcept {
    using Kind = PubSub::Kind;
    channels_.store(subscriptions.of(Kind::channel).size(), std::memory_order_relaxed);
    patterns_.store(subscriptions.of(Kind::pattern).size(), std::memory_order_relaxed);
    shards_.store(subscriptions.of(Kind::shard).size(), std::memory_order_relaxed);
    queued_.store(transaction != nullptr ? std::ssize(transaction->queued) : -1, std::memory_order_relaxed);
    monitors_.store(is_monitor, std::memory_order_relaxed);
    tracks_.store(tracking != nullptr, std::memory_order_relaxed);
    redirect_.store(tracking != nullptr ? tracking->redirect() : 0, std::memory_order_relaxed);
    broadcasts_.store(tracking != nullptr && tracking_mode == TrackingMode::broadcast,
                      std::memory_order_relaxed);
}

void ClientRecord::set_waiter(std::shared_ptr<Waiter> waiter) {
    const std::lock_guard lock{waiter_mutex_};
    waiter_ = std::move(waiter);
    blocked_.store(waiter_ != nullptr, std::memory_order_relaxed);
}

bool ClientRecord::unblock(Unblocked how) {
    const std::lock_guard lock{waiter_mutex_};
    if (waiter_ == nullptr) return false;
    if (!waiter_->unblock(how)) return false;
    static_cast<void>(Waiter::wake(waiter_));
    return true;
}

void Clients::add(std::shared_ptr<ClientRecord> client) {
    const std::lock_guard lock{mutex_};
    client->is_listed = true;
    clients_.emplace(client->id(), std::move(client));
}

void Clients::remove(const ClientRecord& client) noexcept {
    if (!client.is_listed) return;
    const std::lock_guard lock{mutex_};
    clients_.erase(client.id());
}

std::vector<std::shared_ptr<ClientRecord>> Clients::all() const {
    const std::lock_guard lock{mutex_};
    std::vector<std::shared_ptr<ClientRecord>> all;
    all.reserve(clients_.size());
    for (const auto& [id, client] : clients_) all.push_back(client);
    return all;
}

std::shared_ptr<ClientRecord> Clients::find(std::uint64_t id) const {
    const std::lock_guard lock{mutex_};
    const auto found = clients_.find(id);
    return found != clients_.end() ? found->second : nullptr;
}

std::size_t Clients::size() const {
    const std::lock_guard lock{mutex_};
    return clients_.size();
}

}  // namespace resp::detail
