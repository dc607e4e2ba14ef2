// The registry of clients, and the sums of what the threads have counted.
#include "clients.hpp"

#include "tracker.hpp"
#include "transaction.hpp"

#include <iterator>

namespace resp::detail {

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
        sum.calls += thread->of[index].calls.value();
        sum.rejected += thread->of[index].rejected.value();
        sum.failed += thread->of[index].failed.value();
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

/// A count that its thread adds at the same time may be lost.
void Statistics::reset() {
    const std::lock_guard lock{mutex_};
    for (const auto& thread : threads_) {
        if (thread == nullptr) continue;
        for (CommandTally& command : thread->of) {
            command.calls.reset();
            command.rejected.reset();
            command.failed.reset();
        }
        thread->errors.reset();
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
    tracks_.store(tracking != nullptr, std::memory_order_relaxed);
    broadcasts_.store(tracking != nullptr && tracking_mode == TrackingMode::broadcast,
                      std::memory_order_relaxed);
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

std::size_t Clients::size() const {
    const std::lock_guard lock{mutex_};
    return clients_.size();
}

}  // namespace resp::detail
