// The decoder: its input, which the caller lends or which is in its own buffer, and the loop that takes
// tokens until a frame is complete. The index is in decoder_index.cpp. The fast path is in fast/shortcut.cpp.
#include <libresp/codec/decoder.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace resp {

Decoder::Decoder(Limits limits, Reads reads) : tokenizer_(limits, reads) {}

Decoder::Decoder(Decoder&& other) noexcept : Decoder() { *this = std::move(other); }

Decoder& Decoder::operator=(Decoder&& other) noexcept {
    if (this == &other) return *this;
    tokenizer_ = other.tokenizer_;
    own_ = std::move(other.own_);
    lent_ = other.lent_;
    frame_ = other.frame_;
    end_ = other.end_;
    nodes_ = std::move(other.nodes_);
    ready_ = other.ready_;
    whole_ = other.whole_;
    node_count_ = other.node_count_;
    node_capacity_ = other.node_capacity_;
    scratch_ = std::move(other.scratch_);
    source_ = {other.source_.wire,
               scratch_.data()};  // a short text is stored in the string object, so it has a new address
    other.reset(0, 0);
    return *this;
}

// ---- bytes

std::span<char> Decoder::prepare(std::size_t n) {
    // The bytes of frames that next() has returned are removed from the front only when there are this many,
    // not after every frame.
    constexpr std::ptrdiff_t spent = 1024;
    const bool is_short = own_.capacity() - own_.size() < n;
    if (lent_ || is_short || pending_begin() - own_.data() >= spent) make_room(n);
    assert(own_.capacity() - own_.size() >= n);
    return {own_.data() + own_.size(), own_.capacity() - own_.size()};
}

void Decoder::make_room(std::size_t n) {
    constexpr std::size_t after = 16 * 1024;  // for bytes that arrive together with the end of a long frame
    release();
    if (!own_.empty()) own_.consume(static_cast<std::size_t>(pending_begin() - own_.data()));
    // If the string that is being received is the last value of the frame, the buffer needs room only up to
    // the end of that string, plus `after`.
    const bool is_last = tokenizer_.depth_ == 0 || (tokenizer_.depth_ == 1 && tokenizer_.left_ == 1);
    char* const room = own_.prepare(n, is_last && missing() > 1 ? missing() + after : SIZE_MAX);
    rebase(own_.data(), room);
}

void Decoder::feed(std::span<const char> bytes) {
    release();
    if (pending() == 0) {
        begin_with(bytes);
        lent_ = true;
    } else {
        std::copy(bytes.begin(), bytes.end(), prepare(bytes.size()).data());
        commit(bytes.size());
    }
}

/// Ends the loan: copies the pending bytes into `own_`.
void Decoder::keep_rest() {
    assert(lent_);
    lent_ = false;
    own_.clear();
    own_.append({pending_begin(), pending()});
    rebase(own_.data(), own_.data() + own_.size());
}

void Decoder::shrink(std::size_t keep) {
    release();
    if (memory() <= keep || error()) return;
    Buffer rest;
    rest.append({pending_begin(), pending()});
    reset(offset(), 0);
    own_ = std::move(rest);
    begin_with(own_.view());
}

/// Makes `bytes` the input. No frame is open, and no other bytes are left.
void Decoder::begin_with(std::span<const char> bytes) noexcept {
    assert(!tokenizer_.inside_frame());
    tokenizer_.feed(bytes);
    source_.wire = frame_ = bytes.data();
    end_ = frame_ + bytes.size();
    ready_ = whole_ = nodes_.get();
    node_count_ = 0;
}

/// The pending bytes have moved: they stand at [pending, end) now.
void Decoder::rebase(const char* pending, const char* end) noexcept {
    drop_returned();
    assert(end - pending == end_ - source_.wire);
    const std::ptrdiff_t taken = tokenizer_.next_ - source_.wire;
    frame_ = pending + (frame_ - source_.wire);
    source_.wire = pending;
    end_ = end;
    tokenizer_.feed({pending + taken, end});
}

void Decoder::reset(std::uint64_t offset, std::size_t keep) {
    if (memory() > keep) {
        own_.release();
        nodes_.reset();
        node_capacity_ = 0;
        std::string{}.swap(scratch_);
    }
    own_.clear();
    lent_ = false;
    tokenizer_.reset(offset);
    begin_with({own_.data(), 0});
}

std::size_t Decoder::missing() const noexcept {
    const std::uint64_t here = untaken();
    if (tokenizer_.mode_ != Tokenizer::Mode::body || tokenizer_.remaining_ <= here) return 1;
    const std::uint64_t left = tokenizer_.remaining_ - here;
    // The first byte over max_frame makes the frame too long, so no byte after that one is missing.
    const auto in_frame = static_cast<std::size_t>(end_ - frame_);
    const std::size_t limit = tokenizer_.limits_.max_frame;
    const std::size_t room = limit > in_frame ? limit - in_frame : 0;
    if (left >= room) return room + 1;
    return std::min(static_cast<std::size_t>(left) + wire::crlf.size(), room + 1);
}

// ---- frames

/// Reads until at least one frame is complete: the frames that the shortcut takes in one run, or one frame
/// that needs the tokenizer. Returns false if more bytes are needed, or if an error ended the stream.
bool Decoder::read() {
    assert(ready_ == whole_);
    if (error()) return false;
    const std::size_t most = tokenizer_.limits_.max_frame;
    drop_returned();
    do {
        // The tokenizer never sees more than max_frame bytes of a frame. So a frame that is too long gives
        // the same error, however the stream was cut into pieces.
        const bool bounded = static_cast<std::size_t>(end_ - source_.wire) > most;
        tokenizer_.end_ = bounded ? source_.wire + most : end_;
        take_shortcut();
        if (whole_ != ready_) break;
        if (!take_token()) {
            if (bounded && !error()) tokenizer_.fail(Errc::frame_too_long, tokenizer_.end_);
            return false;
        }
    } while (whole_ == ready_);
    source_.scratch = scratch_.data();
    return true;
}

/// Adds the next token to the index. Returns false if there is none, or if an error ended the stream.
bool Decoder::take_token() {
    Token token;
    if (error() || !tokenizer_.take(token)) return false;
    const bool is_shown = index(token);
    if (error()) return false;
    if (!token.ends_frame()) return true;
    frame_ = tokenizer_.next_;
    if (is_shown) {
        whole_ = nodes_.get() + node_count_;
    } else {
        drop_returned();
    }
    return true;
}

/// Removes from the index the frames that next() has returned. The index then begins with the first frame
/// that next() has not returned, and positions in the wire count from that frame. A position in the scratch
/// must not change, but no entry that stays has one: a frame with text in the scratch is read alone, and
/// next() returns it before others are read.
void Decoder::drop_returned() noexcept {
    const char* const begin = pending_begin();
    if (const auto out = static_cast<std::size_t>(ready_ - nodes_.get()); out != 0) {
        assert(out <= node_count_);
        const auto shift = static_cast<std::uint32_t>(begin - source_.wire);
        for (std::size_t i = out; i != node_count_; ++i) {
            nodes_[i - out] = nodes_[i];
            nodes_[i - out].begin -= shift;
        }
        for (std::uint32_t level = 0; level != tokenizer_.depth_; ++level) {
            tokenizer_.levels_[level].entry -= static_cast<std::uint32_t>(out);
        }
        ready_ -= out;
        whole_ -= out;
        node_count_ -= out;
    }
    source_.wire = begin;
    if (node_count_ == 0) scratch_.clear();
}

}  // namespace resp
