// Limits on what a decoder accepts, so that a peer cannot make it use too much memory or time. They apply to
// one decoder. The server's options limit the memory of all connections together.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace resp {

/// What a decoder accepts as a frame.
enum class Reads : unsigned char {
    replies,   ///< every RESP value: what a client reads
    commands,  ///< arrays of bulk strings, and inline lines: what a Redis server reads. A Decoder skips
               ///< blank lines, `*0` and arrays with a negative count; a Tokenizer returns them. Any other
               ///< element of an array is an error
    anything,  ///< every RESP value; a line that does not begin with a type byte is an inline line. A
               ///< Decoder skips blank lines
};

/// What a decoder accepts. The first byte over a limit is an error (see error.hpp). A limit reserves no
/// memory: memory grows only with the bytes that are received. A decoder lowers a limit that is above its
/// maximum to that maximum.
struct Limits {
    /// Bytes in the text of a line: a simple string, simple error, big number, double or inline command. At
    /// most 2^32 - 1. The default is Redis' PROTO_INLINE_MAX_SIZE.
    std::size_t max_line = 64 * 1024;

    /// Bytes of one bulk string, bulk error or verbatim string; of a streamed string, all its chunks
    /// together. The default is Redis' proto-max-bulk-len.
    std::size_t max_bulk = 512 * 1024 * 1024;

    /// Elements of one aggregate; pairs of a map or an attribute. At most 2^31 - 1.
    std::size_t max_elements = 1024 * 1024;

    /// Aggregates inside one another. An array of scalars has depth 1. An attribute counts as one level
    /// around its pairs and around the value that it describes. At most 1,024. If it is not set, 128 with
    /// Reads::replies, because scripts of Redis reply with deep values, and 32 otherwise.
    std::optional<std::size_t> max_depth{};

    /// Bytes of a whole frame on the wire. Without this limit, a frame of max_elements strings of max_bulk
    /// bytes each would be allowed. At most 2^32 - 1, because the decoder stores positions inside a frame as
    /// 32-bit numbers. The Tokenizer ignores this limit: use the Tokenizer for longer frames.
    std::size_t max_frame = 512 * 1024 * 1024 + 64 * 1024;
};

namespace limits {
inline constexpr std::size_t reply_depth = 128;
inline constexpr std::size_t request_depth = 32;
inline constexpr std::size_t depth_ceiling = 1024;
inline constexpr std::size_t elements_ceiling = (std::size_t{1} << 31) - 1;
inline constexpr std::size_t frame_ceiling = (std::size_t{1} << 32) - 1;

/// The limits of a decoder: max_depth has a value, and those above their ceilings are lowered to them.
[[nodiscard]] constexpr Limits clamped(Limits given, Reads reads) noexcept {
    const std::size_t depth = given.max_depth.value_or(reads == Reads::replies ? reply_depth : request_depth);
    given.max_depth = std::min(depth, depth_ceiling);
    if (given.max_line > frame_ceiling) given.max_line = frame_ceiling;
    if (given.max_elements > elements_ceiling) given.max_elements = elements_ceiling;
    if (given.max_frame > frame_ceiling) given.max_frame = frame_ceiling;
    return given;
}
}  // namespace limits

}  // namespace resp
