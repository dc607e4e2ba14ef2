// The types of RESP values and the two versions of the protocol.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <string_view>

namespace resp {

/// The type of a RESP value. The number of an enumerator is its type byte on the wire. The two nulls of RESP2
/// are written as a `$` or `*` with the length -1; their number is that byte with the high bit set. Source:
/// RESP3, "RESP types".
enum class Type : unsigned char {
    simple_string = '+',            ///< `+<text>\r\n`
    simple_error = '-',             ///< `-<text>\r\n`
    integer = ':',                  ///< `:[+|-]<digits>\r\n`, a signed 64-bit number
    bulk_string = '$',              ///< `$<length>\r\n<bytes>\r\n`; streamed: `$?\r\n`, then chunks
    array = '*',                    ///< `*<count>\r\n`, then that many values; streamed: `*?\r\n … .\r\n`
    null = '_',                     ///< `_\r\n`
    boolean = '#',                  ///< `#t\r\n` or `#f\r\n`
    double_ = ',',                  ///< `,<decimal>\r\n`, or inf, nan; with or without a sign
    big_number = '(',               ///< `([+|-]<digits>\r\n`, any length
    bulk_error = '!',               ///< `!<length>\r\n<bytes>\r\n`
    verbatim_string = '=',          ///< `=<length>\r\n<three bytes>:<bytes>\r\n`; the length includes the
                                    ///< three bytes and the colon
    map = '%',                      ///< `%<pairs>\r\n`, then each key and value; streamed: `%?\r\n … .\r\n`
    set = '~',                      ///< `~<count>\r\n`, then that many values; streamed: `~?\r\n … .\r\n`
    attribute = '|',                ///< `|<pairs>\r\n`, like a map; describes the value after it
    push = '>',                     ///< `><count>\r\n`, then that many values; only between replies
    null_bulk_string = '$' | 0x80,  ///< `$-1\r\n`, RESP2
    null_array = '*' | 0x80,        ///< `*-1\r\n`, RESP2
};

/// The two versions of the protocol. RESP2 has only the types + - : $ * and the two nulls with the length -1.
enum class Version : unsigned char { resp2 = 2, resp3 = 3 };

/// The name of a type as in the specification, for example "bulk string". The text is static.
[[nodiscard]] std::string_view name(Type type) noexcept;

/// Whether a value of this type holds other values.
[[nodiscard]] constexpr bool is_aggregate(Type type) noexcept {
    return type == Type::array || type == Type::map || type == Type::set || type == Type::push ||
           type == Type::attribute;
}

/// Whether the values of this aggregate come in pairs of a key and a value.
[[nodiscard]] constexpr bool has_pairs(Type type) noexcept {
    return type == Type::map || type == Type::attribute;
}

/// Whether this is one of the three nulls.
[[nodiscard]] constexpr bool is_null(Type type) noexcept {
    return type == Type::null || type == Type::null_bulk_string || type == Type::null_array;
}

}  // namespace resp
