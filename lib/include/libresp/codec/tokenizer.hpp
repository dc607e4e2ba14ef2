// RESP as a stream of tokens, at constant memory. This is the project's one grammar: the decoder
// stands on it, and a proxy uses it directly to move a string that is larger than its memory.
#pragma once

#include <libresp/codec/error.hpp>
#include <libresp/codec/limits.hpp>
#include <libresp/codec/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace resp {

/// One step of a message.
///
///     *2\r\n          aggregate  size 2
///     $5\r\nhello\r\n   value      text "hello"         (whole in the bytes that were fed)
///     $9\r\nhel       part       text "hel"           (its rest comes with later bytes)
///     lo wor          part       text "lo wor", position 3
///     \r\n            part       text "", position 9, last, closes 1
struct Token {
    enum class Kind : unsigned char {
        value,        ///< a whole scalar: `text`, and `integer` where the type is integer or boolean
        part,         ///< a piece of a string or line that did not come at once; `last` ends it
        aggregate,    ///< an aggregate begins; it is over at once if `size` is 0 and not `streamed`
        stream_end,   ///< a streamed aggregate ends
        inline_line,  ///< an inline command, not split into its words; `text` is without LF or CRLF
    };
    Kind kind{};
    Type type{};                 ///< of the value; array for an inline line
    bool streamed = false;       ///< sent with `?` in place of its length
    bool last = true;            ///< of a part: the string is complete
    std::uint32_t depth = 0;     ///< aggregates around this token
    std::uint32_t closes = 0;    ///< aggregates that are complete with this token
    std::uint64_t offset = 0;    ///< bytes from the start of the stream to the value's type byte; of a
                                 ///< stream_end, to its `.`
    std::uint64_t size = 0;      ///< of a string: its announced bytes; of an aggregate: its elements or
                                 ///< pairs; 0 where it is streamed
    std::uint64_t position = 0;  ///< of a part: the bytes of this string in earlier tokens
    std::string_view text;       ///< bytes without framing; a verbatim string with its `txt:`
    std::int64_t integer = 0;

    /// Whether a whole frame ends with this token.
    [[nodiscard]] bool ends_frame() const noexcept {
        const bool opens = size != 0 || streamed || type == Type::attribute;
        if (kind == Kind::aggregate && opens) return false;
        return last && depth == closes;
    }
};

/// Cuts a stream of RESP into tokens. Holds no bytes: feed() lends them, and what next() does not
/// take, at most a cut header of 24 bytes or a cut inline line, is to be fed again in front of what
/// comes later.
///
///     tokenizer.feed({buffer, kept + received});
///     while (auto token = tokenizer.next()) use(*token);
///     if (auto error = tokenizer.error()) return report(*error);
///     kept = tokenizer.rest().size();
///     std::memmove(buffer, tokenizer.rest().data(), kept);
class Tokenizer {
public:
    explicit Tokenizer(Limits limits = {}, Reads reads = Reads::replies) noexcept
        : limits_(limits::clamped(limits)), reads_(reads) {}

    /// Lends bytes: first rest(), if there was any, then what came since. They must stay until the
    /// last token of them is used.
    void feed(std::span<const char> bytes) noexcept {
        offset_ = offset();
        begin_ = next_ = bytes.data();
        end_ = begin_ + bytes.size();
    }

    /// The next token, or nothing where more bytes are needed or an error ended the stream. Its text
    /// lies in the bytes that were fed.
    [[nodiscard]] std::optional<Token> next() noexcept;

    /// The bytes that next() has not taken.
    [[nodiscard]] std::span<const char> rest() const noexcept { return {next_, end_}; }

    /// What ended the stream. Incomplete input is not an error.
    [[nodiscard]] const std::optional<DecodeError>& error() const noexcept { return error_; }

    /// Bytes taken since the start of the stream.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_of(next_); }

    /// Begins a new stream, whose offsets count from `offset`.
    void reset(std::uint64_t offset = 0) noexcept;

