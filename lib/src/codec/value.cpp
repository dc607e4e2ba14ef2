// Owned values: an array of index entries, and the bytes that the entries refer to. So copying, comparing,
// encoding and destroying are loops, not recursion, at any depth.
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/value.hpp>

#include "out_of_memory.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

namespace resp {

using detail::Node;
using detail::NodeRange;

struct Value::Content {
    std::vector<Node> nodes;
    std::string bytes;
    detail::Frame frame;
};

namespace {

/// Bytes of the texts that the wire form does not contain in one piece.
std::uint64_t bytes_apart(const NodeRange& range) noexcept {
    std::uint64_t sum = 0;
    for (const Node* node = range.first; node != range.last; ++node) {
        const bool joined = node->type == Type::bulk_string && node->has(Node::streamed);
        if (joined || node->has(Node::in_scratch)) sum += node->size;
    }
    return sum;
}

/// Makes a value of the entry of an attribute without its value: a map.
void make_map(Node& node, std::size_t entries) noexcept {
    node.type = Type::map;
    node.flags &= static_cast<std::uint8_t>(~Node::attributed);
    node.span = static_cast<std::uint32_t>(entries);
}

}  // namespace

Value::Value(View view) { assign(view); }

void Value::assign(View view) {
    if (content_ == nullptr) content_ = std::make_unique<Content>();
    const NodeRange range = detail::nodes(view);
    // `bytes` gets the wire form first, then every text that the wire form does not contain in one piece.
    // Positions in it have 32 bits.
    const std::string_view sent = view.wire();
    const std::uint64_t size = sent.size() + bytes_apart(range);
    if (size > limits::frame_ceiling) detail::out_of_memory();
    content_->nodes.assign(range.first, range.last);
    std::string& bytes = content_->bytes;
    bytes.reserve(static_cast<std::size_t>(size));
    bytes = sent;
    const auto shift = static_cast<std::uint32_t>(sent.data() - range.frame->wire);
    const bool word = view.is_inline() && view.type() != Type::array;
    for (std::size_t i = 0; i != content_->nodes.size(); ++i) {
        Node& node = content_->nodes[i];
        const Node& original = range.first[i];
        if (word) {
            // The wire form of a word of an inline command is only its text.
            node.begin = 0;
            node.flags = Node::inline_line | Node::plain_text;
        } else if (node.has(Node::in_scratch)) {
            node.begin = static_cast<std::uint32_t>(bytes.size());
            bytes += detail::text(*range.frame, original);
        } else {
            node.begin -= shift;
        }
        if (node.type == Type::bulk_string && node.has(Node::streamed)) {
            content_->nodes[i + 1].span = static_cast<std::uint32_t>(bytes.size());
            bytes += detail::text(*range.frame, original);
        }
    }
    if (view.type() == Type::attribute) {
        make_map(content_->nodes.front(), content_->nodes.size());
        bytes.front() = wire::byte(Type::map);
    }
    // Frame::wire and Frame::scratch are both `bytes`.
    content_->frame = {bytes.data(), bytes.data()};
}

Value::Value(Value&&) noexcept = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

View Value::view() const& noexcept {
    assert(content_ != nullptr);
    return {content_->frame, content_->nodes.data()};
}

std::size_t Value::memory() const noexcept {
    if (content_ == nullptr) return sizeof *this;
    return sizeof *this + sizeof *content_ + content_->nodes.capacity() * sizeof(Node) +
           content_->bytes.capacity();
}

// ---- comparing

namespace {

bool same_double(double a, double b) noexcept { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same_content(const NodeRange& a, const NodeRange& b, const Node& x, const Node& y) noexcept {
    if (x.type != y.type) return false;
    if (is_aggregate(x.type)) return x.size == y.size;
    if (x.type == Type::integer || x.type == Type::boolean) return x.integer() == y.integer();
    const std::string_view text = detail::text(*a.frame, x);
    const std::string_view other = detail::text(*b.frame, y);
    if (x.type == Type::double_) return same_double(wire::to_double(text), wire::to_double(other));
    if (x.type != Type::verbatim_string) return text == other;
    // The format is directly before the text.
    return text == other &&
           std::equal(text.data() - wire::verbatim_prefix, text.data(), other.data() - wire::verbatim_prefix);
}

const Node* skip_markers(const Node* node, const Node* last) noexcept {
    while (node != last && node->is_marker()) ++node;
    return node;
}

}  // namespace

bool operator==(View a, View b) noexcept {
    const NodeRange left = detail::nodes(a);
    const NodeRange right = detail::nodes(b);
    // In wire order, types and sizes define the whole tree. So two flat walks compare two trees.
    const Node* x = skip_markers(left.first, left.last);
    const Node* y = skip_markers(right.first, right.last);
    while (x != left.last && y != right.last) {
        if (!same_content(left, right, *x, *y)) return false;
        x = skip_markers(x + 1, left.last);
        y = skip_markers(y + 1, right.last);
    }
    return x == left.last && y == right.last;
}

// ---- encoding

namespace {

void encode_header(Encoder& out, const Node& node) {
    switch (node.type) {
        case Type::map: out.map(node.size / 2); break;
        case Type::attribute: out.attribute(node.size / 2); break;
        case Type::set: out.set(node.size); break;
        case Type::push: out.push(node.size); break;
        default: out.array(node.size); break;
    }
}

void encode_scalar(Encoder& out, const detail::Frame& frame, const Node& node) {
    const std::string_view text = detail::text(frame, node);
    switch (node.type) {
        case Type::simple_string: out.simple_string(text); break;
        case Type::simple_error: out.simple_error(text); break;
        case Type::integer: out.integer(node.integer()); break;
        case Type::null: out.null(); break;
        case Type::boolean: out.boolean(node.integer() != 0); break;
        case Type::double_: out.double_(wire::to_double(text)); break;
        case Type::big_number: out.big_number(text); break;
        case Type::bulk_error: out.bulk_error(text); break;
        case Type::verbatim_string: {
            const char* const format = text.data() - wire::verbatim_prefix;
            out.verbatim_string({format, wire::verbatim_prefix - 1}, text);
            break;
        }
        case Type::null_bulk_string: out.null_bulk_string(); break;
        case Type::null_array: out.null_array(); break;
        default: out.bulk_string(text); break;
    }
}

}  // namespace

void encode(Encoder& out, View value) {
    const NodeRange range = detail::nodes(value);
    const Node* node = range.first;
    if (node->has(Node::command)) return static_cast<void>(out.wire(value.wire()));
    if (value.type() == Type::attribute) {
        out.map(node->size / 2);  // without the value that it describes
        ++node;
    }
    while (node != range.last) {
        if (node->type == Type::attribute && out.version() == Version::resp2) {
            node = detail::attributed(node);
            continue;
        }
        if (is_aggregate(node->type)) {
            encode_header(out, *node);
        } else if (!node->is_marker()) {
            encode_scalar(out, *range.frame, *node);
        }
        ++node;
    }
}

// ---- parsing

Parsed parse(std::string_view bytes, Limits limits, Reads reads) {
    Decoder decoder{limits, reads};
    decoder.feed(bytes);
    const std::optional<View> view = decoder.next();
    if (decoder.error()) return *decoder.error();
    if (!view) return DecodeError{Errc::incomplete, bytes.size(), 0};
    const std::uint64_t used = decoder.offset();
    if (used != bytes.size()) return DecodeError{Errc::trailing_data, used, bytes[used]};
    return Value{*view};
}

}  // namespace resp
