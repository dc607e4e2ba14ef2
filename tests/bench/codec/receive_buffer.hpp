// The buffer that the ceiling receives into: bytes are moved only when the room at the end is used up.
#pragma once

#include "corpus.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

namespace bench {

class ReceiveBuffer {
public:
    ReceiveBuffer() { grow(64 * 1024); }

    [[nodiscard]] char* prepare(std::size_t n) {
        if (begin_ == end_) begin_ = end_ = 0;
        const std::size_t used = end_ - begin_;
        if (capacity_ - end_ < n) {
            if (capacity_ - used >= n && begin_ >= used) {
                std::memcpy(bytes_.get(), bytes_.get() + begin_, used);
                begin_ = 0;
                end_ = used;
            } else {
                std::size_t capacity = 2 * capacity_;
                while (capacity < used + n) capacity *= 2;
                grow(capacity);
            }
        }
        return bytes_.get() + end_;
    }
    void commit(std::size_t n) noexcept { end_ += n; }
    void consume_to(const char* p) noexcept { begin_ = static_cast<std::size_t>(p - bytes_.get()); }

    [[nodiscard]] const char* begin() const noexcept { return bytes_.get() + begin_; }
    [[nodiscard]] const char* end() const noexcept { return bytes_.get() + end_; }

private:
    void grow(std::size_t capacity) {
        std::unique_ptr<char[]> larger(new char[capacity + slack]);
        if (end_ != begin_) std::memcpy(larger.get(), bytes_.get() + begin_, end_ - begin_);
        bytes_ = std::move(larger);
        capacity_ = capacity;
        end_ -= begin_;
        begin_ = 0;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;  // of what is not read yet
    std::size_t end_ = 0;
};

}  // namespace bench
