// The time in which a client must send: a whole frame, its first request, any request.
#pragma once

#include "shared.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace resp::detail {

class RequestDeadlines {
public:
    explicit RequestDeadlines(const Options& options) noexcept : idle_(options.idle_timeout) {}

    /// From any thread.
    void set_idle_timeout(std::chrono::milliseconds time) noexcept {
        idle_.store(time, std::memory_order_relaxed);
    }
    /// The time of the last request, or of the last tick at which the client was busy. From any thread.
    [[nodiscard]] Clock::time_point last_active() const noexcept {
        const Clock::time_point since = active();
        return since == next_tick ? Clock::now() : since;
    }
    void request_arrived() noexcept {
        active_.store(next_tick, std::memory_order_relaxed);
        has_requested_ = true;
        excused_ = no_frame;
    }
    /// The idle time begins anew.
    void renew() noexcept {
        if (has_requested_) active_.store(next_tick, std::memory_order_relaxed);
    }
    /// The connection waits for the rest of the frame at `offset`, of which it has `received` bytes. Its time
    /// limit is frame_deadline, plus the time that these bytes take at frame_rate. It counts from the first
    /// wait for this frame: more reads of it do not restart it.
    void wait_for_frame(std::uint64_t offset, std::size_t received, const Options& options) noexcept {
        if (excused_ == no_frame) excused_ = offset;
        if (begun_ == Clock::time_point{} || frame_ != offset) begun_ = next_tick;
        frame_ = offset;
        if (options.frame_deadline.count() == 0) return wait_for_no_frame();
        const std::chrono::milliseconds earned{received * 1000 /
                                               std::max<std::size_t>(options.frame_rate, 1)};
        allowed_ = options.frame_deadline + earned;
    }
    void wait_for_no_frame() noexcept { begun_ = {}; }

    void tick(Clock::time_point now) noexcept {
        if (active() == next_tick) active_.store(now, std::memory_order_relaxed);
        if (begun_ == next_tick) begun_ = now;
    }
    /// While a frame is incomplete: whether its client is not idle. That is so for the first frame after a request.
    /// Others are excused by nothing: they follow one that was no request, such as a blank line.
    [[nodiscard]] bool is_excused() const noexcept { return frame_ == excused_; }
    [[nodiscard]] bool is_frame_late(Clock::time_point now) const noexcept {
        return begun_ != Clock::time_point{} && now - begun_ >= allowed_;
    }
    /// The deadline of a client between two requests that it has missed, in words for the log; or null.
    [[nodiscard]] const char* missed_while_idle(Clock::time_point now,
                                                const Options& options) const noexcept {
        const std::chrono::milliseconds first = options.first_request_timeout;
        if (!has_requested_ && first.count() != 0 && now - active() >= first) return "has sent no request";
        const std::chrono::milliseconds idle = idle_.load(std::memory_order_relaxed);
        return idle.count() != 0 && now - active() >= idle ? "sends nothing" : nullptr;
    }

private:
    static constexpr std::uint64_t no_frame = UINT64_MAX;

    [[nodiscard]] Clock::time_point active() const noexcept {
        return active_.load(std::memory_order_relaxed);
    }

    std::atomic<Clock::time_point> active_{
        next_tick};                        // when the last request arrived, or the connection opened
    Clock::time_point begun_{};            // since when the frame is incomplete; 0: there is none
    std::chrono::milliseconds allowed_{};  // for the frame
    std::uint64_t frame_ = 0;              // its offset
    std::uint64_t excused_ = no_frame;     // the first frame that was incomplete since the last request
    std::atomic<std::chrono::milliseconds> idle_;
    bool has_requested_ = false;
};

}  // namespace resp::detail
