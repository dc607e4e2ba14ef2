// What has happened in all worlds, so that a test can require that everything happened.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace simulator {

/// What is counted. The order is that of the table in summary.cpp.
enum class Event : std::uint8_t {
    world,
    plain_world,
    coroutine_world,
    deferring_world,
    mixed_world,
    connection,
    request,
    reply,
    push,
    subscriber_push,
    tick,
    short_reads,
    short_writes,
    slow_reader,
    no_reader,
    reset,
    half_close,
    call_fails,
    spurious,
    allocation_failed,
    refused,
    app_close,
    stop,
    stop_by_force,
    destroyed,
    incomplete_at_stop,
    closed_normally,
    closed_reset,
    closed_late,
    closed_too_much,
    closed_cancelled,
    closed_protocol,
    closed_foreign,
    closed_no_memory,
    handler_threw,
    deferred,
    streamed,
    shortage,
    quiet_check,
    count
};

class Summary {
public:
    void add(Event event, std::uint64_t n = 1) noexcept { counts_[static_cast<std::size_t>(event)] += n; }
    [[nodiscard]] std::uint64_t of(Event event) const noexcept {
        return counts_[static_cast<std::size_t>(event)];
    }
    /// Counts the end of a connection with this reason.
    void add_reason(std::error_code reason) noexcept;
    /// One line for each event.
    [[nodiscard]] std::string table() const;
    /// The name of an event that has not happened; empty if each has.
    [[nodiscard]] std::string_view missing() const noexcept;

private:
    std::array<std::uint64_t, static_cast<std::size_t>(Event::count)> counts_{};
};

}  // namespace simulator
