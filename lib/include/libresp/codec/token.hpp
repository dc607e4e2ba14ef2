// One step of a RESP message, as the tokenizer returns it.
#pragma once

#include <libresp/codec/type.hpp>

#include <cstdint>
#include <string_view>

namespace resp {

/// One token: a scalar, a piece of a long string or line, the beginning of an aggregate, the end of a
/// streamed aggregate, or an inline line.
///
///     *2\r\n            aggregate  size 2
///     $5\r\nhello\r\n   value      text "hello"      (complete in the bytes that were fed)
///     $9\r\nhel         part       text "hel"        (the rest follows with later bytes)
///     lo wor            part       text "lo wor", position 3
///     \r\n              part       text "", position 9, last, closes 1
struct Token {
    enum class Kind : unsigned char {
        value,        ///< a complete scalar: `text`, and `integer` if the type is integer or boolean
        part,         ///< a piece of a string or line; `last` marks the final piece
        aggregate,    ///< the beginning of an aggregate. It is complete if `size` is 0, unless it is
                      ///< `streamed` or an attribute, whose value follows
        stream_end,   ///< the end of a streamed aggregate
        inline_line,  ///< an inline command, not split into words; `text` is without LF or CRLF
    };
    Kind kind{};
    Type type{};                 ///< of the value; array for an inline line
    bool streamed = false;       ///< sent with `?` in place of its length
    bool last = true;            ///< of a part: the string is complete
    std::uint32_t depth = 0;     ///< open aggregates around this token; an attribute is open until the
                                 ///< value that it describes is complete
    std::uint32_t closes = 0;    ///< aggregates that are complete with this token
    std::uint64_t offset = 0;    ///< bytes from the start of the stream to the value's type byte, or to the
                                 ///< `.` of a stream_end
    std::uint64_t size = 0;      ///< of a string, its announced bytes; of a complete line, an
                                 ///< integer or a boolean, the bytes of its whole text; of an aggregate, its
                                 ///< elements or pairs; of a stream_end, those of the aggregate that it ends.
                                 ///< 0 for all other tokens
    std::uint64_t position = 0;  ///< of a part: the bytes of this string in earlier tokens
    std::string_view text;       ///< bytes without framing, in the bytes that were fed; a verbatim string
                                 ///< keeps its `txt:`
    std::int64_t integer = 0;

    /// Whether a frame is complete with this token.
    [[nodiscard]] bool ends_frame() const noexcept {
        const bool opens = size != 0 || streamed || type == Type::attribute;
        if (kind == Kind::aggregate && opens) return false;
        return last && depth == closes;
    }
};

}  // namespace resp
