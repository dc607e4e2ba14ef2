// The buckets: values below 2^6 have one each; from there each power of two is divided into 2^5.
#include "histogram.hpp"

#include <algorithm>
#include <bit>

namespace loadgen {

void Histogram::add(std::uint64_t ns) {
    ++counts_[bucket_of(ns)];
    ++total_;
    max_ = std::max(max_, ns);
}

void Histogram::clear() { *this = {}; }

double Histogram::quantile_us(double q) const {
    auto below = static_cast<std::uint64_t>(q * static_cast<double>(total_));
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] > below) return static_cast<double>(lower_bound(i)) / 1000;
        below -= counts_[i];
    }
    return 0;
}

std::size_t Histogram::bucket_of(std::uint64_t ns) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(ns)) - bits - 1);
    return (static_cast<std::size_t>(shift) << bits) + static_cast<std::size_t>(ns >> shift);
}

std::uint64_t Histogram::lower_bound(std::size_t bucket) {
    if (bucket < (2U << bits)) return bucket;
    const std::size_t shift = (bucket >> bits) - 1;
    const std::uint64_t leading = (bucket & ((1U << bits) - 1)) + (1U << bits);
    return leading << shift;
}

}  // namespace loadgen
