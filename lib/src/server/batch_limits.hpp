// When a batch ends although the client has sent more requests.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace resp::detail {

/// Ends a batch after some input, some output, or some time, so that no client delays the others for long.
class BatchLimits {
public:
    /// A batch begins. It has `pending` bytes of input from `offset` on, and `queued` bytes of output before
    /// it.
    void begin(std::uint64_t offset, std::size_t pending, std::size_t queued,
               std::size_t most_output) noexcept {
        constexpr std::uint64_t budget = 64 * 1024;
        // Usually everything received fits. The end is then `no_end`, and no request compares its offset.
        input_end_ = pending > budget ? offset + budget : no_end;
        skip_end_ = offset + skip_budget;
        output_end_ = most_output < SIZE_MAX - queued ? queued + most_output : SIZE_MAX;
        requests_ = 0;
    }
    /// The batch ends before its next request.
    void end_now() noexcept { input_end_ = 0; }

    /// Output of the batch has moved to where is_output_spent() does not see it.
    void moved(std::size_t bytes) noexcept { output_end_ -= bytes < output_end_ ? bytes : output_end_; }
    void count(std::uint64_t requests) noexcept { requests_ += requests; }

    [[nodiscard]] bool is_output_spent(std::size_t queued) const noexcept { return queued > output_end_; }
    /// The offset at which the batch ends.
    [[nodiscard]] bool has_input_end() const noexcept { return input_end_ != no_end; }
    [[nodiscard]] bool is_input_spent(std::uint64_t offset) const noexcept { return offset >= input_end_; }
    /// The offset at which the batch ends if the decoder reaches it by skipping, for example blank lines. These
    /// take less time than requests. With the whole budget, one batch would skip everything that was read, and
    /// the connection would be ready again at once. So clients that send only blank lines would be ready nearly
    /// always, and another client would have to wait for all of them (tests/soak/floods.py). With less, they
    /// wait in turns most of the time, as clients do that send requests.
    [[nodiscard]] std::uint64_t skip_end() const noexcept { return skip_end_; }
    [[nodiscard]] bool is_skip_spent(std::uint64_t offset) const noexcept { return offset >= skip_end_; }
    /// Whether the batch has used its time. `requests` of it were not counted yet. The time begins with the
    /// third request, so that a batch of one request does not read the clock.
    [[nodiscard]] bool is_late(std::uint64_t requests) noexcept {
        requests += requests_;
        if (requests == 2) begun_ = std::chrono::steady_clock::now();
        if (requests == 0 || requests % requests_between_clocks != 0) return false;
        return std::chrono::steady_clock::now() - begun_ > time;
    }

private:
    static constexpr std::uint64_t no_end = UINT64_MAX;
    static constexpr std::uint64_t requests_between_clocks = 16;
    static constexpr std::uint64_t skip_budget = 4 * 1024;
    static constexpr std::chrono::milliseconds time{1};

    std::uint64_t input_end_ = 0;  // an offset in the client's stream
    std::uint64_t skip_end_ = 0;   // the same
    std::size_t output_end_ = 0;   // a size of the output
    std::uint64_t requests_ = 0;   // that were counted
    std::chrono::steady_clock::time_point begun_{};
};

}  // namespace resp::detail
