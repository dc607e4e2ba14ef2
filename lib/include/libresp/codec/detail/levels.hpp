// The aggregates that a tokenizer is inside of.
#pragma once

#include <libresp/codec/type.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

namespace resp::detail {

/// Deletes memory from std::malloc().
struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
};

/// An open aggregate.
struct Level {
    std::uint32_t outer_left;  // values that the aggregate around it still needs
    std::uint32_t entry;       // of this aggregate in the decoder's index
    Type type;
    bool streamed;
};

/// Room for the open aggregates, outermost first. The first ones are in the object, because few values are
/// deeper. Deeper ones are on the heap, and that room is kept for the next frame:
///
///     object   [ 0 ][ 1 ] ... [ 7 ]       until level 8 opens, then unused
///     heap     [ 0 ][ 1 ] ... [ 7 ][ 8 ] ... [ 15 ]
///
class Levels {
public:
    Levels() = default;
    Levels(Levels&& other) noexcept { *this = std::move(other); }
    /// The other object has no heap memory after it, and room only for the first levels.
    Levels& operator=(Levels&& other) noexcept {
        if (this == &other) return *this;
        first_ = other.first_;
        heap_ = std::move(other.heap_);
        room_ = std::exchange(other.room_, few);
        return *this;
    }

    [[nodiscard]] Level* data() noexcept { return heap_ ? heap_.get() : first_.data(); }
    [[nodiscard]] Level& operator[](std::uint32_t i) noexcept {
        assert(i < room_);
        return data()[i];
    }
    [[nodiscard]] const Level& operator[](std::uint32_t i) const noexcept {
        assert(i < room_);
        return heap_ ? heap_[i] : first_[i];
    }
    /// Levels that there is room for.
    [[nodiscard]] std::uint32_t room() const noexcept { return room_; }
    /// Doubles the room. Throws std::bad_alloc if there is no memory; then nothing has changed.
    void grow();

    /// Bytes on the heap.
    [[nodiscard]] std::size_t memory() const noexcept { return heap_ ? room_ * sizeof(Level) : 0; }
    /// Frees the memory on the heap. No aggregate may be open.
    void release() noexcept {
        heap_.reset();
        room_ = few;
    }

private:
    static constexpr std::uint32_t few = 8;

    std::array<Level, few> first_{};
    std::unique_ptr<Level[], Free> heap_;
    std::uint32_t room_ = few;
};

}  // namespace resp::detail
