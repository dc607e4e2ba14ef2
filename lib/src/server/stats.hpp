// The sum of the counters of all threads.
#pragma once

#include "shared.hpp"

#include <memory>
#include <vector>

namespace resp::detail {

class Worker;

/// From any thread.
[[nodiscard]] Stats sum_stats(const Shared& shared, const std::vector<std::shared_ptr<Worker>>& workers);

}  // namespace resp::detail
