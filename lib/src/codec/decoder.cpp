// The decoder: its input, which the caller lends or which is in its own buffer, and the loop that takes
// tokens until a frame is complete. The index is in decoder_index.cpp. The fast path is in fast/shortcut.cpp.
#include <libresp/codec/decoder.hpp>

#include "inline.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace resp {

Decoder::Decoder(Limits limits, Reads reads) : tokenizer_(limits, reads) {}

Decoder::Decoder(Decoder&& other) noexcept : Decoder() { *this = std::move(other); }

Decoder& Decoder::operator=(Decoder&& other) noexcept {
    if (this == &other) return *this;
    tokenizer_ = std::move(other.tokenizer_);
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
    skipped_ = other.skipped_;
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
    release();
    if (!own_.empty()) own_.consume(static_cast<std::size_t>(pending_begin() - own_.data()));
    char* const room = own_.prepare(n, room_for_frame(n));
    rebase(own_.data(), room);
}

/// The room that the buffer needs for the rest of the frame, as far as that is known, and at least for `n`
/// bytes. SIZE_MAX: not known, and the buffer doubles.
std::size_t Decoder::room_for_frame(std::size_t n) const noexcept {
    constexpr std::size_t after = 16 * 1024;  // for bytes that arrive together with the end of a long frame
    // If the string that is being received is the last value of the frame, the buffer needs room only up to
    // the end of that string, plus `after`.
    const bool is_last = tokenizer_.depth_ == 0 || (tokenizer_.depth_ == 1 && tokenizer_.left_ == 1);
    if (is_last && missing() > 1) return missing() + after;
    return own_.size() >= dense_size && is_dense() ? std::max(n, own_.size() / dense_step) : SIZE_MAX;
}

void Decoder::feed(std::span<const char> bytes) {
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
    const std::uint64_t skipped = skipped_;
    reset(offset(), 0);
    skipped_ = skipped;
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

void Decoder::set_limits(Limits limits) noexcept {
    assert(!error());
    const char* const begin = pending_begin();
    const std::uint64_t here = offset();
    tokenizer_.set_limits(limits);
    tokenizer_.reset(here);
    scratch_.clear();
    begin_with({begin, end_});
}

void Decoder::reset(std::uint64_t offset, std::size_t keep) {
    if (memory() > keep) {
        own_.release();
        nodes_.reset();
        node_capacity_ = 0;
        std::string{}.swap(scratch_);
        tokenizer_.levels_.release();
    }
    own_.clear();
    lent_ = false;
    skipped_ = 0;
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
/// that needs the tokenizer. Returns false if more bytes are needed, if an error ended the stream, or if it
/// has skipped bytes and is at `skip_end` or beyond.
bool Decoder::read(std::uint64_t skip_end) {
    assert(ready_ == whole_);
    if (error()) return false;
    const std::size_t most = tokenizer_.limits_.max_frame;
    drop_returned();
    const char* const begin = frame_;
    for (;;) {
        // The tokenizer never sees more than max_frame bytes of a frame. So a frame that is too long gives
        // the same error, however the stream was cut into pieces.
        const bool bounded = static_cast<std::size_t>(end_ - source_.wire) > most;
        tokenizer_.end_ = bounded ? source_.wire + most : end_;
        if (tokenizer_.mode_ == Tokenizer::Mode::value) {
            take_shortcut();
            if (whole_ != ready_) break;
        }
        const bool has_skipped = frame_ == tokenizer_.next_ && may_skip() && skip(skip_end);
        if (!has_skipped && !take_token()) {
            if (bounded && !error() && paused() == 0) tokenizer_.fail(Errc::frame_too_long, tokenizer_.end_);
            return false;
        }
        if (whole_ != ready_) break;
        if (frame_ != begin && offset() >= skip_end) return false;
    }
    source_.scratch = scratch_.data();
    return true;
}

namespace {

/// If a blank line stands at p, returns its end; otherwise p.
const char* after_blank_line(const char* p, const char* end, std::size_t max_line) noexcept {
    const char* at = p;
    while (at != end && *at != wire::lf && detail::is_space(*at)) ++at;
    if (at == end || *at != wire::lf || static_cast<std::size_t>(at - p) > max_line) return p;
    return at + 1;
}

/// If an array with no words or with a negative number of words stands at p, returns its end; otherwise p.
const char* after_empty_array(const char* p, const char* end) noexcept {
    constexpr std::ptrdiff_t header = 4;  // `*0\r\n`
    if (end - p < header || *p != wire::byte(Type::array)) return p;
    if (p[1] == '0') return wire::is_crlf(p + 2) ? p + header : p;
    if (p[1] != wire::minus || p[2] == '0') return p;
    const char* const digits = p + 2;
    const char* const most = digits + std::min<std::ptrdiff_t>(end - digits, 18);
    const char* const stop = std::find_if_not(digits, most, wire::is_digit);
    return stop != digits && end - stop >= 2 && wire::is_crlf(stop) ? stop + 2 : p;
}

}  // namespace

/// Whether the byte at the beginning of a frame may begin what skip() skips.
bool Decoder::may_skip() const noexcept {
    if (tokenizer_.reads_ == Reads::replies || untaken() == 0) return false;
    const char c = *tokenizer_.next_;
    return detail::is_space(c) || (c == wire::byte(Type::array) && tokenizer_.reads_ == Reads::commands);
}

/// Skips blank lines and empty commands at the beginning of a frame, as long as they begin before `skip_end`.
/// The tokenizer would return each as a token, and index() would skip it. This loop takes less time, so a
/// client cannot keep a server busy with them. It leaves to the tokenizer what is rare, incomplete or wrong.
/// Returns whether it has skipped anything.
[[gnu::noinline]] bool Decoder::skip(std::uint64_t skip_end) noexcept {
    assert(frame_ == tokenizer_.next_ && node_count_ == 0);
    const Limits& limits = tokenizer_.limits_;
    const bool commands = tokenizer_.reads_ == Reads::commands;
    constexpr std::size_t longest = wire::longest_header;
    if (tokenizer_.position_ != 0) return false;  // the tokenizer has read a part of the line
    if (limits.max_depth == 0 || limits.max_frame < limits.max_line + wire::crlf.size() ||
        limits.max_frame < longest)
        return false;
    const std::uint64_t left = skip_end > offset() ? skip_end - offset() : 0;
    const char* const stop = left < untaken() ? frame_ + left : end_;
    const char* p = frame_;
    while (p < stop) {
        const char* next = after_blank_line(p, end_, limits.max_line);
        if (next == p && commands) next = after_empty_array(p, end_);
        if (next == p) break;
        p = next;
    }
    if (p == frame_) return false;
    skipped_ += static_cast<std::uint64_t>(p - frame_);
    source_.wire = frame_ = tokenizer_.next_ = p;
    return true;
}

/// Adds the next token to the index. Returns false if there is none, or if an error ended the stream.
[[gnu::always_inline]] inline bool Decoder::take_token() {
    Token token;
    if (error() || !tokenizer_.take(token)) return false;
    const bool is_shown = index(token);
    if (error()) return false;
    if (!token.ends_frame()) return true;
    if (!is_shown) skipped_ += static_cast<std::uint64_t>(tokenizer_.next_ - frame_);
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
