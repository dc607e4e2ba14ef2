// How much memory is allocated at once while a piece of code runs.
#pragma once

#include <cstddef>

namespace fuzz {

/// Counts what is allocated on top of what was when it was made. One at a time, and one thread.
/// Under a sanitizer every allocation is counted; without, what is in use when most() is asked.
class Allocated {
public:
    Allocated() noexcept;
    ~Allocated();
    Allocated(const Allocated&) = delete;
    Allocated& operator=(const Allocated&) = delete;

    /// The most bytes so far.
    [[nodiscard]] std::size_t most() noexcept;

private:
    std::size_t before_ = 0;
    std::size_t most_ = 0;
};

}  // namespace fuzz
