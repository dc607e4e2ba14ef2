// Decoders and outputs that no connection uses now, kept for the next connection that needs one.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <memory>
#include <vector>

namespace resp::detail {

/// A pool of at most 256 objects, which together hold at most 16 MiB, as T::memory() counts them. Most
/// objects are small. The limit is so high because fifty connections may each receive a large value, and to
/// get a large block from the system takes longer than to fill it. Each tick frees half of the objects that
/// were not needed since the last tick.
template <class T>
class Spares {
public:
    /// Keeps at most `most_bytes` bytes, and never more than 16 MiB.
    explicit Spares(std::size_t most_bytes = ceiling) : most_bytes_(std::min(most_bytes, ceiling)) {
        kept_.reserve(most);  // keep() must not need memory
    }

    /// One of the kept objects, or null.
    [[nodiscard]] std::unique_ptr<T> take() noexcept {
        std::unique_ptr<T> spare;
        if (!kept_.empty()) {
            spare = std::move(kept_.back());
            kept_.pop_back();
            assert(bytes_ >= spare->memory());
            bytes_ -= spare->memory();
        }
        unneeded_ = std::min(unneeded_, kept_.size());
        return spare;
    }
    /// Keeps the object, or returns it if that would be too many objects or too much memory.
    [[nodiscard]] std::unique_ptr<T> keep(std::unique_ptr<T> spare) noexcept {
        assert(spare != nullptr);
        const std::size_t memory = spare->memory();
        if (kept_.size() == most || bytes_ + memory > most_bytes_) return spare;
        bytes_ += memory;
        kept_.push_back(std::move(spare));
        return nullptr;
    }
    /// Frees half of the objects that were not needed since the last call. Returns the bytes of memory freed.
    std::size_t give_up() noexcept {
        assert(unneeded_ <= kept_.size());
        const auto last = kept_.begin() + static_cast<std::ptrdiff_t>((unneeded_ + 1) / 2);
        std::size_t freed = 0;
        for (auto spare = kept_.begin(); spare != last; ++spare) freed += (*spare)->memory();
        kept_.erase(kept_.begin(), last);
        assert(bytes_ >= freed);
        bytes_ -= freed;
        unneeded_ = kept_.size();
        return freed;
    }
    [[nodiscard]] bool empty() const noexcept { return kept_.empty(); }

private:
    static constexpr std::size_t most = 256;
    static constexpr std::size_t ceiling = 16 * 1024 * 1024;

    const std::size_t most_bytes_;
    std::vector<std::unique_ptr<T>> kept_;  // a stack: the object used last is still in the cache
    std::size_t bytes_ = 0;                 // memory of all kept objects
    std::size_t unneeded_ = 0;              // the smallest size of kept_ since the last tick
};

}  // namespace resp::detail
