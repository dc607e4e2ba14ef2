// How a buffer grows.
#include <libresp/codec/buffer.hpp>

#include "out_of_memory.hpp"

#include <algorithm>
#include <cassert>

namespace resp {

void Buffer::grow(std::size_t n, std::size_t enough) {
    constexpr std::size_t smallest = 256;
    // If the bytes held and `enough` more need at most double the capacity plus this much, the new capacity
    // is exactly what they need. So it does not have to grow a second time for a little more.
    constexpr std::size_t little = 32 * 1024;
    assert(size_ <= capacity_ && capacity_ - size_ < n);
    const std::size_t needed = size_ + n;
    if (needed < size_) detail::out_of_memory();
    // Memory follows the bytes that are held: an announced length never makes the buffer grow to more than
    // double its capacity plus `little`.
    const std::size_t doubled = enough <= 2 * capacity_ + little - size_ ? size_ + enough : 2 * capacity_;
    const std::size_t capacity = std::max({needed, doubled, smallest});
    void* const moved = std::realloc(data_, capacity);
    if (moved == nullptr) detail::out_of_memory();
    data_ = static_cast<char*>(moved);
    capacity_ = capacity;
}

}  // namespace resp
