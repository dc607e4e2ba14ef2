// The bounds of what a peer may make us hold or do, each with its reason. All of them bound one
// decoder; what all connections of a server hold together is bounded in options.hpp.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <cstddef>

namespace resp {

/// What a decoder accepts. Going over a bound is an error at the byte that does (see error.hpp);
/// no bound reserves memory, which grows only with the bytes that have come.
struct Limits {
    /// Bytes of a line's text: simple string, simple error, big number, double, inline command.
    /// Redis' PROTO_INLINE_MAX_SIZE.
    std::size_t max_line = 64 * 1024;

    /// Bytes of one bulk string, bulk error or verbatim string, and of all chunks of a streamed
    /// string together. Redis' proto-max-bulk-len.
    std::size_t max_bulk = 512 * 1024 * 1024;

    /// Elements of one aggregate; pairs of a map or an attribute. At most 2^31 - 1.
    std::size_t max_elements = 1024 * 1024;

    /// Aggregates inside one another; an array of scalars has depth 1. At most 128.
    std::size_t max_depth = 32;

    /// Bytes of a whole frame on the wire. It bounds the product of the bounds above. At most
    /// 2^32 - 1, since an index entry holds 32-bit offsets; what is longer is for the Tokenizer,
    /// which ignores this bound.
    std::size_t max_frame = 512 * 1024 * 1024 + 64 * 1024;
};

namespace limits {
inline constexpr std::size_t depth_ceiling = 128;
inline constexpr std::size_t elements_ceiling = (std::size_t{1} << 31) - 1;
inline constexpr std::size_t frame_ceiling = (std::size_t{1} << 32) - 1;

/// The same limits with each one below its ceiling.
[[nodiscard]] constexpr Limits clamped(Limits given) noexcept {
    if (given.max_line > frame_ceiling) given.max_line = frame_ceiling;
    if (given.max_depth > depth_ceiling) given.max_depth = depth_ceiling;
    if (given.max_elements > elements_ceiling) given.max_elements = elements_ceiling;
    if (given.max_frame > frame_ceiling) given.max_frame = frame_ceiling;
    return given;
}
}  // namespace limits

/// What a decoder takes for a frame.
enum class Reads : unsigned char {
    replies,   ///< any RESP value: what a client reads
    commands,  ///< arrays of bulk strings and inline lines: what a Redis server reads. Blank lines,
               ///< `*0` and `*-1` are skipped, anything else is an error in Redis' words
    anything,  ///< any RESP value, and an inline line where no type byte stands: what an echo reads
};

}  // namespace resp