    /// Whether a frame has begun and not ended. What rest() holds has not begun.
    [[nodiscard]] bool inside_frame() const noexcept { return depth_ != 0 || mode_ != Mode::value; }

private:
    friend class Decoder;

    /// Where the last byte left us.
    enum class Mode : unsigned char {
        value,   // before a type byte
        body,    // in a string of known length: `remaining_` bytes and the CRLF are to come
        line,    // in the text of a line
        chunks,  // in a streamed string, before a `;`
        chunk,   // in a chunk's body
    };
    /// An open aggregate.
    struct Level {
        std::uint32_t outer_left;  // what `left_` was outside it
        std::uint32_t entry;       // the decoder's: of the aggregate in its index
        Type type;
        bool streamed;
    };

    // Each writes one form of token and returns true; false, with anything written, where what it needs has
    // not come or is wrong.
    bool take(Token& token) noexcept;
    bool value(Token& token) noexcept;
    bool inline_line(Token& token) noexcept;
    bool string(Token& token, Type type) noexcept;
    bool null_string(Token& token) noexcept;
    bool streamed_string(Token& token) noexcept;
    bool body_part(Token& token) noexcept;
    bool chunk_header(Token& token) noexcept;
    bool line(Token& token, Type type) noexcept;
    bool line_part(Token& token) noexcept;
    bool integer(Token& token) noexcept;
    bool boolean(Token& token) noexcept;
    bool null(Token& token) noexcept;
    bool aggregate(Token& token, Type type) noexcept;
    bool null_array(Token& token) noexcept;
    bool streamed_aggregate(Token& token, Type type) noexcept;
    bool stream_end(Token& token) noexcept;

    bool scalar(Token& token, Type type, const char* text, const char* next) noexcept;
    bool open(const Token& token, const char* next) noexcept;
    /// Whether a piece was read whole. If it is cut, nothing happens; if it is wrong, the stream ends.
    bool taken(const wire::Decimal& read, Errc malformed, Errc over) noexcept {
        if (read.outcome == wire::Outcome::done) return true;
        refuse(read.outcome, read.at, malformed, over);
        return false;
    }
    void refuse(wire::Outcome outcome, const char* at, Errc malformed, Errc over) noexcept;
    const char* first_wrong(const char* from, const char* to) noexcept;
    bool line_complete() const noexcept;
    bool may_push() const noexcept;
    /// A new token, whatever was written before.
    void start(Token& token, Token::Kind kind, Type type) const noexcept {
        token = {};
        token.kind = kind;
        token.type = type;
        token.depth = depth_;
        token.offset = value_offset_;
        token.size = size_;
        token.position = position_;
    }
    std::uint32_t complete() noexcept;
    bool wrong(Errc malformed, const char* at) noexcept;
    bool fail(Errc code, const char* at) noexcept;
    std::uint64_t offset_of(const char* p) const noexcept {
        return offset_ + static_cast<std::uint64_t>(p - begin_);
    }

    const char* begin_ = nullptr;  // the lent bytes
    const char* next_ = nullptr;   // the first that was not taken
    const char* end_ = nullptr;
    std::uint64_t offset_ = 0;  // of begin_ in the stream

    Limits limits_;
    Reads reads_;

    Mode mode_ = Mode::value;
    std::uint32_t depth_ = 0;
    std::uint32_t left_ = 1;  // values to come in the innermost open aggregate
    Type type_{};             // of the string or line that is being read
    wire::DoubleSyntax double_;
    std::uint64_t value_offset_ = 0;  // of its type byte
    std::uint64_t size_ = 0;          // announced
    std::uint64_t position_ = 0;      // bytes of it in earlier tokens; of an inline line: searched
    std::uint64_t remaining_ = 0;     // bytes of this body or chunk that are to come
    std::uint64_t digits_ = 0;        // of this big number so far
    std::optional<DecodeError> error_;
    std::array<Level, limits::depth_ceiling> levels_;
};

}  // namespace resp
