// Growing a buffer.
#include <libresp/buffer.hpp>

#include <algorithm>

namespace resp {

void Buffer::grow(std::size_t n) {
    constexpr std::size_t smallest = 256;
    const std::size_t needed = size_ + n;
    if (needed < size_) throw std::bad_alloc{};
    // Doubling what is held, never what was announced.
    const std::size_t capacity = std::max({needed, 2 * capacity_, smallest});
    void* const moved = std::realloc(data_, capacity);
    if (moved == nullptr) throw std::bad_alloc{};
    data_ = static_cast<char*>(moved);
    capacity_ = capacity;
}

}  // namespace resp
