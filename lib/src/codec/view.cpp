// The accessors of a view that do more than read one entry of the index.
#include <libresp/codec/view.hpp>

namespace resp {

using detail::Node;

namespace {

/// The first byte of a value, which is its type byte.
const char* begin_of(const detail::Frame& frame, const Node& node) noexcept {
    return frame.wire + node.begin - node.header;
}

/// The byte after the last byte of a value. The index does not store it: it is where the bytes of the last
/// entry inside the value end.
const char* end_of(const detail::Frame& frame, const Node& node) noexcept {
    const Node& last = node.next()[-1];  // the last entry inside it, or itself
    if (last.is_marker() || last.has(Node::aggregate)) return frame.wire + last.begin;
    const std::string_view text = detail::wire_text(frame, last);
    return text.data() + text.size() + wire::crlf.size();
}

}  // namespace

namespace detail {

/// The entry after an attribute: the value that it describes, or another attribute of that value.
const Node* attributed(const Node* attribute) noexcept {
    assert(attribute->type == Type::attribute);
    const Node* node = attribute + 1;
    for (std::uint32_t i = 0; i != attribute->size; ++i) node = node->next();
    return node;
}

const Node* behind_attributes(const Node* first) noexcept {
    while (first->type == Type::attribute) first = attributed(first);
    return first;
}

void end_attribute(Node& attribute) noexcept {
    // attributed() returns a pointer to const, so the entry is reached from `attribute`.
    (&attribute)[attributed(&attribute) - &attribute].flags |= Node::attributed;
}

namespace {

/// The attribute of a value that has one: the nearest attribute before it whose entries end where those of
/// the value end. (The span of an attribute includes its value.)
const Node* attribute_of(const Node* value) noexcept {
    assert(value->has(Node::attributed));
    const Node* node = value - 1;
    while (node->type != Type::attribute || node->next() != value->next()) --node;
    return node;
}

/// The first of the attributes before a value. The value itself if it has none.
const Node* with_attributes(const Node* value) noexcept {
    while (value->has(Node::attributed)) [[unlikely]]
        value = attribute_of(value);
    return value;
}

}  // namespace

NodeRange nodes(View view) noexcept {
    const Node* const node = view.node_;
    if (view.type() == Type::attribute) return {view.frame_, node, attributed(node)};
    return {view.frame_, with_attributes(node), node->next()};
}

std::string_view wire_form(const Frame& frame, const Node& node) noexcept {
    if (node.has(Node::inline_line) && node.type != Type::array) return text(frame, node);
    const bool alone = node.type == Type::attribute;
    const char* const begin = begin_of(frame, alone ? node : *with_attributes(&node));
    const char* const end = alone ? begin_of(frame, *attributed(&node)) : end_of(frame, node);
    return {begin, static_cast<std::size_t>(end - begin)};
}

std::string_view text(const Frame& frame, const Node& node) noexcept {
    if (node.has(Node::in_scratch)) return {frame.scratch + node.begin, node.size};
    if (node.has(Node::streamed)) {
        return node.has(Node::aggregate) ? std::string_view{}
                                         : std::string_view{frame.scratch + node.next()[-1].span, node.size};
    }
    return wire_text(frame, node);
}

}  // namespace detail

std::optional<View> View::attribute() const noexcept {
    if (!node_->has(Node::attributed)) return std::nullopt;
    View found = *this;
    found.node_ = detail::attribute_of(node_);
    return found;
}

std::optional<View> View::find(std::string_view key) const noexcept {
    if (!has_pairs(type())) return std::nullopt;
    for (iterator it = begin(); it != end(); ++it) {
        const View candidate = *it++;
        if (!candidate.is_aggregate() && !candidate.is_null() && candidate.text() == key) return *it;
    }
    return std::nullopt;
}

double View::as_double() const noexcept {
    if (type() == Type::double_) return wire::to_double(text());
    return type() == Type::integer ? static_cast<double>(node_->integer()) : 0;
}

std::string_view View::format() const noexcept {
    if (type() != Type::verbatim_string) return {};
    return {frame_->wire + node_->begin - wire::verbatim_prefix, wire::verbatim_prefix - 1};
}

}  // namespace resp
