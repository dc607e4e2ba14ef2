// Numbers that depend on a seed only, so that a world is the same on each machine and with each compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace simulator {

/// The generator SplitMix64. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators".
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
    /// One of 0 to n - 1. n is below 2^32 and not 0.
    std::size_t below(std::size_t n) noexcept {
        return static_cast<std::size_t>(((next() >> 32) * static_cast<std::uint64_t>(n)) >> 32);
    }
    /// One of `least` to `most`.
    std::size_t between(std::size_t least, std::size_t most) noexcept {
        return least + below(most - least + 1);
    }
    /// True `in_thousand` times of 1,000.
    bool chance(std::size_t in_thousand) noexcept { return below(1000) < in_thousand; }
    template <class T>
    const T& one_of(std::span<const T> all) noexcept {
        return all[below(all.size())];
    }

private:
    std::uint64_t state_;
};

}  // namespace simulator
