// Reading a value inside received bytes, without copying it.
#pragma once

#include <libresp/codec/detail/node.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace resp {

/// A value inside received bytes. Cheap to copy; it and every string_view that it hands out live as
/// long as the bytes: with a Decoder until its next next(), prepare(), feed(), release(), shrink() or
/// reset(), with a Value as long as that, in a handler until it has returned or, a coroutine, has ended.
///
/// An accessor that does not fit the type returns the empty answer named with it; none throws.
// Two words, so that it is passed and returned in registers.
class View {
public:
    class iterator;

    [[nodiscard]] Type type() const noexcept { return node_->type; }
    /// Any of the three nulls.
    [[nodiscard]] bool is_null() const noexcept { return resp::is_null(type()); }
    [[nodiscard]] bool is_aggregate() const noexcept { return node_->has(detail::Node::aggregate); }
    /// A simple error or a bulk error.
    [[nodiscard]] bool is_error() const noexcept {
        return type() == Type::simple_error || type() == Type::bulk_error;
    }
    /// Whether it came as an inline command; then it reads as an array of bulk strings.
    [[nodiscard]] bool is_inline() const noexcept { return node_->has(detail::Node::inline_line); }

    /// How many values it holds: elements of an array, set or push; keys *and* values of a map or an
    /// attribute, so twice its pairs. 0 for a scalar.
    [[nodiscard]] std::size_t size() const noexcept { return is_aggregate() ? node_->size : 0; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// The value at position `i`, which must be below size(). Takes one step where all values are scalars
    /// that were sent whole, and without attributes; else one for each value before it.
    [[nodiscard]] View operator[](std::size_t i) const noexcept;
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] iterator end() const noexcept;
    /// What belongs to the first key of a map or attribute whose text() is `key`.
    [[nodiscard]] std::optional<View> find(std::string_view key) const noexcept;

    /// The bytes of a string or error, without framing; a verbatim string without its `txt:`, a
    /// streamed string with its chunks joined. Of a number or boolean, its text as sent. Else empty.
    [[nodiscard]] std::string_view text() const noexcept;
    /// An integer's value; 1 or 0 for a boolean; else 0.
    [[nodiscard]] std::int64_t integer() const noexcept;
    /// A boolean's value, or whether an integer is not 0; else false.
    [[nodiscard]] bool boolean() const noexcept { return integer() != 0; }
    /// A double's value, or an integer's; else 0. A number beyond the largest double is infinite.
    [[nodiscard]] double as_double() const noexcept;
    /// The three bytes before a verbatim string's colon: `txt`, `mkd`. Else empty.
    [[nodiscard]] std::string_view format() const noexcept;

    /// The attribute right before this value, itself a value of type attribute. Source: RESP3,
    /// "Attribute type".
    [[nodiscard]] std::optional<View> attribute() const noexcept;

    /// The exact bytes that it was sent as, with the attributes before it; of an attribute, without those.
    /// Of a word of an inline command, its text.
    [[nodiscard]] std::string_view wire() const noexcept { return detail::wire_form(*frame_, *node_); }

private:
    friend class Decoder;
    friend class Value;
    friend detail::Entry detail::entry_of(View view) noexcept;
    friend View detail::view_of(detail::Entry entry) noexcept;
    friend detail::NodeRange detail::nodes(View view) noexcept;

    View(const detail::Frame& frame, const detail::Node* node) noexcept : frame_(&frame), node_(node) {
        if (node->type == Type::attribute) [[unlikely]]
            node_ = detail::behind_attributes(node);
    }

    const detail::Frame* frame_;
    const detail::Node* node_;
};

static_assert(sizeof(View) == 16);

inline detail::Entry detail::entry_of(View view) noexcept { return {view.frame_, view.node_}; }
inline View detail::view_of(Entry entry) noexcept { return {*entry.frame, entry.node}; }

/// Walks the values of an aggregate in the order they were sent.
class View::iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;
    using value_type = View;
    using difference_type = std::ptrdiff_t;
    using reference = View;
    using pointer = void;

    iterator() = default;
    [[nodiscard]] View operator*() const noexcept { return {*frame_, node_}; }
    iterator& operator++() noexcept {
        node_ = node_->next();
        --left_;
        return *this;
    }
    iterator operator++(int) noexcept {
        iterator old = *this;
        ++*this;
        return old;
    }
    [[nodiscard]] friend bool operator==(const iterator& a, const iterator& b) noexcept {
        return a.left_ == b.left_;
    }

private:
    friend class View;
    iterator(const detail::Frame* frame, const detail::Node* node, std::size_t left) noexcept
        : frame_(frame), node_(node), left_(left) {}

    const detail::Frame* frame_ = nullptr;
    const detail::Node* node_ = nullptr;
    std::size_t left_ = 0;
};

inline View::iterator View::begin() const noexcept { return {frame_, node_ + 1, size()}; }
inline View::iterator View::end() const noexcept { return {frame_, nullptr, 0}; }

inline View View::operator[](std::size_t i) const noexcept {
    // Entries and values are as many only where no value holds others.
    const std::size_t marker =
        node_->has(detail::Node::streamed) || node_->has(detail::Node::inline_line) ? 1 : 0;
    if (node_->span == node_->size + 1 + marker) return {*frame_, node_ + 1 + i};
    iterator it = begin();
    while (i-- > 0) ++it;
    return *it;
}

inline std::string_view View::text() const noexcept {
    if (node_->has(detail::Node::in_scratch) || node_->has(detail::Node::streamed)) [[unlikely]]
        return detail::text(*frame_, *node_);
    return detail::wire_text(*frame_, *node_);
}

inline std::int64_t View::integer() const noexcept {
    // Without a branch, as in wire_text(): of nothing but a number digits are counted.
    return node_->integer() & -std::int64_t{node_->digits != 0};
}

/// For people: see format.hpp. Iterative, every byte that is not printable ASCII escaped; at most
/// about `limit` bytes, with "..." where something was left out.
[[nodiscard]] std::string to_string(View view, std::size_t limit = std::string_view::npos);

}  // namespace resp
