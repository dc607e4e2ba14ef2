// A word of a request that is too long to keep: it arrives piece by piece.
#pragma once

#include <libresp/codec/command.hpp>
#include <libresp/codec/token.hpp>
#include <libresp/server/awaitable.hpp>
#include <libresp/server/connection.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace resp {

namespace detail {
class Session;
class Stream;
}  // namespace detail

/// A command of which one word streams. A handler with on_stream() gets it; see Handler.
///
///     asio::awaitable<void> on_stream(resp::Incoming& incoming, resp::Reply& reply) {
///         File file{incoming.head()[1]};                            // SET key <long value> [EX 10]
///         while (const auto piece = co_await incoming.next()) file.append(piece->token.text);
///         const resp::Command options = co_await incoming.rest();
///         reply.simple_string("OK");
///     }
///
/// The server reads only when next() or rest() needs bytes, so a slow handler slows its client down. The connection
/// holds at most 128 KiB of the word at a time. What the handler does not read, the server skips.
///
/// next() and rest() throw std::system_error if the client leaves, sends a malformed request, or stops sending for
/// Options::frame_deadline. The connection then ends, and the handler should let the exception pass. Do not call
/// next(), rest() or Reply::drain() while one of them waits.
class Incoming {
public:
    /// A part of the word.
    struct Piece {
        /// `text`: the bytes, possibly none; `position`: the bytes of the word before them.
        Token token;
        /// The same bytes as received. All pieces together have `$<length>\r\n`, the word and its CRLF.
        std::string_view wire;
    };

    Incoming(const Incoming&) = delete;
    Incoming& operator=(const Incoming&) = delete;

    /// The words before this one; valid until the handler ends.
    [[nodiscard]] Command head() const noexcept;
    /// The bytes of the request before this word, as received; valid until the handler ends.
    [[nodiscard]] std::string_view wire_before() const noexcept;
    /// The announced bytes of this word.
    [[nodiscard]] std::uint64_t size() const noexcept;
    /// How many words follow this one.
    [[nodiscard]] std::size_t words_after() const noexcept;

    /// Returns the next piece of the word, or nothing after its end. Its bytes are valid until the next call of
    /// next() or rest().
    [[nodiscard]] asio::awaitable<std::optional<Piece>, asio::any_io_executor> next();
    /// Skips the rest of the word, and returns the words after it; valid until the handler ends. If they have
    /// more than Options::stream_above bytes together, that is a protocol error.
    [[nodiscard]] asio::awaitable<Command, asio::any_io_executor> rest();

    /// The connection that sends it.
    [[nodiscard]] const Connection& connection() const noexcept;
    /// See Request::turn().
    template <class T>
    [[nodiscard]] T& turn() const noexcept {
        assert(turn_ != nullptr);
        return *static_cast<T*>(turn_);
    }

private:
    friend class detail::Stream;
    Incoming(detail::Session& session, void* turn) noexcept : session_(session), turn_(turn) {}

    detail::Session& session_;
    void* turn_;
};

}  // namespace resp
