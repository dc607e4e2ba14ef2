// The accessors of a view that are more than a line.
#include <libresp/view.hpp>

namespace resp {

using detail::Node;

namespace {

/// Where a value's bytes end in its frame.
std::size_t end_of(const Node& node) noexcept {
    const Node& last = node.next()[-1];  // the last entry of what it holds, or itself
    if (last.is_marker()) return last.begin;
    if (last.has(Node::aggregate)) return last.begin;  // an empty one
    return last.begin + (last.has(Node::plain_text) ? last.size : last.digits) + wire::crlf.size();
}

}  // namespace

namespace detail {

/// The value that an attribute belongs to, or the next attribute before it.
const Node* attributed(const Node* attribute) noexcept {
    const Node* node = attribute + 1;
    for (std::uint32_t i = 0; i != attribute->size; ++i) node = node->next();
    return node;
}

const Node* behind_attributes(const Node* first) noexcept {
    while (first->type == Type::attribute) first = attributed(first);
    return first;
}

void end_attribute(Node& attribute) noexcept {
    (&attribute)[attributed(&attribute) - &attribute].flags |= Node::attributed;
}

namespace {

/// The attribute right before a value that has one: the nearest that ends where the value does.
const Node* attribute_of(const Node* value) noexcept {
    const Node* node = value - 1;
    while (node->type != Type::attribute || node->next() != value->next()) --node;
    return node;
}

}  // namespace

NodeRange nodes(View view) noexcept {
    const Node* first = view.node_;
    if (view.type() == Type::attribute) return {view.frame_, first, attributed(first)};
    while (first->has(Node::attributed)) first = attribute_of(first);
    return {view.frame_, first, view.node_->next()};
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

std::string_view View::wire() const noexcept {
    if (is_inline() && type() != Type::array) return text();
    const detail::NodeRange range = detail::nodes(*this);
    const std::size_t begin = range.first->begin - range.first->header;
    const bool alone = type() == Type::attribute;
    const std::size_t end = alone ? range.last->begin - range.last->header : end_of(*node_);
    return {frame_->wire + begin, end - begin};
}

}  // namespace resp
