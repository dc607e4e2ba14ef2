// The limits of what a peer can make a decoder hold or do, each with its reason. They apply to one decoder.
// The server's options limit the memory of all connections together.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <cstddef>

namespace resp {

/// What a decoder accepts. The first byte over a limit is an error (see error.hpp). A limit reserves no
/// memory: memory grows only with the bytes that are received.
struct Limits {
    /// Bytes in the text of a line: a simple string, simple error, big number, double or inline command. The
    /// default is Redis' PROTO_INLINE_MAX_SIZE.
    std::size_t max_line = 64 * 1024;

    /// Bytes of one bulk string, bulk error or verbatim string; of a streamed string, all its chunks
    /// together. The default is Redis' proto-max-bulk-len.
    std::size_t max_bulk = 512 * 1024 * 1024;

    /// Elements of one aggregate; pairs of a map or an attribute. At most 2^31 - 1.
    std::size_t max_elements = 1024 * 1024;

    /// Aggregates inside one another. An array of scalars has depth 1. At most 128.
    std::size_t max_depth = 32;

    /// Bytes of a whole frame on the wire. The limits above do not bound their product; this one does. At
    /// most 2^32 - 1, because an index entry holds 32-bit offsets. The Tokenizer ignores this limit: use it
    /// for longer frames.
    std::size_t max_frame = 512 * 1024 * 1024 + 64 * 1024;
};

namespace limits {
inline constexpr std::size_t depth_ceiling = 128;
inline constexpr std::size_t elements_ceiling = (std::size_t{1} << 31) - 1;
inline constexpr std::size_t frame_ceiling = (std::size_t{1} << 32) - 1;

/// The given limits, with those above their ceilings lowered to them.
[[nodiscard]] constexpr Limits clamped(Limits given) noexcept {
    if (given.max_line > frame_ceiling) given.max_line = frame_ceiling;
    if (given.max_depth > depth_ceiling) given.max_depth = depth_ceiling;
    if (given.max_elements > elements_ceiling) given.max_elements = elements_ceiling;
    if (given.max_frame > frame_ceiling) given.max_frame = frame_ceiling;
    return given;
}
}  // namespace limits

/// What a decoder accepts as a frame.
enum class Reads : unsigned char {
    replies,   ///< every RESP value: what a client reads
    commands,  ///< arrays of bulk strings, and inline lines: what a Redis server reads. Blank lines, `*0`
               ///< and `*-1` are skipped. Everything else is an error with Redis' text
    anything,  ///< every RESP value; a line that does not begin with a type byte is an inline line
};

}  // namespace resp
