// Measures how much memory is allocated at the same time while a piece of code runs.
#pragma once

#include <cstddef>

namespace fuzz {

/// Counts the memory allocated since its construction. One object at a time, in one thread. Under a sanitizer
/// it counts every allocation; otherwise it reads the memory in use at each call of most().
class Allocated {
public:
    Allocated() noexcept;
    ~Allocated();
    Allocated(const Allocated&) = delete;
    Allocated& operator=(const Allocated&) = delete;

    /// The largest number of bytes so far.
    [[nodiscard]] std::size_t most() noexcept;

private:
    std::size_t before_ = 0;
    std::size_t most_ = 0;
};

}  // namespace fuzz
