// How a buffer grows.
#include <libresp/codec/buffer.hpp>

#include "out_of_memory.hpp"

#include <algorithm>
#include <cassert>

namespace resp {

void Buffer::grow(std::size_t n, std::size_t enough) {
    constexpr std::size_t smallest = 256;
    // The buffer may grow by this much more than double if that is enough. So it does not grow twice.
    constexpr std::size_t little = 32 * 1024;
    assert(size_ <= capacity_ && capacity_ - size_ < n);
    const std::size_t needed = size_ + n;
    if (needed < size_) detail::out_of_memory();
    // Memory follows the bytes that are held. An announced length never makes it grow by more than doubling.
    const std::size_t doubled = enough <= 2 * capacity_ + little - size_ ? size_ + enough : 2 * capacity_;
    const std::size_t capacity = std::max({needed, doubled, smallest});
    void* const moved = std::realloc(data_, capacity);
    if (moved == nullptr) detail::out_of_memory();
    data_ = static_cast<char*>(moved);
    capacity_ = capacity;
}

}  // namespace resp
