// Frames: the loop that takes tokens until one is whole, the index that is built on the way, and the
// bytes, lent or own. The hot part is in shortcut.hpp.
#include <libresp/decoder.hpp>

#include "inline.hpp"
#include "shortcut.hpp"

#include <algorithm>

namespace resp {

using detail::Node;

Decoder::Decoder(Limits limits, Reads reads) : tokenizer_(limits, reads) {}

// ---- bytes

std::span<char> Decoder::prepare(std::size_t n) {
    release();
    if (!own_.empty()) own_.consume(static_cast<std::size_t>(pending_begin() - own_.data()));
    char* const room = own_.prepare(n);
    rebase(own_.data(), room);
    return {room, own_.capacity() - own_.size()};
}

void Decoder::commit(std::size_t n) {
    own_.commit(n);
    rebase(pending_begin(), end_ + n);
}

void Decoder::feed(std::span<const char> bytes) {
    release();
    if (pending() == 0) {
        own_.clear();
        rebase(bytes.data(), bytes.data() + bytes.size());
        lent_ = true;
    } else {
        std::copy(bytes.begin(), bytes.end(), prepare(bytes.size()).begin());
        commit(bytes.size());
    }
}

void Decoder::release() {
    if (!lent_) return;
    lent_ = false;
    own_.clear();
    own_.append({pending_begin(), pending()});
    rebase(own_.data(), own_.data() + own_.size());
}

/// The bytes that are not handed out stand at `pending` now, and go on to `end`.
void Decoder::rebase(const char* pending, const char* end) noexcept {
    const std::ptrdiff_t taken = tokenizer_.next_ - pending_begin();
    frame_ = pending;
    end_ = end;
    tokenizer_.feed({pending + taken, end});
}

std::uint64_t Decoder::offset() const noexcept { return tokenizer_.offset_of(pending_begin()); }

std::size_t Decoder::memory() const noexcept {
    return own_.capacity() + node_capacity_ * sizeof(Node) + scratch_.capacity();
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
    complete_ = true;
    frame_ = end_ = nullptr;
    tokenizer_.reset(offset);
}

// ---- frames

std::optional<View> Decoder::next() {
    if (error()) return std::nullopt;
    if (complete_) begin_frame();
    for (;;) {
        // The tokenizer never sees more of a frame than the frame may have, so that going over that
        // bound is the same error however the bytes are cut.
        const std::size_t most = tokenizer_.limits_.max_frame;
        const bool bounded = static_cast<std::size_t>(end_ - frame_) > most;
        tokenizer_.end_ = bounded ? frame_ + most : end_;

        if (Shortcut::run(*this)) return view();
        const std::optional<Token> token = tokenizer_.next();
        if (!token) {
            if (bounded && !error()) tokenizer_.fail(Errc::frame_too_long, tokenizer_.end_);
            return std::nullopt;
        }
        const bool shown = index(*token);
        if (error()) return std::nullopt;
        if (!token->ends_frame()) continue;
        if (shown) return view();
        begin_frame();
    }
}

void Decoder::begin_frame() noexcept {
    frame_ = tokenizer_.next_;
    node_count_ = 0;
    scratch_.clear();
    complete_ = false;
}

View Decoder::view() noexcept {
    complete_ = true;
    current_ = {frame_, static_cast<std::size_t>(tokenizer_.next_ - frame_), scratch_.data()};
    return {current_, nodes_.get()};
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
    Node& node = add_node(token.type, in_frame(token.text.data()), token.offset);
    if (token.type == Type::integer || token.type == Type::boolean) {
        node.flags = 0;
        node.digits = static_cast<std::uint8_t>(token.text.size());
        node.set_integer(token.integer);
    } else {
        node.size = static_cast<std::uint32_t>(token.text.size());
    }
}

void Decoder::index_part(const Token& token) {
    if (token.position == 0) {
        if (token.streamed) {
            Node& node = add_node(token.type, in_frame(token.offset) + 4, token.offset);  // $?\r\n
            node.flags = Node::streamed | Node::spans;
            node.span = 2;
            node.size = static_cast<std::uint32_t>(scratch_.size());  // for now: where its text begins
        } else {
            add_node(token.type, in_frame(token.text.data()), token.offset);
        }
    }
    Node& node = nodes_[node_count_ - 1];
    if (!token.streamed) {
        node.size += static_cast<std::uint32_t>(token.text.size());
        return;
    }
    scratch_ += token.text;
    if (!token.last) return;
    const std::uint32_t begin = node.size;
    node.size = static_cast<std::uint32_t>(scratch_.size()) - begin;
    Node& marker = add_node(Type{}, in_frame(tokenizer_.next_), tokenizer_.offset());
    marker.size = nodes_[node_count_ - 2].size;
    marker.span = begin;
}

void Decoder::index_aggregate(const Token& token) {
    const auto entry = static_cast<std::uint32_t>(node_count_);
    Node& node = add_node(token.type, in_frame(tokenizer_.next_), token.offset);
    node.size = static_cast<std::uint32_t>(has_pairs(token.type) ? 2 * token.size : token.size);
    node.span = 1;
    node.flags = static_cast<std::uint8_t>(Node::spans | (token.streamed ? Node::streamed : 0));
    if (token.depth != limits::depth_ceiling) open_[token.depth] = entry;
}

void Decoder::index_stream_end(const Token& token) {
    add_node(Type{}, in_frame(tokenizer_.next_), tokenizer_.offset());
    Node& node = nodes_[open_[token.depth - 1]];
    node.size = static_cast<std::uint32_t>(has_pairs(token.type) ? 2 * token.size : token.size);
}

bool Decoder::index_inline(const Token& token) {
    add_node(Type::array, 0, token.offset).flags = Node::inline_line | Node::spans;
    detail::InlineWords words{token.text, scratch_};
    detail::InlineWords::Word word;
    while (words.next(word)) {
        const char* const base = word.in_scratch ? scratch_.data() : frame_;
        const auto begin = static_cast<std::uint64_t>(word.text.data() - base);
        Node& node = add_node(Type::bulk_string, begin, token.offset);
        node.header = 0;
        node.flags = static_cast<std::uint8_t>(Node::inline_line |
                                               (word.in_scratch ? Node::in_scratch : Node::plain_text));
        node.size = static_cast<std::uint32_t>(word.text.size());
    }
    if (words.wrong() != nullptr) tokenizer_.fail(Errc::unbalanced_quotes, words.wrong());
    Node& line = nodes_[0];
    line.span = static_cast<std::uint32_t>(node_count_);
    line.size = line.span - 1;
    return line.size != 0;
}

/// The innermost `levels` of `depth` open aggregates have all their values.
void Decoder::close(std::uint32_t depth, std::uint32_t levels) noexcept {
    for (; levels != 0; --levels) {
        const std::uint32_t entry = open_[--depth];
        nodes_[entry].span = static_cast<std::uint32_t>(node_count_) - entry;
    }
}

/// An entry whose value begins at `offset` in the stream, its text at `begin` in the frame.
Node& Decoder::add_node(Type type, std::uint64_t begin, std::uint64_t offset) {
    if (node_count_ == node_capacity_) grow_index();
    Node& node = nodes_[node_count_++];
    node.begin = static_cast<std::uint32_t>(begin);
    node.type = type;
    node.flags = type == Type::verbatim_string ? std::uint8_t{0} : std::uint8_t{Node::plain_text};
    node.header = static_cast<std::uint8_t>(begin - in_frame(offset));
    node.digits = 0;
    node.size = 0;
    node.span = 0;
    return node;
}

void Decoder::grow_index() {
    constexpr std::size_t smallest = 16;
    const std::size_t capacity = std::max(smallest, 2 * node_capacity_);
    auto grown = std::make_unique_for_overwrite<Node[]>(capacity);
    std::copy_n(nodes_.get(), node_count_, grown.get());
    nodes_ = std::move(grown);
    node_capacity_ = capacity;
}

}  // namespace resp
