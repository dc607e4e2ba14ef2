// The tokenizer turns a stream of bytes into tokens. It decides what the library accepts: the decoder is
// built on it. It keeps no bytes, so a proxy can use it to forward a string that is larger than its memory.
#pragma once

#include <libresp/codec/detail/levels.hpp>
#include <libresp/codec/error.hpp>
#include <libresp/codec/limits.hpp>
#include <libresp/codec/token.hpp>
#include <libresp/codec/wire.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace resp {

/// Splits a stream of RESP into tokens. Its memory does not depend on the length of the input: above eight
/// levels, 12 bytes for each. It keeps no bytes: feed() lends them. Bytes that next() does not take
/// must be fed again, before the bytes that arrive later. They are an incomplete header, at most 24 bytes, a
/// CR whose LF has not arrived, or an incomplete inline line.
///
///     tokenizer.feed({buffer, kept + received});
///     while (auto token = tokenizer.next()) use(*token);
///     if (auto error = tokenizer.error()) return report(*error);
///     kept = tokenizer.rest().size();
///     std::memmove(buffer, tokenizer.rest().data(), kept);
class Tokenizer {
public:
    explicit Tokenizer(Limits limits = {}, Reads reads = Reads::replies) noexcept
        : limits_(limits::clamped(limits, reads)), reads_(reads) {}

    /// A tokenizer that was moved from may only be destroyed, assigned to or reset().
    Tokenizer(Tokenizer&&) noexcept = default;
    Tokenizer& operator=(Tokenizer&&) noexcept = default;

    /// Lends bytes: first those of rest(), if there are any, then the new ones. They must stay in place while
    /// you call next() or rest(), or use a token.
    void feed(std::span<const char> bytes) noexcept {
        assert(bytes.data() != nullptr || bytes.empty());
        offset_ = offset();
        begin_ = next_ = bytes.data();
        end_ = begin_ + bytes.size();
    }

    /// Returns the next token. Returns nothing if more bytes are needed, or if an error ended the stream. The
    /// text of the token is in the bytes that were fed. Throws std::bad_alloc if there is no memory for a
    /// deeper level; then nothing was taken, and you may call it again.
    [[nodiscard]] std::optional<Token> next();

    /// The bytes that next() has not taken. After it has returned nothing, feed them again before new ones.
    [[nodiscard]] std::span<const char> rest() const noexcept { return {next_, end_}; }

    /// The error that ended the stream. It is final: call reset() to begin a new stream. Incomplete input is
    /// not an error.
    [[nodiscard]] const std::optional<DecodeError>& error() const noexcept { return error_; }

    /// Bytes taken since the start of the stream.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_of(next_); }

    /// Begins a new stream, whose offsets count from `offset`. Drops the lent bytes: call feed() next.
    void reset(std::uint64_t offset = 0) noexcept;

    /// Pauses before each word of a command that has more than `size` bytes: next() returns nothing, and paused()
    /// the announced size, until resume() is called. A word of more than `most` bytes is an error, whatever
    /// Limits::max_bulk is. A Server asks there whether its handler streams the word. Only for Reads::commands.
    void pause_above(std::size_t size, std::uint64_t most) noexcept;
    /// The announced bytes of the word before which it has paused; 0 if it has not paused.
    [[nodiscard]] std::uint64_t paused() const noexcept { return paused_; }
    /// Goes on with the word, if it has at most `most` bytes. Otherwise the word is an error.
    void resume(std::uint64_t most) noexcept {
        paused_ = 0;
        resumed_ = most;
    }
    /// Goes on as if it had never paused: Limits::max_bulk applies.
    void resume() noexcept { resume(pause_.max_bulk); }

    /// Whether a frame has begun and is not complete. The bytes in rest() do not count.
    [[nodiscard]] bool inside_frame() const noexcept { return depth_ != 0 || mode_ != Mode::value; }

private:
    friend class Decoder;

    void set_limits(const Limits& limits) noexcept;

    /// What the next byte belongs to.
    enum class Mode : unsigned char {
        value,   // a type byte
        body,    // a string of known length: `remaining_` bytes and the CRLF follow
        line,    // the text of a line
        chunks,  // a streamed string, before a `;`
        chunk,   // a chunk: `remaining_` bytes and the CRLF follow
    };

    // Each function reads one form of token and returns true. If bytes are missing or wrong, it returns
    // false, and the content of `token` is undefined.
    bool take(Token& token);
    bool value(Token& token);
    bool inline_line(Token& token) noexcept;
    bool string(Token& token, Type type) noexcept;
    wire::Decimal long_length(const char* at) noexcept;
    bool null_string(Token& token) noexcept;
    bool streamed_string(Token& token) noexcept;
    bool body_part(Token& token) noexcept;
    bool chunk_header(Token& token) noexcept;
    bool line(Token& token, Type type) noexcept;
    bool line_part(Token& token) noexcept;
    bool integer(Token& token) noexcept;
    bool boolean(Token& token) noexcept;
    bool null(Token& token) noexcept;
    bool aggregate(Token& token, Type type);
    bool null_array(Token& token) noexcept;
    bool streamed_aggregate(Token& token, Type type);
    bool stream_end(Token& token) noexcept;

    bool scalar(Token& token, Type type, const char* text, const char* next) noexcept;
    bool open(const Token& token, const char* next);
    /// Whether a header was read completely. If it is wrong, the stream ends with an error.
    bool taken(const wire::Decimal& read, Errc malformed, Errc over) noexcept {
        if (read.outcome == wire::Outcome::done) return true;
        refuse(read.outcome, read.at, malformed, over);
        return false;
    }
    void refuse(wire::Outcome outcome, const char* at, Errc malformed, Errc over) noexcept;
    const char* first_wrong(const char* from, const char* to) noexcept;
    bool line_complete() const noexcept;
    bool may_push() const noexcept;
    /// Overwrites the token with a new one for the current value.
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

    const char* begin_ = nullptr;  // the lent bytes are [begin_, end_)
    const char* next_ = nullptr;   // the first byte that was not taken
    const char* end_ = nullptr;
    std::uint64_t offset_ = 0;  // of begin_ in the stream

    Limits limits_;
    Reads reads_;

    Mode mode_ = Mode::value;
    std::uint32_t depth_ = 0;
    std::uint32_t left_ = 1;  // values that the innermost open aggregate still needs
    Type type_{};             // of the string or line that is being read
    wire::DoubleSyntax double_;
    std::uint64_t value_offset_ = 0;  // of its type byte
    std::uint64_t size_ = 0;          // announced
    std::uint64_t position_ = 0;      // bytes of it in earlier tokens; of an inline line, bytes searched
    std::uint64_t remaining_ = 0;     // bytes that this body or chunk still needs
    std::uint64_t digits_ = 0;        // of this big number so far
    std::optional<DecodeError> error_;
    detail::Levels levels_;

    /// Of pause_above(). While it pauses, limits_.max_bulk is at most `above`, so that other words cost nothing.
    struct Pause {
        std::uint64_t above = 0;  // 0: it never pauses
        std::uint64_t most = 0;
        std::uint64_t max_bulk = 0;  // of the limits
    };
    Pause pause_;
    std::uint64_t paused_ = 0;              // see paused()
    std::optional<std::uint64_t> resumed_;  // of resume(), until the word begins
};

}  // namespace resp
