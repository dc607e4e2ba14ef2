// Growing a buffer.
#include <libresp/codec/buffer.hpp>

#include <algorithm>

#include "out_of_memory.hpp"

namespace resp {

void Buffer::grow(std::size_t n, std::size_t enough) {
    constexpr std::size_t smallest = 256;
    constexpr std::size_t little = 32 * 1024;  // by which it may be more, lest it grow again for less
    const std::size_t needed = size_ + n;
    if (needed < size_) detail::out_of_memory();
    // Doubling what is held, never what was announced.
    const std::size_t doubled = enough <= 2 * capacity_ + little - size_ ? size_ + enough : 2 * capacity_;
    const std::size_t capacity = std::max({needed, doubled, smallest});
    void* const moved = std::realloc(data_, capacity);
    if (moved == nullptr) detail::out_of_memory();
    data_ = static_cast<char*>(moved);
    capacity_ = capacity;
}

}  // namespace resp
