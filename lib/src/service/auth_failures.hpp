// How often AUTH has failed for an address.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

namespace resp::detail {

/// So that a new connection does not make guessing passwords faster. Addresses share 1,024 places: a flood of addresses
/// takes no memory, and only wrong passwords of clients that share a place become slower.
class AuthFailures {
public:
    /// Counts a failure. Returns how many there were before, in the last minute. `address`: numeric; empty: not counted.
    unsigned add(const std::string& address);

private:
    using Clock = std::chrono::steady_clock;
    struct Place {
        Clock::time_point last;
        unsigned failures = 0;
    };

    std::mutex mutex_;
    std::array<Place, 1024> places_{};
};

}  // namespace resp::detail
