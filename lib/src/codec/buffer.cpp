// How a buffer grows and shrinks.
#include <libresp/codec/buffer.hpp>

#include "out_of_memory.hpp"

#include <algorithm>
#include <cassert>

namespace resp {

namespace {

[[noreturn]] void limit_exceeded() {
#ifdef __cpp_exceptions
    class LimitExceeded final : public std::bad_alloc {
    public:
        [[nodiscard]] const char* what() const noexcept override {
            return "the limit of a Buffer is exceeded";
        }
    };
    throw LimitExceeded{};
#else
    detail::out_of_memory();
#endif
}

}  // namespace

void Buffer::fit() noexcept {
    if (size_ == 0) return release();
    // A block that shrinks usually stays in place. If it does not, and there is no memory to move it, the
    // room stays too.
    void* const fitting = size_ != capacity_ ? std::realloc(data_, size_) : nullptr;
    if (fitting == nullptr) return;
    data_ = static_cast<char*>(fitting);
    capacity_ = size_;
}

void Buffer::grow(std::size_t n, std::size_t enough) {
    constexpr std::size_t smallest = 256;
    // If the bytes held and `enough` more need at most double the capacity plus this much, the new capacity
    // is exactly what they need. So it does not have to grow a second time for a little more.
    constexpr std::size_t little = 32 * 1024;
    assert(size_ <= capacity_ && capacity_ - size_ < n);
    const std::size_t needed = size_ + n;
    if (needed < size_) detail::out_of_memory();
    if (needed > limit_) limit_exceeded();
    // Memory follows the bytes that are held: an announced length never makes the buffer grow to more than
    // double its capacity plus `little`.
    const std::size_t doubled = enough <= 2 * capacity_ + little - size_ ? size_ + enough : 2 * capacity_;
    const std::size_t capacity = std::min(std::max({needed, doubled, smallest}), std::max(needed, limit_));
    void* const moved = std::realloc(data_, capacity);
    if (moved == nullptr) detail::out_of_memory();
    data_ = static_cast<char*>(moved);
    capacity_ = capacity;
}

}  // namespace resp
