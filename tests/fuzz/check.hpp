// Reports that an invariant does not hold and aborts, so that libFuzzer or the replayer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

[[noreturn]] inline void fail(std::string_view what) {
    std::fprintf(stderr, "\nthe invariant does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

inline void check(bool holds, std::string_view what) {
    if (!holds) [[unlikely]]
        fail(what);
}

}  // namespace fuzz
