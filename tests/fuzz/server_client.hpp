// A client of server_fuzz.cpp, what is done to it, and what has to be so for that.
#pragma once

#include <libresp/server/options.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <system_error>

#include "check.hpp"
#include "server_handlers.hpp"
#include "server_rule.hpp"
#include "support/memory_transport.hpp"

namespace fuzz {

/// A client, and what has been done to it.
struct Client {
    support::MemoryClient* stream = nullptr;
    Served served;
    std::string sent;
    std::size_t sent_before_drain = 0;
    bool refused = false;
    bool finished = false;
    bool broken = false;     // its stream may fail at any time
    bool closed = false;     // from outside
    bool throttled = false;  // it has not taken all there was at any time
    std::chrono::milliseconds throttled_time{0};
    std::chrono::milliseconds dawdled_time{0};  // that passed while it owed the rest of a frame
};

/// What happens to all of them.
struct Course {
    resp::Options options;
    bool draining = false;
    bool aborted = false;  // they may have been closed by force
    bool cut_off = false;  // one of them was over a bound; who was closing then ended for another reason
};

/// Why it ended is one of the things that happened to it.
inline void check_reason(const Client& client, const Expected& expected, const Course& course) {
    const std::error_code reason = client.served.reason;
    if (!reason || client.broken) return;
    const auto is = [&](std::errc code) { return reason == std::make_error_code(code); };
    const bool late = client.throttled_time >= course.options.write_stall ||
                      client.dawdled_time >= course.options.frame_deadline ||
                      course.options.idle_timeout.count() != 0;
    if (is(std::errc::timed_out)) return check(late, "a deadline ends who is late, and nobody else");
    if (is(std::errc::no_buffer_space)) {
        const resp::Options usual;
        const bool bounded =
            course.options.max_output != usual.max_output || course.options.max_memory != usual.max_memory;
        return check(bounded, "a bound ends who is over it");
    }
    if (is(std::errc::operation_canceled) && course.aborted) return;
    check(expected.ends, "it ended for nothing");
    if (expected.error) check(reason == make_error_code(*expected.error), "the error is the reason");
}

/// What this client has to receive, if nothing is done to its stream.
inline Expected expected_by(const Client& client, const Course& course) {
    if (client.refused) return Expected::last("-ERR max number of clients reached\r\n");
    if (client.served.greeting == Served::Greeting::exception) {
        return Expected::last(simple_error("internal error"));
    }
    return expected_of(client.sent, course.options);
}

/// Whether less than all may have been sent to it: there was no time, or no stream.
inline bool is_excused(const Client& client, const Course& course) {
    const auto is = [&](std::errc code) { return client.served.reason == std::make_error_code(code); };
    return client.broken || client.closed || course.aborted || is(std::errc::timed_out) ||
           is(std::errc::no_buffer_space) || (course.cut_off && client.throttled) ||
           client.throttled_time >= course.options.write_stall;
}

inline void check_received(const Client& client, const Course& course) {
    const Expected expected = expected_by(client, course);
    const Match found = match(client.stream->received, expected.replies, client.served.pushed);
    if (found.wrong != nullptr) fail(found.wrong);
    check_reason(client, expected, course);
    if (client.stream->ended) check(!found.cut, "an end stands behind whole values");
    if (is_excused(client, course)) return;
    if (course.draining && !client.refused) {
        const std::string_view before = std::string_view{client.sent}.substr(0, client.sent_before_drain);
        const std::size_t due =
            std::min(expected_of(before, course.options).replies.size(), expected.replies.size());
        return check(found.replies >= due, "what came before a stop has its replies");
    }
    check(found.replies == expected.replies.size() && !found.cut, "every request has its reply");
    check(found.pushes >= client.served.own_pushes, "a handler's own pushes arrive");
    check(client.stream->ended == (expected.ends && !expected.abrupt) || client.finished,
          "the stream is ended where it should be");
}

/// Long after the last byte: whether it is still open.
inline void check_open(const Client& client, const Course& course) {
    if (is_excused(client, course) || client.finished || course.draining) return;
    const Expected expected = expected_by(client, course);
    check(client.stream->closed == (expected.ends || expected.incomplete),
          "who is done or owes bytes is closed in time, and nobody else");
}

}  // namespace fuzz
