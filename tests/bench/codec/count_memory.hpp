// Exact counts of what a piece of work takes from the heap.
#pragma once

#include <cstddef>

namespace bench {

/// Since begin_counting(). A realloc() is one allocation, whether it moves or not.
struct MemoryCount {
    std::size_t allocations = 0;
    std::size_t peak = 0;  // bytes above what was taken when counting began, at the worst moment
};

void begin_counting() noexcept;
[[nodiscard]] MemoryCount counted() noexcept;

}  // namespace bench
