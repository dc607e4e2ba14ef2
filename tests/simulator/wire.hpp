// What one client sends: mostly valid requests, from a table that is made once.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "random.hpp"
#include "setup.hpp"

namespace simulator {

struct Wire {
    std::string bytes;
    std::vector<std::size_t> ends;  // of each request, in `bytes`
    bool is_regular = true;         // `ends` are known: no byte was changed
};

/// At most `most` bytes, except that one request may be longer.
[[nodiscard]] Wire wire_of(Random& random, const Setup& setup, std::size_t most);

}  // namespace simulator
