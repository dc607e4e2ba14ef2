// Bytes to frames: whole values, read in place through views. Built on the tokenizer, which is the
// grammar; what is added here is the index that makes views quick, and the keeping of bytes.
#pragma once

#include <libresp/codec/buffer.hpp>
#include <libresp/codec/tokenizer.hpp>
#include <libresp/codec/view.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace resp {

/// Decodes a stream of RESP frame by frame, however the bytes are cut.
///
///     resp::Decoder decoder;
///     std::span<char> room = decoder.prepare(16'384);   // read into this ...
///     decoder.commit(n);                                // ... and say how much came
///     while (auto frame = decoder.next()) use(*frame);
///     if (auto& error = decoder.error()) report(*error);
///
/// Its own bytes, where `.` was handed out, `w` are whole frames that next() has read ahead, `u` is an
/// unfinished frame and `r` is room; and the index, whose entries count from the batch's first byte:
///
///     own_    |...........|wwwwwwwww|uuuuuuuuu|rrrrrrrrr|
///                                   ^ frame_  ^ end_
///     nodes_      |.......|wwwwwwwww|uuuuuuuuu|
///                         ^ ready_  ^ whole_  ^ node_count_
///
/// Once warm a frame costs no allocation, and received bytes no copy. A byte is looked at once; where a line
/// or a number is cut, a few times, into however many pieces; only a header that is cut (at most 24 bytes)
/// is read again with each piece. Throws nothing but std::bad_alloc, after which only destroying it or
/// reset() is allowed.
class Decoder {
public:
    explicit Decoder(Limits limits = {}, Reads reads = Reads::replies);
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// Room for at least `n` bytes, to receive into; holds until the next call of a member.
    [[nodiscard]] std::span<char> prepare(std::size_t n) {
        constexpr std::ptrdiff_t spent = 1024;  // bytes that may stay before those that are needed move up
        const bool is_short = own_.capacity() - own_.size() < n;
        if (lent_ || is_short || pending_begin() - own_.data() >= spent) make_room(n);
        return {own_.data() + own_.size(), own_.capacity() - own_.size()};
    }
    /// Takes the first `n` bytes of the room as received.
    void commit(std::size_t n) noexcept {
        own_.commit(n);
        end_ += n;
    }

    /// Lends bytes. Between two frames they are decoded where they stand. Inside one they are copied to what
    /// has come of it. They must stay until release(), prepare() or
    /// the next feed(), each of which first copies what is left of an unfinished frame. So one large
    /// buffer can serve many decoders, and a decoder between two frames holds no bytes.
    void feed(std::span<const char> bytes) {
        release();
        if (pending() == 0) return lend(bytes);
        std::copy(bytes.begin(), bytes.end(), prepare(bytes.size()).data());
        commit(bytes.size());
    }
    /// Gives lent bytes back to their owner; copies what next() has not taken of them.
    void release() {
        if (lent_) keep_rest();
    }
    /// If it holds more than `keep` bytes of memory, gives all back but for the bytes that next() has not
    /// taken, which are copied and will be read again. Lent bytes go back to their owner in any case.
    void shrink(std::size_t keep);

    /// The next whole frame, or nothing where more bytes are needed or an error ended the stream.
    /// The view holds until the next call of next(), prepare(), feed(), release(), shrink() or reset().
    [[nodiscard]] std::optional<View> next() {
        if (ready_ == whole_ && (untaken() == 0 || !read())) return std::nullopt;
        const View view{batch_, ready_};
        ready_ = view.node_->next();
        return view;
    }

    /// What ended the stream: set once next() has come to it, and for good. Frames before it were
    /// handed out. Incomplete input is not an error.
    [[nodiscard]] const std::optional<DecodeError>& error() const noexcept { return tokenizer_.error(); }

    /// Bytes from the start of the stream to the end of the last frame that next() handed out or skipped.
    [[nodiscard]] std::uint64_t offset() const noexcept { return tokenizer_.offset_of(pending_begin()); }
    /// Bytes behind that: received, but not yet part of a frame that was handed out.
    [[nodiscard]] std::size_t pending() const noexcept {
        return static_cast<std::size_t>(end_ - pending_begin());
    }
    /// Bytes that must come, at least, before there is a frame, or too many for one; more than 1 only where
    /// next() has seen that a string of known length is cut.
    [[nodiscard]] std::size_t missing() const noexcept;
    /// Bytes of memory that it holds, lent bytes not counted.
    [[nodiscard]] std::size_t memory() const noexcept {
        return own_.capacity() + node_capacity_ * sizeof(detail::Node) + scratch_.capacity();
    }

    /// Begins a new stream, whose offsets count from `offset`. Keeps at most `keep` bytes of memory
    /// for reuse.
    void reset(std::uint64_t offset = 0, std::size_t keep = 64 * 1024);

private:
    class Cursor;
    class Shortcut;  // takes the common forms without the tokenizer
    struct Free {
        void operator()(void* memory) const noexcept { std::free(memory); }
    };

    void make_room(std::size_t n);
    void lend(std::span<const char> bytes) noexcept;
    void keep_rest();
    /// Bytes at hand that the tokenizer has not taken.
    std::size_t untaken() const noexcept { return static_cast<std::size_t>(end_ - tokenizer_.next_); }
    bool read();
    bool take_token();
    void begin_batch() noexcept;
    void begin_with(std::span<const char> bytes) noexcept;
    void rebase(const char* pending, const char* end) noexcept;
    bool index(const Token& token);
    void index_value(const Token& token);
    void add_text(const Token& token);
    void index_part(const Token& token);
    void index_aggregate(const Token& token);
    void index_stream_end(const Token& token);
    bool index_inline(const Token& token);
    void close(std::uint32_t depth, std::uint32_t levels) noexcept;
    detail::Node& add_node(Type type, std::uint64_t begin, std::uint64_t offset);
    void grow_index();

    /// Bytes from the start of the batch.
    std::uint64_t in_batch(const char* p) const noexcept {
        return static_cast<std::uint64_t>(p - batch_.wire);
    }
    std::uint64_t in_batch(std::uint64_t offset) const noexcept {
        return offset - tokenizer_.offset_of(batch_.wire);
    }
    const char* pending_begin() const noexcept {
        if (ready_ == whole_) return frame_;
        return batch_.wire + ready_->begin - ready_->header;
    }

    Tokenizer tokenizer_;
    Buffer own_;
    bool lent_ = false;            // the bytes at hand are not in own_
    const char* frame_ = nullptr;  // the first byte of the frame that is being read, or will be
    const char* end_ = nullptr;    // behind the last byte at hand

    detail::Frame batch_;                          // what the views refer to
    std::unique_ptr<detail::Node[], Free> nodes_;  // of malloc: a large index grows by moving its pages
    const detail::Node* ready_ = nullptr;          // the entry of the next frame to hand out
    const detail::Node* whole_ = nullptr;          // behind the entries of frames that are whole
    std::size_t node_count_ = 0;                   // of those, and of the one that is being read
    std::size_t node_capacity_ = 0;
    std::string scratch_;
};

}  // namespace resp
