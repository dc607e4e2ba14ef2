// The bytes of a push. Connections share them, and max_memory counts them once.
#pragma once

#include "shared.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace resp::detail {

/// Counts its bytes as memory until its destruction.
class Payload {
public:
    /// The bytes were counted with Shared::reserve(counted()).
    Payload(std::shared_ptr<Shared> shared, std::shared_ptr<const std::string> bytes,
            bool is_in_table) noexcept;
    Payload(const Payload&) = delete;
    Payload& operator=(const Payload&) = delete;
    ~Payload();

    [[nodiscard]] std::string_view view() const noexcept { return *bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_->size(); }
    [[nodiscard]] static std::size_t counted(const std::string& bytes) noexcept {
        return sizeof(Payload) + sizeof bytes + bytes.size();
    }

private:
    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<const std::string> bytes_;
    const bool is_in_table_;  // of Shared
};

using SharedPayload = std::shared_ptr<const Payload>;

/// The part of the payload's memory that falls to each of the places that share it.
[[nodiscard]] inline std::size_t share_of(const SharedPayload& payload) noexcept {
    return payload->size() / static_cast<std::size_t>(std::max(payload.use_count(), 1L));
}

/// A payload of bytes that no other connection gets. Null if they are longer than `most`, or if max_memory has
/// no room for them.
[[nodiscard]] SharedPayload make_payload(const std::shared_ptr<Shared>& shared,
                                         std::shared_ptr<const std::string> bytes, std::size_t most);
/// The same for bytes that may have been sent before. As long as a payload of this string exists, returns that
/// one.
[[nodiscard]] SharedPayload share_payload(const std::shared_ptr<Shared>& shared,
                                          std::shared_ptr<const std::string> bytes, std::size_t most);

}  // namespace resp::detail
