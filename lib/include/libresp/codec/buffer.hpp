// A run of bytes that grows at its end: what a decoder receives into and an encoder writes to.
// Unlike a std::string it never fills with zeros the room that is about to be overwritten.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace resp {

/// Bytes in one piece, with room behind them.
///
///     data()            data() + size()        data() + capacity()
///     | bytes           | room, uninitialised  |
///
/// Growing moves the bytes, so pointers into a buffer hold until the next prepare() or append().
/// Throws nothing but std::bad_alloc.
class Buffer {
public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~Buffer() { std::free(data_); }

    /// Room for at least `n` bytes behind the last one. Write there, then commit(). What has to grow
    /// doubles, unless `enough` bytes of room are less.
    [[nodiscard]] char* prepare(std::size_t n, std::size_t enough = SIZE_MAX) {
        if (capacity_ - size_ < n) [[unlikely]]
            grow(n, enough);
        return data_ + size_;
    }
    /// Takes the first `n` bytes of the room as written.
    void commit(std::size_t n) noexcept { size_ += n; }
    /// Takes what was written up to `end`, a pointer into the room.
    void commit_to(const char* end) noexcept { size_ = static_cast<std::size_t>(end - data_); }

    void append(std::string_view bytes) {
        if (bytes.empty()) return;
        std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    /// Drops the first `n` bytes and moves the others to the front.
    void consume(std::size_t n) noexcept {
        size_ -= n;
        if (n != 0 && size_ != 0) std::memmove(data_, data_ + n, size_);
    }
    /// Drops everything behind the first `n` bytes.
    void truncate(std::size_t n) noexcept { size_ = n; }
    void clear() noexcept { size_ = 0; }
    /// Gives the memory back as well.
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

    char* data_ = nullptr;  // of malloc: a large block grows by moving its pages, not its bytes
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace resp
