// The bytes that one connection has to send.
#pragma once

#include <libresp/codec/buffer.hpp>
#include <libresp/server/reply.hpp>

#include <cassert>
#include <cstddef>
#include <utility>

namespace resp::detail {

/// Queued replies and pushes of one connection. The worker lends it to a connection that has something to
/// send.
///
///     bytes   |......|rrrrrrrrrrrrr|wwwwwwww
///                    ^ sent        ^ reply_begin()
///
/// `.` was sent; `r` are finished replies and pushes; `w` is the reply that the handler is writing.
struct Output {
    Buffer bytes;
    Reply reply{bytes, Version::resp2};
    std::size_t sent = 0;
    Buffer pushes;  // that arrived while a reply was being written

    /// Where the reply that is being written begins. Reply::size() counts from the same place.
    [[nodiscard]] std::size_t reply_begin() const noexcept { return reply.begin_; }
    /// Marks all bytes as part of finished replies and pushes.
    void end_reply() noexcept { reply.begin_ = bytes.size(); }
    /// Removes the unfinished reply.
    void drop_reply() noexcept { bytes.truncate(reply_begin()); }
    /// Removes what was sent.
    void consume_sent() noexcept {
        assert(sent <= reply_begin() && reply_begin() <= bytes.size());
        bytes.consume(sent);
        reply.begin_ -= std::exchange(sent, 0);
    }

    [[nodiscard]] bool empty() const noexcept { return bytes.empty() && pushes.empty(); }
    [[nodiscard]] std::size_t memory() const noexcept { return bytes.capacity() + pushes.capacity(); }
    /// If it holds more than `keep` bytes of memory, frees everything except the bytes that were not sent.
    void shrink(std::size_t keep) {
        if (memory() <= keep) return;
        assert(sent <= reply_begin());
        Buffer rest;
        rest.append(bytes.view().substr(sent));
        bytes = std::move(rest);
        reply.begin_ -= std::exchange(sent, 0);
    }
    /// Prepares it for the next connection. It keeps at most `keep` bytes of memory.
    void reset(std::size_t keep) noexcept {
        if (memory() > keep) {
            bytes.release();
            pushes.release();
        }
        bytes.clear();
        pushes.clear();
        reply.closing_ = false;
        reply.begin_ = sent = 0;
    }
};

}  // namespace resp::detail
