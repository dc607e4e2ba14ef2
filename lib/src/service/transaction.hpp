// The commands between MULTI and EXEC.
#pragma once

#include <libresp/codec/value.hpp>
#include <libresp/service/detail/command_entry.hpp>

#include <cstddef>
#include <vector>

namespace resp::detail {

struct Transaction {
    struct Queued {
        const CommandEntry* entry;
        Value words;
        [[nodiscard]] std::size_t memory() const noexcept { return 64 + words.memory(); }
    };

    std::vector<Queued> queued;
    bool failed = false;  // a command could not be queued
};

}  // namespace resp::detail
