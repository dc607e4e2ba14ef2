// The reply to a request: an Encoder with a few more functions.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/codec/value.hpp>
#include <libresp/server/awaitable.hpp>
#include <libresp/server/deferred.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace resp {

namespace detail {
struct Output;
class Session;
class Streaming;
}  // namespace detail

/// Writes the reply to one request, in the connection's RESP version. A handler writes one value, or nothing
/// if the protocol expects no reply.
///
///     reply.array(2).bulk_string("key").integer(7);
///     reply.close().simple_string("OK");   // sends +OK, then closes the connection
///
/// set_version() changes the version of this reply and of all later replies and pushes of the connection.
///
/// A test can make one without a server: `std::string bytes; resp::Reply reply{bytes};`
class Reply : public Encoder {
public:
    explicit Reply(Buffer& out, Version resp_version = Version::resp3) noexcept
        : Encoder(out, resp_version), buffer_(&out), begin_(out.size()) {}
    explicit Reply(std::string& out, Version resp_version = Version::resp3) noexcept
        : Encoder(out, resp_version), string_(&out), begin_(out.size()) {}
    // The server would not see a close() or set_version() of a copy.
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;

    /// Writes any value; see encode() for its form in RESP2.
    Reply& value(View value) {
        encode(*this, value);
        return *this;
    }
    using Encoder::bulk_string;
    /// A bulk string, without a copy if it has at least 16 KiB: the connection shares the string until it is
    /// sent. For Options::max_memory, a string that several connections share counts once.
    Reply& bulk_string(std::shared_ptr<const std::string> bytes);

    /// Keeps the place of this reply, and answers later; see Deferred. The handler must not have written
    /// anything, and writes nothing after this call. While Options::max_deferred replies of a client are open,
    /// its further requests wait. The reply is `-ERR timeout` if it is not answered within
    /// Options::reply_deadline.
    ///
    /// If the handler has already written or deferred, or if the Reply belongs to no server, that is a mistake
    /// in the program: an assertion fails. Without assertions, the client gets `-ERR internal error` in the
    /// first case, and this returns a Deferred that refers to no reply.
    [[nodiscard]] Deferred defer();
    /// The same with another deadline. Zero: no deadline.
    [[nodiscard]] Deferred defer(std::chrono::milliseconds deadline);

    /// Sends what was written of this reply, and waits until most of it has left. So a coroutine handler can write
    /// a reply that is larger than memory:
    ///
    ///     reply.bulk_string_header(file.size());
    ///     while (file.read(bytes)) {
    ///         reply.wire(bytes);
    ///         co_await reply.drain();
    ///     }
    ///     reply.end_bulk_string();
    ///
    /// It throws std::system_error if the client has left; let the exception pass. If the handler throws after a
    /// drain(), the connection ends without an error reply. Pushes wait for the end of the reply.
    [[nodiscard]] detail::Awaitable drain();

    /// A place in this reply; see mark().
    class Mark {
        friend class Reply;
        explicit Mark(std::size_t size) noexcept : size_(size) {}
        std::size_t size_;
    };
    /// Remembers how much of this reply is written.
    [[nodiscard]] Mark mark() const noexcept { return Mark{size()}; }
    /// Drops what was written to this reply since `to`, a mark of the same reply. A version or a close() that was set
    /// since then stays.
    void rollback(Mark to);
    /// How many bytes were written to this reply since `from`, a mark of the same reply, with those that were written
    /// without a copy.
    [[nodiscard]] std::size_t bytes_since(Mark from) const noexcept;
    /// The bytes that were written to this reply since `from`, a mark of the same reply; those of strings that were written
    /// without a copy are left out. Empty after a drain(). Valid until more is written.
    [[nodiscard]] std::string_view written(Mark from) const noexcept {
        if ((state_ & drained) != 0) return {};
        const std::string_view all = buffer_ != nullptr ? buffer_->view() : std::string_view{*string_};
        const std::size_t begin = std::min(begin_ + from.size_, all.size());
        return {all.data() + begin, all.size() - begin};
    }

    /// The requests after this one are read under Options::limits, no longer under Options::first_limits. Usually
    /// called when the client has authenticated itself.
    Reply& lift_limits() noexcept {
        state_ = static_cast<unsigned char>((state_ | lifts) & ~restores);
        return *this;
    }
    /// The requests after this one are read under Options::first_limits again. Usually called when the client is no longer
    /// authenticated.
    Reply& restore_limits() noexcept {
        state_ = static_cast<unsigned char>((state_ | restores) & ~lifts);
        return *this;
    }

    /// Closes the connection after this reply is sent. Later requests are dropped. The reply may be written
    /// before or after this call.
    Reply& close() noexcept {
        state_ |= closes;
        return *this;
    }
    [[nodiscard]] bool closing() const noexcept { return (state_ & closes) != 0; }

    /// Whether nothing was written for this request yet.
    [[nodiscard]] bool empty() const noexcept { return size() == 0 && (state_ & drained) == 0; }
    /// Bytes written for this request since the last drain(). Without a server: bytes written since construction.
    [[nodiscard]] std::size_t size() const noexcept {
        return (buffer_ != nullptr ? buffer_->size() : string_->size()) - begin_;
    }

private:
    friend struct detail::Output;  // reuses it for the next request and the next connection
    friend class detail::Session;
    friend class detail::Streaming;

    // What the server must do at the end of the reply, beside sending its bytes: a set of bits.
    static constexpr unsigned char closes = 1;
    static constexpr unsigned char deferred = 2;
    static constexpr unsigned char has_shared = 4;  // Output::shared may be not empty
    static constexpr unsigned char lifts = 8;
    static constexpr unsigned char drained = 16;  // a part of the reply may have been sent
    static constexpr unsigned char restores = 32;

    Buffer* buffer_ = nullptr;  // one of the two
    std::string* string_ = nullptr;
    std::size_t begin_;                   // where the reply to this request begins
    detail::Session* session_ = nullptr;  // null without a server
    unsigned char state_ = 0;
};

}  // namespace resp
