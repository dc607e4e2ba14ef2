// The index of a frame: one entry for each value, written while the tokenizer reads. detail/node.hpp shows an
// example.
#include <libresp/codec/decoder.hpp>

#include "inline.hpp"
#include "out_of_memory.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace resp {

using detail::Node;

/// Adds the token to the index. Returns false if the token is a request without words, which next() skips.
bool Decoder::index(const Token& token) {
    const bool is_request = tokenizer_.reads_ == Reads::commands && token.depth == 0;
    switch (token.kind) {
        case Token::Kind::value:
            if (is_request) return false;  // the null array
            index_value(token);
            break;
        case Token::Kind::part: index_part(token); break;
        case Token::Kind::aggregate:
            if (is_request && token.size == 0) return false;
            index_aggregate(token);
            break;
        case Token::Kind::stream_end: index_stream_end(token); break;
        case Token::Kind::inline_line: return index_inline(token);
    }
    if (token.closes != 0) close(token.depth, token.closes);
    return true;
}

void Decoder::index_value(const Token& token) {
    if (token.type != Type::integer && token.type != Type::boolean) {
        index_text(token);
        return;
    }
    Node& node = add_node(token.type, in_source(token.text.data()), token.offset);
    node.flags = 0;
    node.digits = static_cast<std::uint8_t>(token.text.size());
    node.set_integer(token.integer);
}

/// Adds an entry for a text. The token holds the whole text or its first part.
void Decoder::index_text(const Token& token) {
    // In the entry, the prefix of a verbatim string is part of the header. If the first part is shorter than
    // the prefix, `size` wraps around; the parts that follow add up to the right size.
    const std::uint32_t prefix = token.type == Type::verbatim_string ? wire::verbatim_prefix : 0;
    Node& node = add_node(token.type, in_source(token.text.data()) + prefix, token.offset);
    node.size = static_cast<std::uint32_t>(token.text.size()) - prefix;
}

void Decoder::index_part(const Token& token) {
    if (token.streamed) {
        index_chunk(token);
    } else if (token.position == 0) {
        index_text(token);
    } else {
        assert(node_count_ != 0);
        nodes_[node_count_ - 1].size += static_cast<std::uint32_t>(token.text.size());
    }
}

/// Appends a chunk of a streamed string to the scratch, where its chunks are joined.
void Decoder::index_chunk(const Token& token) {
    if (token.position == 0) {
        constexpr std::uint64_t header = 4;  // `$?\r\n`
        Node& node = add_node(token.type, in_source(token.offset) + header, token.offset);
        node.flags = Node::streamed | Node::spans;
        node.span = 2;  // this entry and its marker
        // Until the last chunk, `size` is where the text begins in the scratch.
        node.size = static_cast<std::uint32_t>(scratch_.size());
    }
    assert(node_count_ != 0);
    Node& node = nodes_[node_count_ - 1];
    scratch_ += token.text;
    if (!token.last) return;
    const std::uint32_t begin = node.size;
    const auto size = static_cast<std::uint32_t>(scratch_.size()) - begin;
    node.size = size;
    Node& marker = add_node(Type{}, in_source(tokenizer_.next_), tokenizer_.offset());  // may move `node`
    marker.size = size;
    marker.span = begin;  // of the text in the scratch; text() reads it here
}

void Decoder::index_aggregate(const Token& token) {
    const auto entry = static_cast<std::uint32_t>(node_count_);
    Node& node = add_node(token.type, in_source(tokenizer_.next_), token.offset);
    node.size = static_cast<std::uint32_t>(has_pairs(token.type) ? 2 * token.size : token.size);
    node.span = 1;
    node.flags =
        static_cast<std::uint8_t>(Node::aggregate | Node::spans | (token.streamed ? Node::streamed : 0));
    assert(token.depth < tokenizer_.depth_ || (token.size == 0 && !token.streamed));
    if (token.depth < tokenizer_.depth_) tokenizer_.levels_[token.depth].entry = entry;
}

void Decoder::index_stream_end(const Token& token) {
    assert(token.depth != 0);
    add_node(Type{}, in_source(tokenizer_.next_), tokenizer_.offset());
    Node& node = nodes_[tokenizer_.levels_[token.depth - 1].entry];
    node.size = static_cast<std::uint32_t>(has_pairs(token.type) ? 2 * token.size : token.size);
}

