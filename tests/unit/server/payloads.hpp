// What the tests of the output's queues share: payloads without a server, and random sizes.
#pragma once

#include "handlers.hpp"
#include "server/payload.hpp"

#include <cstddef>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <utility>

namespace support {

/// Makes payloads.
class Pusher {
public:
    [[nodiscard]] resp::detail::SharedPayload payload(std::string bytes) const {
        return resp::detail::make_payload(shared_, std::make_shared<const std::string>(std::move(bytes)),
                                          SIZE_MAX);
    }
    [[nodiscard]] std::size_t memory() const { return shared_->memory; }

private:
    std::shared_ptr<resp::detail::Shared> shared_ = std::make_shared<resp::detail::Shared>(
        resp::Options{}, std::make_unique<resp::detail::HandlerFactory<Ping>>(Ping{}));
};

using Random = std::mt19937;

inline std::size_t below(Random& random, std::size_t n) { return random() % n; }

/// Usually a short size, sometimes a long one.
inline std::size_t any_size(Random& random) {
    constexpr std::size_t most[] = {8, 8, 500, 6'000, 200'000};
    return 1 + below(random, most[below(random, std::size(most))]);
}

}  // namespace support
