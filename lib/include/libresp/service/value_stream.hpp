// The last word of a command, piece by piece.
#pragma once

#include <libresp/server/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace resp {

class Incoming;

/// The last word of a command that was added with Commands::add_stream():
///
///     commands.add_stream("PUT key value", [&](std::string key, resp::ValueStream& value) -> asio::awaitable<resp::Ok> {
///         File file{key};
///         while (const auto piece = co_await value.next()) file.append(*piece);
///         co_return resp::ok;
///     });
///
/// If the word is longer than Options::stream_above, it arrives while the function runs, and takes the memory of
/// one piece; Options::max_stream bounds it. A shorter word is one piece. What the function does not read is skipped.
class ValueStream {
public:
    ValueStream(Incoming* incoming, std::string_view word) noexcept : incoming_(incoming), word_(word) {}

    /// The bytes of the word.
    [[nodiscard]] std::uint64_t size() const noexcept;
    /// The next piece, which is not empty, or nothing after the end. Valid until the next call. Throws
    /// std::system_error as Incoming::next() does; let it pass.
    [[nodiscard]] asio::awaitable<std::optional<std::string_view>, asio::any_io_executor> next();

private:
    Incoming* incoming_;     // null: the word is here
    std::string_view word_;  // the whole word
    bool taken_ = false;
};

}  // namespace resp
