// The decoder turns a stream of bytes into frames and reads them in place through views. The tokenizer checks
// the grammar. The decoder adds an index of each frame, which makes views fast, and it keeps the bytes of a
// frame that is incomplete.
#pragma once

#include <libresp/codec/buffer.hpp>
#include <libresp/codec/command.hpp>
#include <libresp/codec/tokenizer.hpp>
#include <libresp/codec/view.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace resp {

/// Decodes a stream of RESP frame by frame. The result does not depend on how the bytes are cut into pieces.
///
///     resp::Decoder decoder;
///     std::span<char> room = decoder.prepare(16'384);   // read into this ...
///     decoder.commit(n);                                // ... and say how many bytes you received
///     while (auto frame = decoder.next()) use(*frame);
///     if (auto& error = decoder.error()) report(*error);
///
/// Memory grows with the bytes received, never with an announced length. When it has grown enough, decoding
/// allocates nothing. next() copies no received bytes, except to join the chunks of a streamed string and to
/// unescape an inline word. The work is linear in the number of bytes, however they are cut:
/// unless you call shrink(), only an incomplete header, at most 24 bytes, is read again when more bytes
/// arrive.
///
/// A decoder throws only std::bad_alloc. After that, only destroy it, assign to it or call reset().
class Decoder {
public:
    explicit Decoder(Limits limits = {}, Reads reads = Reads::replies);

    /// After a move, all views of both decoders are invalid. The new decoder continues the stream, also
    /// inside a frame and with lent bytes. The old one holds nothing; destroy it, assign to it or reset() it.
    Decoder(Decoder&& other) noexcept;
    Decoder& operator=(Decoder&& other) noexcept;

    /// Returns room for at least `n` bytes, to receive into. Valid until the next call of a member function.
    [[nodiscard]] std::span<char> prepare(std::size_t n);
    /// Takes the first `n` bytes of the room as received. Call it after prepare(); `n` is at most the size of
    /// the room.
    void commit(std::size_t n) noexcept {
        assert(!lent_ && n <= own_.capacity() - own_.size());
        own_.commit(n);
        end_ += n;
    }

    /// Lends bytes to the decoder. Between two frames it decodes them where they stand; inside a frame it
    /// copies them. Lent bytes must stay in place until the next call of release(), prepare(), feed(),
    /// shrink() or reset(). All of these except reset() first copy the bytes that pending() counts. So
    /// one large buffer can serve many decoders, and a decoder between two frames holds no bytes.
    void feed(std::span<const char> bytes);
    /// Ends the loan of feed(): copies the bytes that pending() counts.
    void release() {
        if (lent_) keep_rest();
    }
    /// If the decoder holds more than `keep` bytes of memory, frees all of it except for the bytes that
    /// pending() counts. It copies these bytes, and next() reads the incomplete frame again from its start.
    /// Ends the loan of feed() in any case. After an error it frees nothing.
    void shrink(std::size_t keep);

    /// Returns the next complete frame. Returns nothing if it needs more bytes, or if an error ended the
    /// stream. The view is valid until the next call of next(), prepare(), feed(), release(), shrink() or
    /// reset(), or until the decoder is moved.
    ///
    /// `skip_end` bounds the work of a call that finds no frame. The call also returns nothing when it has
    /// skipped blank lines or empty commands up to the offset `skip_end` or beyond: then offset() is at least
    /// `skip_end`, and pending() may be more than 0. The next call continues there.
    [[nodiscard]] std::optional<View> next(std::uint64_t skip_end = UINT64_MAX) {
        if (ready_ == whole_ && (untaken() == 0 || !read(skip_end))) return std::nullopt;
        const View view{source_, ready_};
        ready_ = view.node_->next();
        return view;
    }

    /// See Tokenizer::pause_above(). To go on, call resume(), which keeps the word like any other, or cut().
    void pause_above(std::size_t size, std::uint64_t most) noexcept { tokenizer_.pause_above(size, most); }
    [[nodiscard]] std::uint64_t paused() const noexcept { return tokenizer_.paused(); }
    /// While it is paused: the words before that one. Valid until resume(), or until the decoder gets more bytes.
    [[nodiscard]] Command words_before() noexcept;
    void resume() noexcept;
    struct Cut {
        Tokenizer rest;           ///< continues with the word; feed it `unread` first
        std::string_view before;  ///< the bytes of the frame before that word, in the decoder
        std::string_view unread;  ///< the bytes after them
        std::uint32_t words_before, words_left;
    };
    /// While it is paused: hands over the rest of the stream. Then only reset(), assign to or destroy the decoder.
    [[nodiscard]] Cut cut() noexcept;

    /// The error that ended the stream. next() sets it after it has returned every frame before the error. It
    /// is final: call reset() to begin a new stream. Incomplete input is not an error.
    [[nodiscard]] const std::optional<DecodeError>& error() const noexcept { return tokenizer_.error(); }