/// Adds an inline line as an array of bulk strings. Returns false if it has no words.
bool Decoder::index_inline(const Token& token) {
    assert(node_count_ == 0);
    add_node(Type::array, in_source(token.offset), token.offset).flags =
        Node::inline_line | Node::aggregate | Node::spans;
    detail::InlineWords words{token.text, scratch_};
    detail::InlineWords::Word word;
    while (words.next(word)) {
        if (node_count_ == node_capacity_) grow_index(words.rest());
        const char* const base = word.in_scratch ? scratch_.data() : source_.wire;
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
    add_node(Type{}, in_source(tokenizer_.next_), tokenizer_.offset());
    nodes_[0].size = count;
    nodes_[0].span = count + 2;
    return true;
}

/// Closes the innermost `levels` of `depth` open aggregates: all their values are in the index.
void Decoder::close(std::uint32_t depth, std::uint32_t levels) noexcept {
    assert(levels <= depth && depth <= tokenizer_.levels_.room());
    for (; levels != 0; --levels) {
        const std::uint32_t entry = tokenizer_.levels_[--depth].entry;
        assert(entry < node_count_ && nodes_[entry].has(Node::aggregate));
        nodes_[entry].span = static_cast<std::uint32_t>(node_count_) - entry;
        if (nodes_[entry].type == Type::attribute) detail::end_attribute(nodes_[entry]);
    }
}

/// Adds an entry. Its value begins at `offset` in the stream. Its text begins at `begin`, counted like
/// Node::begin.
Node& Decoder::add_node(Type type, std::uint64_t begin, std::uint64_t offset) {
    if (node_count_ == node_capacity_) grow_index();
    Node& node = nodes_[node_count_++];
    node.begin = static_cast<std::uint32_t>(begin);
    node.type = type;
    node.flags = Node::plain_text;
    node.header = static_cast<std::uint8_t>(begin - in_source(offset));
    node.digits = 0;
    node.size = 0;
    node.span = 0;
    return node;
}

/// Whether the index of the incomplete frame takes more than twice its bytes, because its values are tiny, or may
/// take that: an inline line is indexed when it is complete.
bool Decoder::is_dense() const noexcept {
    const bool in_line = tokenizer_.mode_ == Tokenizer::Mode::value && tokenizer_.position_ != 0;
    return in_line || node_count_ * sizeof(Node) > 2 * in_source(tokenizer_.next_);
}

/// The entries for short frames that have arrived together. Few for a client that stops inside one.
std::size_t Decoder::usual_index() const noexcept {
    constexpr std::size_t bytes_per_entry = 8;
    return std::clamp<std::size_t>(untaken() / bytes_per_entry, 32, 512);
}

/// The entries that an index with no room left grows to. A large one grows to what the bytes that are here and
/// not indexed need, if they are as dense as those before them: elements of 3 bytes have entries of 16, so room
/// that stays unused would be most of the memory.
std::size_t Decoder::larger_index(std::size_t rest_of_line) const noexcept {
    constexpr std::size_t large = dense_size / sizeof(Node);
    const std::size_t half = node_capacity_ + node_capacity_ / 2;
    if (const std::size_t usual = usual_index(); node_capacity_ < usual) return usual;
    if (node_capacity_ < large || !is_dense()) return half;
    const std::uint64_t rest = rest_of_line != 0 ? rest_of_line : untaken();
    const auto indexed = std::max<std::uint64_t>(in_source(tokenizer_.next_) - rest_of_line, 1);
    const std::uint64_t expected = node_count_ + node_count_ * rest / indexed;
    return std::clamp<std::uint64_t>(expected, node_capacity_ + node_capacity_ / dense_step, half);
}

/// Makes room for more entries. No frame may be ready, because growing moves the entries. `rest_of_line` are the
/// bytes of an inline line that have no entries yet; the tokenizer has already taken them.
void Decoder::grow_index(std::size_t rest_of_line) {
    assert(ready_ == whole_);
    const std::size_t capacity = larger_index(rest_of_line);
    void* const moved = std::realloc(nodes_.get(), capacity * sizeof(Node));
    if (moved == nullptr) detail::out_of_memory();
    static_cast<void>(nodes_.release());
    nodes_.reset(static_cast<Node*>(moved));
    node_capacity_ = capacity;
    ready_ = whole_ = nodes_.get();
}

}  // namespace resp
