// A contiguous run of bytes that grows at its end. Decoders receive into it and encoders write to it. Unlike
// std::string it does not zero new room, which is overwritten anyway.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace resp {

/// Bytes, followed by room for more.
///
///     data()            data() + size()        data() + capacity()
///     | bytes           | room, uninitialised  |
///
/// Pointers into a buffer are valid until the next prepare(), append(), consume() or release(), or until the
/// buffer is moved or destroyed. Throws only std::bad_alloc; then the bytes stay as they are.
class Buffer {
public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)),
          limit_(other.limit_) {}
    /// Swaps the two buffers.
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        std::swap(limit_, other.limit_);
        return *this;
    }
    ~Buffer() { std::free(data_); }

    /// Returns room for at least `n` bytes after the last one. Write there, then call commit(). `enough` is
    /// the room that you will need in total, if you know it. If the buffer must grow, its capacity doubles.
    /// But if size() + `enough` is at most 32 KiB more than that, the capacity becomes size() + `enough`. It
    /// is always enough for `n` bytes of room, and at least 256 bytes.
    [[nodiscard]] char* prepare(std::size_t n, std::size_t enough = SIZE_MAX) {
        if (capacity_ - size_ < n) [[unlikely]]
            grow(n, enough);
        return data_ + size_;
    }
    /// Adds the first `n` bytes of the room, which you have written.
    void commit(std::size_t n) noexcept {
        assert(n <= capacity_ - size_);
        size_ += n;
    }
    /// Adds the bytes that you have written up to `end`, a pointer into the room.
    void commit_to(const char* end) noexcept {
        assert(data_ + size_ <= end && end <= data_ + capacity_);
        size_ = static_cast<std::size_t>(end - data_);
    }

    void append(std::string_view bytes) {
        if (bytes.empty()) return;
        std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    /// Drops the first `n` bytes and moves the others to the front.
    void consume(std::size_t n) noexcept {
        assert(n <= size_);
        size_ -= n;
        if (n != 0 && size_ != 0) std::memmove(data_, data_ + n, size_);
    }
    /// Keeps the first `n` bytes and drops the others.
    void truncate(std::size_t n) noexcept {
        assert(n <= size_);
        size_ = n;
    }
    /// Drops all bytes and keeps the memory.
    void clear() noexcept { size_ = 0; }
    /// Gives back the room after the last byte.
    void fit() noexcept;
    /// From now on, growing throws if more than `most` bytes are needed: a class derived from std::bad_alloc,
    /// whose what() says so.
    void set_limit(std::size_t most) noexcept { limit_ = most; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    /// Drops all bytes and frees the memory.
    void release() noexcept {
        std::free(std::exchange(data_, nullptr));
        size_ = capacity_ = 0;
    }

    [[nodiscard]] char* data() noexcept { return data_; }
    [[nodiscard]] const char* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }
    operator std::string_view() const noexcept { return view(); }

private:
    void grow(std::size_t n, std::size_t enough);  // buffer.cpp

    char* data_ = nullptr;  // from malloc: realloc grows a large block by moving its pages, not its bytes
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    std::size_t limit_ = SIZE_MAX;
};

}  // namespace resp
