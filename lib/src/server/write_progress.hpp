// How fast a client takes its queued output.
#pragma once

#include "shared.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace resp::detail {

/// The patience with a client shrinks with the time in which output is queued for it, and grows with each
/// byte that it takes.
class WriteProgress {
public:
    /// The transport does not accept more. `taken` bytes in total have reached the client.
    void begin(std::uint64_t taken, const Options& options) noexcept {
        if (stalls()) return;
        since_ = next_tick;
        patience_ = options.write_stall;
        taken_ = taken;
    }
    /// Nothing is queued.
    void end() noexcept { since_ = {}; }

    /// A tick at `now`, `elapsed` after the last. `taken` as in begin(); `queued` bytes are queued.
    void tick(Clock::time_point now, Clock::duration elapsed, std::uint64_t taken, std::size_t queued,
              const Options& options) noexcept {
        const auto seconds =
            std::max<std::uint64_t>(static_cast<std::uint64_t>(options.write_time.count()) / 1000, 1);
        const std::uint64_t rate = std::max<std::uint64_t>({options.write_rate, queued / seconds, 1});
        constexpr std::uint64_t most = std::uint64_t{1} << 40;  // so that nothing below overflows
        const std::uint64_t bytes = std::min(taken - taken_, most);
        if (since_ != next_tick) patience_ -= elapsed;  // otherwise it began after the last tick
        if (bytes != 0 || since_ == next_tick) since_ = now;
        const std::chrono::milliseconds earned{bytes * 1000 / rate};
        const Clock::duration most_patience = options.write_stall;
        patience_ = std::min(patience_ + std::min(earned, options.write_stall), most_patience);
        taken_ = taken;
    }

    /// Whether output is queued that the client does not take at once.
    [[nodiscard]] bool stalls() const noexcept { return since_ != Clock::time_point{}; }
    /// Since when it has taken nothing; next_tick if it takes something, or has nothing to take.
    [[nodiscard]] Clock::time_point since() const noexcept { return stalls() ? since_ : next_tick; }
    [[nodiscard]] bool is_too_slow(const Options& options) const noexcept {
        return stalls() && options.write_stall.count() != 0 && patience_ <= Clock::duration::zero();
    }

private:
    Clock::time_point since_{};  // 0: nothing is queued
    Clock::duration patience_{};
    std::uint64_t taken_ = 0;  // at the last tick
};

}  // namespace resp::detail
