// What connections borrow of their thread, and give back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace resp::detail {

/// Keeps those that are not in use, for whoever needs one next: at most 256, and 16 MiB by T::memory(). Most
/// are small; but fifty connections may each be within a large value, whose block costs more to get from the
/// system than to fill. With each tick half of those go that nobody has needed since the one before.
template <class T>
class Spares {
public:
    Spares() { kept_.reserve(most); }  // so that giving back needs no memory

    /// One that was kept, or null.
    [[nodiscard]] std::unique_ptr<T> take() noexcept {
        std::unique_ptr<T> spare;
        if (!kept_.empty()) {
            spare = std::move(kept_.back());
            kept_.pop_back();
            bytes_ -= spare->memory();
        }
        unneeded_ = std::min(unneeded_, kept_.size());
        return spare;
    }
    /// Keeps it, or hands it back where that would be too many or too much.
    [[nodiscard]] std::unique_ptr<T> keep(std::unique_ptr<T> spare) noexcept {
        const std::size_t memory = spare->memory();
        if (kept_.size() == most || bytes_ + memory > most_bytes) return spare;
        bytes_ += memory;
        kept_.push_back(std::move(spare));
        return nullptr;
    }
    /// Frees half of those that nobody has needed since the last call. Returns how much memory they had.
    std::size_t give_up() noexcept {
        const auto last = kept_.begin() + static_cast<std::ptrdiff_t>((unneeded_ + 1) / 2);
        std::size_t freed = 0;
        for (auto spare = kept_.begin(); spare != last; ++spare) freed += (*spare)->memory();
        kept_.erase(kept_.begin(), last);
        bytes_ -= freed;
        unneeded_ = kept_.size();
        return freed;
    }
    [[nodiscard]] bool empty() const noexcept { return kept_.empty(); }

private:
    static constexpr std::size_t most = 256;
    static constexpr std::size_t most_bytes = 16 * 1024 * 1024;

    std::vector<std::unique_ptr<T>> kept_;  // the last that was given back is taken first
    std::size_t bytes_ = 0;                 // of memory that these have
    std::size_t unneeded_ = 0;              // the fewest that there were since the last tick
};

}  // namespace resp::detail
