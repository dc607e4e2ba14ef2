// Counts durations in buckets of constant relative width: memory and cost of a sample do not grow with the
// run, and a quantile is at most 1/32 (3 %) too low. The maximum is exact.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace loadgen {

class Histogram {
public:
    void add(std::uint64_t ns);
    void clear();

    /// Microseconds that a share `q` of the samples stays below; 0 if there are none.
    double quantile_us(double q) const;
    double max_us() const { return static_cast<double>(max_) / 1000; }

private:
    static constexpr int bits = 5;  // of a value's bits behind its first, so many tell its bucket
    static std::size_t bucket_of(std::uint64_t ns);
    static std::uint64_t lower_bound(std::size_t bucket);

    std::array<std::uint64_t, 60U << bits> counts_{};
    std::uint64_t total_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace loadgen