    /// Bytes from the start of the stream to the end of the last frame that next() returned or skipped.
    [[nodiscard]] std::uint64_t offset() const noexcept { return tokenizer_.offset_of(pending_begin()); }
    /// Bytes of offset() that next() has skipped: blank lines, and commands without words (see Reads).
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }
    /// Bytes received after offset().
    [[nodiscard]] std::size_t pending() const noexcept {
        return static_cast<std::size_t>(end_ - pending_begin());
    }
    /// The smallest number of bytes that must still arrive before next() can return a frame, or find that
    /// it is too long. More than 1 only if next() has stopped inside a string of known length.
    [[nodiscard]] std::size_t missing() const noexcept;
    /// Bytes of memory that the decoder holds, without lent bytes.
    [[nodiscard]] std::size_t memory() const noexcept {
        const std::size_t inside = std::string{}.capacity();  // a short string is in its object
        const std::size_t scratch = scratch_.capacity() > inside ? scratch_.capacity() : 0;
        return own_.capacity() + node_capacity_ * sizeof(detail::Node) + scratch +
               tokenizer_.levels_.memory();
    }

    /// Changes the limits for the frames that next() has not returned: it reads their bytes again. Call it before an
    /// error has ended the stream. Views become invalid.
    void set_limits(Limits limits) noexcept;
    /// Begins a new stream, whose offsets count from `offset`. Drops all bytes, ends the loan of feed(), and frees
    /// its memory if that is more than `keep` bytes.
    void reset(std::uint64_t offset = 0, std::size_t keep = 64 * 1024);

private:
    class Cursor;  // These three are the fast path, in lib/src/codec/fast/.
    class Forms;
    class Shortcut;

    bool is_dense() const noexcept;
    static constexpr std::size_t dense_size = 16 * 1024;  // bytes: from here on, little of it is unused:
    static constexpr std::size_t dense_step = 32;         // it grows by one part in this many

    detail::Node& incomplete_frame() noexcept;
    void make_room(std::size_t n);
    std::size_t room_for_frame(std::size_t n) const noexcept;
    void keep_rest();
    void begin_with(std::span<const char> bytes) noexcept;
    void rebase(const char* pending, const char* end) noexcept;

    bool read(std::uint64_t skip_end);
    bool may_skip() const noexcept;
    bool skip(std::uint64_t skip_end) noexcept;
    void take_shortcut();
    bool take_token();
    void drop_returned() noexcept;
    bool index(const Token& token);
    void index_value(const Token& token);
    void index_text(const Token& token);
    void index_part(const Token& token);
    void index_chunk(const Token& token);
    void index_aggregate(const Token& token);
    void index_stream_end(const Token& token);
    bool index_inline(const Token& token);
    void close(std::uint32_t depth, std::uint32_t levels) noexcept;
    detail::Node& add_node(Type type, std::uint64_t begin, std::uint64_t offset);
    void grow_index(std::size_t rest_of_line = 0);
    std::size_t larger_index(std::size_t rest_of_line) const noexcept;

    std::size_t untaken() const noexcept { return static_cast<std::size_t>(end_ - tokenizer_.next_); }
    std::size_t usual_index() const noexcept;
    /// Converts a pointer into the input, or an offset in the stream, to bytes from source_.wire.
    std::uint64_t in_source(const char* p) const noexcept {
        return static_cast<std::uint64_t>(p - source_.wire);
    }
    std::uint64_t in_source(std::uint64_t offset) const noexcept {
        return offset - tokenizer_.offset_of(source_.wire);
    }
    const char* pending_begin() const noexcept {
        if (ready_ == whole_) return frame_;
        return source_.wire + ready_->begin - ready_->header;
    }

    // The input is in own_, or it is lent. The positions in the index count from source_.wire. next() moves
    // ready_ over the frames that were read ahead:
    //
    //     input  source_.wire | returned frames | complete frames | frame_  incomplete frame | end_
    //     index  nodes_       |                 | ready_          | whole_                   | node_count_
    //
    Tokenizer tokenizer_;
    Buffer own_;
    bool lent_ = false;            // the input is not in own_
    const char* frame_ = nullptr;  // the first byte after the complete frames
    const char* end_ = nullptr;    // the end of the input
    std::uint64_t skipped_ = 0;    // see skipped()

    detail::Frame source_;                                 // what the views refer to
    std::unique_ptr<detail::Node[], detail::Free> nodes_;  // realloc grows a large index by moving its pages
    const detail::Node* ready_ = nullptr;                  // the entry of the next frame to return
    const detail::Node* whole_ = nullptr;                  // after the entries of the complete frames
    std::size_t node_count_ = 0;  // entries of the complete frames and of the incomplete one
    std::size_t node_capacity_ = 0;
    std::string scratch_;  // text that is not in the input in one piece: unescaped, or joined from chunks
};

}  // namespace resp
