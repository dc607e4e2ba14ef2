// Frames: the loop that takes tokens until one is whole, the index that is built on the way, and the
// bytes, lent or own. The hot part is in shortcut.hpp.
#include <libresp/codec/decoder.hpp>

#include "fast/shortcut.hpp"
#include "inline.hpp"
#include "out_of_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace resp {

using detail::Node;

Decoder::Decoder(Limits limits, Reads reads) : tokenizer_(limits, reads) {}

// ---- bytes

void Decoder::make_room(std::size_t n) {
    constexpr std::size_t behind = 16 * 1024;  // what may come with the end of a long frame
    release();
    if (!own_.empty()) own_.consume(static_cast<std::size_t>(pending_begin() - own_.data()));
    const bool last = tokenizer_.depth_ == 0 || (tokenizer_.depth_ == 1 && tokenizer_.left_ == 1);
    char* const room = own_.prepare(n, last && missing() > 1 ? missing() + behind : SIZE_MAX);
    rebase(own_.data(), room);
}

void Decoder::lend(std::span<const char> bytes) noexcept {
    begin_with(bytes);
    lent_ = true;
}

/// Copies what is left of lent bytes.
void Decoder::keep_rest() {
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

/// Between two frames, with nothing at hand but these bytes.
void Decoder::begin_with(std::span<const char> bytes) noexcept {
    tokenizer_.feed(bytes);
    batch_.wire = frame_ = bytes.data();
    end_ = frame_ + bytes.size();
    ready_ = whole_ = nodes_.get();
    node_count_ = 0;
}

/// The bytes that are not handed out stand at `pending` now, and go on to `end`.
void Decoder::rebase(const char* pending, const char* end) noexcept {
    begin_batch();
    const std::ptrdiff_t taken = tokenizer_.next_ - batch_.wire;
    frame_ = pending + (frame_ - batch_.wire);
    batch_.wire = pending;
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
    const std::uint64_t taken = untaken();
    if (tokenizer_.mode_ != Tokenizer::Mode::body || tokenizer_.remaining_ <= taken) return 1;
    const std::uint64_t left = tokenizer_.remaining_ - taken;
    // The frame is too long one byte behind its bound.
    const auto in_frame = static_cast<std::size_t>(end_ - frame_);
    const std::size_t limit = tokenizer_.limits_.max_frame;
    const std::size_t room = limit > in_frame ? limit - in_frame : 0;
    if (left >= room) return room + 1;
    return std::min(static_cast<std::size_t>(left) + wire::crlf.size(), room + 1);
}

// ---- frames

/// Reads until at least one whole frame is ready: as many as the shortcut takes in one go, or one that
/// needs the tokenizer.
bool Decoder::read() {
    if (error()) return false;
    const std::size_t most = tokenizer_.limits_.max_frame;
    begin_batch();
    do {
        // The tokenizer never sees more of a frame than the frame may have, so that going over that
        // bound is the same error however the bytes are cut.
        const bool bounded = static_cast<std::size_t>(end_ - batch_.wire) > most;
        tokenizer_.end_ = bounded ? batch_.wire + most : end_;

        Shortcut::run(*this);
        if (whole_ != ready_) break;
        if (!take_token()) {
            if (bounded && !error()) tokenizer_.fail(Errc::frame_too_long, tokenizer_.end_);
            return false;
        }
    } while (whole_ == ready_);
    batch_.scratch = scratch_.data();
    return true;
}

/// Adds the next token to the index. False where there is none, or an error ended the stream.
bool Decoder::take_token() {
    Token token;
    if (error() || !tokenizer_.take(token)) return false;
    const bool shown = index(token);
    if (error()) return false;
    if (!token.ends_frame()) return true;
    frame_ = tokenizer_.next_;
    if (shown) {
        whole_ = nodes_.get() + node_count_;
    } else {
        begin_batch();
    }
    return true;
}

/// Makes the first frame that was not handed out the first of the index. No text of it is in the
/// scratch by its `begin`: a frame that has such words is whole at once, and handed out at once.
void Decoder::begin_batch() noexcept {
    const char* const begin = pending_begin();
    if (const auto out = static_cast<std::size_t>(ready_ - nodes_.get()); out != 0) {
        const auto shift = static_cast<std::uint32_t>(begin - batch_.wire);
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
    batch_.wire = begin;
    if (node_count_ == 0) scratch_.clear();
}

// ---- the index

/// Adds what a token tells. False for a request without words, which a server skips.
bool Decoder::index(const Token& token) {
    const bool request = tokenizer_.reads_ == Reads::commands && token.depth == 0;
    switch (token.kind) {
        case Token::Kind::value:
            if (request) return false;  // the null array
            index_value(token);
            break;
        case Token::Kind::part: index_part(token); break;
        case Token::Kind::aggregate:
            if (request && token.size == 0) return false;
            index_aggregate(token);
            break;
        case Token::Kind::stream_end: index_stream_end(token); break;
        case Token::Kind::inline_line: return index_inline(token);
    }
    close(token.depth, token.closes);
    return true;
}

void Decoder::index_value(const Token& token) {
    if (token.type != Type::integer && token.type != Type::boolean) {
        add_text(token);
        return;
    }
    Node& node = add_node(token.type, in_batch(token.text.data()), token.offset);
    node.flags = 0;
    node.digits = static_cast<std::uint8_t>(token.text.size());
    node.set_integer(token.integer);
}

/// A text whose first part, or all of it, is the token's.
void Decoder::add_text(const Token& token) {
    // A verbatim string's prefix is like a part of its header; it may be longer than what has come.
    const std::uint32_t prefix = token.type == Type::verbatim_string ? wire::verbatim_prefix : 0;
    Node& node = add_node(token.type, in_batch(token.text.data()) + prefix, token.offset);
    node.size = static_cast<std::uint32_t>(token.text.size()) - prefix;
}

void Decoder::index_part(const Token& token) {
    if (!token.streamed) {
        if (token.position == 0) return add_text(token);
        nodes_[node_count_ - 1].size += static_cast<std::uint32_t>(token.text.size());
        return;
    }
    if (token.position == 0) {
        Node& node = add_node(token.type, in_batch(token.offset) + 4, token.offset);  // $?\r\n
        node.flags = Node::streamed | Node::spans;
        node.span = 2;
        node.size = static_cast<std::uint32_t>(scratch_.size());  // for now: where its text begins
    }
    Node& node = nodes_[node_count_ - 1];
    scratch_ += token.text;
    if (!token.last) return;
    const std::uint32_t begin = node.size;
    node.size = static_cast<std::uint32_t>(scratch_.size()) - begin;
    Node& marker = add_node(Type{}, in_batch(tokenizer_.next_), tokenizer_.offset());
    marker.size = nodes_[node_count_ - 2].size;
    marker.span = begin;
}

void Decoder::index_aggregate(const Token& token) {
    const auto entry = static_cast<std::uint32_t>(node_count_);
    Node& node = add_node(token.type, in_batch(tokenizer_.next_), token.offset);
    node.size = static_cast<std::uint32_t>(has_pairs(token.type) ? 2 * token.size : token.size);
    node.span = 1;
    node.flags =
        static_cast<std::uint8_t>(Node::aggregate | Node::spans | (token.streamed ? Node::streamed : 0));
    if (token.depth != limits::depth_ceiling) tokenizer_.levels_[token.depth].entry = entry;
}

void Decoder::index_stream_end(const Token& token) {
    add_node(Type{}, in_batch(tokenizer_.next_), tokenizer_.offset());
    Node& node = nodes_[tokenizer_.levels_[token.depth - 1].entry];
    node.size = static_cast<std::uint32_t>(has_pairs(token.type) ? 2 * token.size : token.size);
}

bool Decoder::index_inline(const Token& token) {
    add_node(Type::array, in_batch(token.offset), token.offset).flags =
        Node::inline_line | Node::aggregate | Node::spans;
    detail::InlineWords words{token.text, scratch_};
    detail::InlineWords::Word word;
    while (words.next(word)) {
        const char* const base = word.in_scratch ? scratch_.data() : batch_.wire;
        const auto begin = static_cast<std::uint64_t>(word.text.data() - base);
        Node& node = add_node(Type::bulk_string, begin, token.offset);
        node.header = 0;
        node.flags = static_cast<std::uint8_t>(Node::inline_line |
                                               (word.in_scratch ? Node::in_scratch : Node::plain_text));
        node.size = static_cast<std::uint32_t>(word.text.size());
    }
    if (words.wrong() != nullptr) tokenizer_.fail(Errc::unbalanced_quotes, words.wrong());
    const auto count = static_cast<std::uint32_t>(node_count_ - 1);
    if (count == 0) {
        node_count_ = 0;
        return false;
    }
    add_node(Type{}, in_batch(tokenizer_.next_), tokenizer_.offset());
    nodes_[0].size = count;
    nodes_[0].span = count + 2;
    return true;
}

/// The innermost `levels` of `depth` open aggregates have all their values.
void Decoder::close(std::uint32_t depth, std::uint32_t levels) noexcept {
    for (; levels != 0; --levels) {
        const std::uint32_t entry = tokenizer_.levels_[--depth].entry;
        nodes_[entry].span = static_cast<std::uint32_t>(node_count_) - entry;
        if (nodes_[entry].type == Type::attribute) detail::end_attribute(nodes_[entry]);
    }
}

/// An entry whose value begins at `offset` in the stream, its text at `begin` in the batch.
Node& Decoder::add_node(Type type, std::uint64_t begin, std::uint64_t offset) {
    if (node_count_ == node_capacity_) grow_index();
    Node& node = nodes_[node_count_++];
    node.begin = static_cast<std::uint32_t>(begin);
    node.type = type;
    node.flags = Node::plain_text;
    node.header = static_cast<std::uint8_t>(begin - in_batch(offset));
    node.digits = 0;
    node.size = 0;
    node.span = 0;
    return node;
}

void Decoder::grow_index() {
    constexpr std::size_t smallest = 512;
    const std::size_t capacity = std::max(smallest, node_capacity_ + node_capacity_ / 2);
    void* const moved = std::realloc(nodes_.get(), capacity * sizeof(Node));
    if (moved == nullptr) detail::out_of_memory();
    static_cast<void>(nodes_.release());
    nodes_.reset(static_cast<Node*>(moved));
    node_capacity_ = capacity;
    ready_ = whole_ = nodes_.get();  // nothing is, while there is more to read
}

}  // namespace resp
