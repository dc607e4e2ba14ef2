// The replies that a handler writes: the last part of what a connection has to send.
#pragma once

#include "payload.hpp"

#include <libresp/codec/buffer.hpp>
#include <libresp/server/reply.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace resp::detail {

/// Replies and short pushes of one connection. The worker lends it to a connection that has something to
/// write.
///
///     bytes   |......|rrrrrrrrrrrrr|wwwwwwww
///                    ^ sent        ^ reply_begin()
///
/// `.` was sent; `r` are finished replies and pushes; `w` is the reply that the handler is writing.
struct Output {
    Buffer bytes;
    Reply reply{bytes, Version::resp2};
    std::size_t sent = 0;
    std::size_t pushed = 0;  // bytes of pushes among `bytes`
    /// Strings that belong to the unfinished reply, and the place in `bytes` before which each stands.
    struct Shared {
        std::size_t before;
        SharedPayload payload;
    };
    std::vector<Shared> shared;

    /// Where the reply that is being written begins. Reply::size() counts from the same place.
    [[nodiscard]] std::size_t reply_begin() const noexcept { return reply.begin_; }
    /// Marks all bytes as part of finished replies and pushes.
    void end_reply() noexcept { reply.begin_ = bytes.size(); }
    /// Removes the unfinished reply.
    void drop_reply() noexcept {
        bytes.truncate(reply_begin());
        shared.clear();
    }

    /// The bytes that may be sent.
    [[nodiscard]] std::string_view finished() const noexcept {
        assert(sent <= reply_begin() && reply_begin() <= bytes.size());
        return bytes.view().substr(sent, reply_begin() - sent);
    }
    /// Bytes that were not sent, the unfinished reply included.
    [[nodiscard]] std::size_t size() const noexcept { return bytes.size() - sent; }
    /// Removes what was sent.
    void consume_sent() noexcept {
        assert(sent <= reply_begin());
        bytes.consume(sent);
        reply.begin_ -= std::exchange(sent, 0);
    }
    /// Removes everything except the unfinished reply, and the room that it does not need.
    void drop_finished() noexcept {
        sent = reply_begin();
        pushed = 0;
        consume_sent();
        bytes.fit();
    }
    /// Takes out all bytes. There is no unfinished reply.
    [[nodiscard]] Buffer take() noexcept {
        assert(reply_begin() == bytes.size());
        reply.begin_ = sent = pushed = 0;
        return std::move(bytes);
    }

    /// A larger block is not kept for another connection. This has room for a value of 1 MiB.
    static constexpr std::size_t most_kept = (1024 + 64) * 1024;
    /// Bytes of memory. Of a large block only the pages that were written to take memory, and a block that
    /// has grown beyond `most_kept` was new.
    [[nodiscard]] std::size_t memory() const noexcept {
        return std::min(bytes.capacity(), std::max(bytes.size(), most_kept));
    }
    /// Prepares it for the next connection. It keeps at most `keep` bytes of memory.
    void reset(std::size_t keep) noexcept {
        if (bytes.capacity() > keep) bytes.release();
        bytes.clear();
        bytes.set_limit(SIZE_MAX);
        shared.clear();
        reply.state_ = 0;
        reply.session_ = nullptr;
        reply.begin_ = sent = pushed = 0;
    }
};

}  // namespace resp::detail
