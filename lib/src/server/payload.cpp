// How the bytes of pushes and of shared strings are counted.
#include "payload.hpp"

#include <cassert>
#include <mutex>
#include <utility>

namespace resp::detail {

namespace {

SharedPayload make(const std::shared_ptr<Shared>& shared, std::shared_ptr<const std::string> bytes,
                   std::size_t most, bool is_in_table) {
    // First of all: for such a push, no client must be closed to make room.
    if (bytes->size() > most) return nullptr;
    const std::size_t counted = Payload::counted(*bytes);
    if (!shared->reserve(counted)) {
        if (counted <= shared->options.max_memory)
            shared->push_refused.store(counted, std::memory_order_relaxed);
        return nullptr;
    }
    try {
        return std::make_shared<const Payload>(shared, std::move(bytes), is_in_table);
    } catch (...) {
        shared->memory.fetch_sub(counted, std::memory_order_relaxed);
        throw;
    }
}

}  // namespace

bool Shared::reserve(std::size_t bytes) noexcept {
    const std::uint64_t before = memory.fetch_add(bytes, std::memory_order_relaxed);
    if (before <= options.max_memory && bytes <= options.max_memory - before) return true;
    memory.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
}

Payload::Payload(std::shared_ptr<Shared> shared, std::shared_ptr<const std::string> bytes,
                 bool is_in_table) noexcept
    : shared_(std::move(shared)), bytes_(std::move(bytes)), is_in_table_(is_in_table) {
    assert(shared_ != nullptr && bytes_ != nullptr);
}

Payload::~Payload() {
    shared_->memory.fetch_sub(counted(*bytes_), std::memory_order_relaxed);
    if (!is_in_table_) return;
    PayloadTable& table = shared_->payload_table;
    const std::lock_guard lock{table.mutex};
    const auto found = table.payloads.find(bytes_.get());
    // Another payload of the same string may have taken the place in the meantime.
    if (found != table.payloads.end() && found->second.expired()) table.payloads.erase(found);
}

SharedPayload make_payload(const std::shared_ptr<Shared>& shared, std::shared_ptr<const std::string> bytes,
                           std::size_t most) {
    return make(shared, std::move(bytes), most, false);
}

SharedPayload share_payload(const std::shared_ptr<Shared>& shared, std::shared_ptr<const std::string> bytes,
                            std::size_t most) {
    const std::string* const key = bytes.get();
    PayloadTable& table = shared->payload_table;
    {
        const std::lock_guard lock{table.mutex};
        const auto found = table.payloads.find(key);
        if (found != table.payloads.end()) {
            if (SharedPayload payload = found->second.lock()) return payload;
        }
    }
    SharedPayload payload = make(shared, std::move(bytes), most, true);
    if (payload == nullptr) return nullptr;
    const std::lock_guard lock{table.mutex};
    table.payloads[key] = payload;
    return payload;
}

}  // namespace resp::detail
