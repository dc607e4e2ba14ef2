// What a connection has to send.
#pragma once

#include <libresp/codec/buffer.hpp>
#include <libresp/server/reply.hpp>

#include <cstddef>
#include <utility>

namespace resp::detail {

/// Replies and pushes of one connection. It is the worker's, and the connection's while there is
/// something to send.
///
///     bytes   |......|rrrrrrrrrrrrr|wwwwwwww
///                    ^ sent        ^ reply_begin
///
/// `.` is gone, `r` are whole replies and pushes, `w` is the reply that is being written.
struct Output {
    Buffer bytes;
    Reply reply{bytes, Version::resp2};
    std::size_t sent = 0;
    std::size_t reply_begin = 0;
    Buffer pushes;  // that came while a reply was being written

    [[nodiscard]] bool empty() const noexcept { return bytes.empty() && pushes.empty(); }
    [[nodiscard]] std::size_t memory() const noexcept { return bytes.capacity() + pushes.capacity(); }
    /// If it has more than `keep` bytes of memory, gives all back but for what is not sent.
    void shrink(std::size_t keep) {
        if (memory() <= keep) return;
        Buffer rest;
        rest.append(bytes.view().substr(sent));
        bytes = std::move(rest);
        reply_begin -= std::exchange(sent, 0);
    }
    /// For the next connection; keeps at most `keep` bytes of memory.
    void reset(std::size_t keep) noexcept {
        if (memory() > keep) {
            bytes.release();
            pushes.release();
        }
        bytes.clear();
        pushes.clear();
        reply.closing_ = false;
        sent = reply_begin = 0;
    }
};

}  // namespace resp::detail
