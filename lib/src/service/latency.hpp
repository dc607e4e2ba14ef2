// The times of commands in INFO.
#pragma once

#include <string>

namespace resp::detail {

class Table;

/// INFO latencystats.
[[nodiscard]] std::string latency_section(const Table& table);

}  // namespace resp::detail
