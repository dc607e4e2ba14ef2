// The names of the events, and the table of their counts.
#include "summary.hpp"

#include <libresp/codec/error.hpp>

#include <fmt/format.h>

#include "support/sanitized.hpp"

namespace simulator {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Event::count)> names = {
    "worlds",
    "worlds with a plain handler",
    "worlds with a coroutine handler",
    "worlds with deferred replies",
    "worlds with a handler of all kinds",
    "connections",
    "requests handled",
    "replies",
    "pushes",
    "pushes by another client or the program",
    "ticks",
    "clients with short reads",
    "clients with short writes",
    "clients that read slowly",
    "clients that do not read",
    "clients that reset",
    "clients that half-close",
    "clients with one call that fails",
    "notifications of nothing",
    "allocations that failed",
    "clients refused",
    "connections closed by the program",
    "stops",
    "stops by force",
    "servers destroyed with connections",
    "clients with an incomplete request at a stop",
    "closed without a reason",
    "closed: reset",
    "closed: a deadline",
    "closed: too much output or memory",
    "closed: exception or stop by force",
    "closed: protocol error",
    "closed: another protocol",
    "closed: no memory",
    "exceptions of handlers",
    "replies deferred",
    "requests streamed",
    "steps above max_memory",
    "checks of a quiet world",
};

constexpr bool may_be_missing(Event event) {
#ifdef LIBRESP_TSAN  // it has its own operator new
    return event == Event::allocation_failed;
#else
    return event == Event::count;
#endif
}

Event event_of(std::error_code reason) noexcept {
    const auto is = [&](std::errc code) { return reason == std::make_error_code(code); };
    if (!reason) return Event::closed_normally;
    if (is(std::errc::timed_out)) return Event::closed_late;
    if (is(std::errc::no_buffer_space)) return Event::closed_too_much;
    if (is(std::errc::operation_canceled)) return Event::closed_cancelled;
    if (is(std::errc::protocol_not_supported)) return Event::closed_foreign;
    if (is(std::errc::not_enough_memory)) return Event::closed_no_memory;
    if (reason.category() == make_error_code(resp::Errc{}).category()) return Event::closed_protocol;
    return Event::closed_reset;
}

}  // namespace

void Summary::add_reason(std::error_code reason) noexcept { add(event_of(reason)); }

std::string Summary::table() const {
    std::string text;
    for (std::size_t i = 0; i != names.size(); ++i) text += fmt::format("{:>12}  {}\n", counts_[i], names[i]);
    return text;
}

std::string_view Summary::missing() const noexcept {
    for (std::size_t i = 0; i != names.size(); ++i) {
        if (counts_[i] == 0 && !may_be_missing(static_cast<Event>(i))) return names[i];
    }
    return {};
}

}  // namespace simulator
