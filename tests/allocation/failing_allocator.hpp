// An allocator that fails when it is told to: operator new throws, malloc and realloc give null. Of malloc and
// realloc those calls that are linked into this program (-Wl,--wrap); operator new not under TSan, which has
// its own.
#pragma once

#include <cstddef>

namespace support {

/// While it lives, the n-th allocation from now on fails, counted from 1. One at a time, one thread.
class FailingAllocation {
public:
    explicit FailingAllocation(std::size_t n) noexcept;
    ~FailingAllocation();
    FailingAllocation(const FailingAllocation&) = delete;
    FailingAllocation& operator=(const FailingAllocation&) = delete;

    /// Whether there have been so many.
    [[nodiscard]] static bool has_failed() noexcept;
};

/// While it lives, none fails, and none counts.
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
/// Bytes that were asked for, each time that they were.
[[nodiscard]] std::size_t allocated_bytes() noexcept;

}  // namespace support
