// What connections borrow of their thread, and give back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace resp::detail {

/// Keeps a few that are not in use, for whoever needs one next; those that nobody has needed from one
/// tick to the next go, one at a time.
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
        }
        unneeded_ = std::min(unneeded_, kept_.size());
        return spare;
    }
    /// Keeps it, or gives it back where there are enough.
    [[nodiscard]] std::unique_ptr<T> keep(std::unique_ptr<T> spare) noexcept {
        if (kept_.size() != most) kept_.push_back(std::move(spare));
        return spare;
    }
    /// One that nobody has needed since the last tick, or null.
    [[nodiscard]] std::unique_ptr<T> unneeded() noexcept {
        std::unique_ptr<T> spare;
        if (unneeded_ != 0) {
            spare = std::move(kept_.front());
            kept_.erase(kept_.begin());
        }
        unneeded_ = kept_.size();
        return spare;
    }
    [[nodiscard]] bool empty() const noexcept { return kept_.empty(); }

private:
    static constexpr std::size_t most = 16;

    std::vector<std::unique_ptr<T>> kept_;  // the last that was given back is taken first
    std::size_t unneeded_ = 0;              // the fewest that there were since the last tick
};

}  // namespace resp::detail
