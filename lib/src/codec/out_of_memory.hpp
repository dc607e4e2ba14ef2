// What the codec does when it cannot allocate memory.
#pragma once

#include <cstdlib>
#include <new>

namespace resp::detail {

/// Throws std::bad_alloc. Compiled with -fno-exceptions, calls std::abort() instead. The codec calls this for
/// memory that it allocates itself: the bytes of a Buffer and the index of a Decoder. A std::string or
/// std::vector allocates through the standard library, which throws std::bad_alloc too, and without
/// exceptions ends the process.
[[noreturn]] inline void out_of_memory() {
#ifdef __cpp_exceptions
    throw std::bad_alloc{};
#else
    std::abort();
#endif
}

}  // namespace resp::detail
