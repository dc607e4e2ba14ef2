// A client of server_fuzz.cpp, what the fuzzer did to it, and what it must have received.
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

/// A client, and what the fuzzer did to it.
struct Client {
    support::MemoryClient* stream = nullptr;
    Served served;
    std::string sent;
    std::size_t sent_before_drain = 0;
    bool refused = false;
    bool finished = false;
    bool broken = false;     // its stream may have failed
    bool closed = false;     // by Connection::close()
    bool throttled = false;  // its stream did not accept all bytes at some time
    std::chrono::milliseconds throttled_time{0};
    std::chrono::milliseconds incomplete_time{0};  // time with an incomplete frame
};

/// What happened to all clients.
struct Course {
    resp::Options options;
    bool draining = false;
    bool aborted = false;  // clients may have been closed by force
    bool cut_off = false;  // a client exceeded a limit; the reason of a closing one may be lost
};

/// Checks that the reason of the end is one of the things that happened.
inline void check_reason(const Client& client, const Expected& expected, const Course& course) {
    const std::error_code reason = client.served.reason;
    if (!reason || client.broken) return;
    const auto is = [&](std::errc code) { return reason == std::make_error_code(code); };
    const bool late = client.throttled_time >= course.options.write_stall ||
                      client.incomplete_time >= course.options.frame_deadline ||
                      course.options.idle_timeout.count() != 0;
    if (is(std::errc::timed_out)) return check(late, "a deadline closes only a late client");
    if (is(std::errc::no_buffer_space)) {
        const resp::Options usual;
        const bool bounded =
            course.options.max_pushes != usual.max_pushes || course.options.max_memory != usual.max_memory;
        return check(bounded, "a limit closes only a client that exceeds it");
    }
    if (is(std::errc::operation_canceled) && course.aborted) return;
    check(expected.ends, "a connection ends for a reason");
    if (expected.error)
        check(reason == make_error_code(*expected.error), "on_close() gets the protocol error");
}

/// What this client must receive if its stream works.
inline Expected expected_by(const Client& client, const Course& course) {
    if (client.refused) return Expected::last("-ERR max number of clients reached\r\n");
    if (client.served.greeting == Served::Greeting::exception) {
        return Expected::last(simple_error("internal error"));
    }
    return expected_of(client.sent, course.options);
}

/// Whether it may have received less: its stream failed, or the connection was closed early.
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
    if (client.stream->ended) check(!found.cut, "a stream ends after a complete value");
    if (is_excused(client, course)) return;
    if (course.draining && !client.refused) {
        const std::string_view before = std::string_view{client.sent}.substr(0, client.sent_before_drain);
        const std::size_t due =
            std::min(expected_of(before, course.options).replies.size(), expected.replies.size());
        return check(found.replies >= due, "each request before a stop has its reply");
    }
    if (expected.abrupt) return;  // closed at the first byte: a push of on_open() may be lost or cut
    check(found.replies == expected.replies.size() && !found.cut, "each request has its reply");
    check(found.pushes >= client.served.own_pushes, "the pushes of a handler arrive");
    check(client.stream->ended == expected.ends || client.finished, "the stream is ended if it must be");
}

/// Long after the last byte: checks whether it is still open.
inline void check_open(const Client& client, const Course& course) {
    if (is_excused(client, course) || client.finished || course.draining) return;
    const Expected expected = expected_by(client, course);
    check(client.stream->closed == (expected.ends || expected.incomplete),
          "a client that ended or has an incomplete frame is closed in time, and no other");
}

}  // namespace fuzz
