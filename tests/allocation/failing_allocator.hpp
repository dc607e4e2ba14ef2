// An allocator that fails on request: operator new throws, malloc and realloc return null. It replaces the
// calls of malloc and realloc that are linked into this program (-Wl,--wrap). It does not replace operator
// new under TSan, which has its own.
#pragma once

#include <cstddef>

namespace support {

/// During its life, the n-th allocation of this thread fails, counted from 1. Only one may exist at a time.
class FailingAllocation {
public:
    explicit FailingAllocation(std::size_t n) noexcept;
    ~FailingAllocation();
    FailingAllocation(const FailingAllocation&) = delete;
    FailingAllocation& operator=(const FailingAllocation&) = delete;

    /// Whether the n-th allocation was reached.
    [[nodiscard]] static bool has_failed() noexcept;
};

/// During its life, no allocation fails, and none counts towards n.
class SparedAllocation {
public:
    SparedAllocation() noexcept;
    ~SparedAllocation();
    SparedAllocation(const SparedAllocation&) = delete;
    SparedAllocation& operator=(const SparedAllocation&) = delete;

private:
    std::size_t left_;
};

/// Allocations that have not been freed.
[[nodiscard]] std::ptrdiff_t live_allocations() noexcept;
/// The sum of all requested sizes.
[[nodiscard]] std::size_t allocated_bytes() noexcept;

}  // namespace support
