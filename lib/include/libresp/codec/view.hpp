// Reads a value inside received bytes, without copying it.
#pragma once

#include <libresp/codec/detail/node.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace resp {

/// A value inside received bytes. Cheap to copy. A view and every string_view from it are valid as long as
/// the bytes:
/// - from a Decoder, until the next call of its next(), prepare(), feed(), release(), shrink() or reset(), or
///   until it is moved;
/// - from a Value, as long as the Value, even if it is moved;
/// - in a handler, until the handler returns. In a coroutine handler, until the coroutine ends.
///
/// An accessor that does not fit the type returns the empty result that its comment names. No accessor
/// throws.
// Two words, so that the compiler passes and returns it in registers.
class View {
public:
    class iterator;

    [[nodiscard]] Type type() const noexcept { return node_->type; }
    /// Whether it is one of the three nulls.
    [[nodiscard]] bool is_null() const noexcept { return resp::is_null(type()); }
    [[nodiscard]] bool is_aggregate() const noexcept { return node_->has(detail::Node::aggregate); }
    /// Whether it is a simple error or a bulk error.
    [[nodiscard]] bool is_error() const noexcept {
        return type() == Type::simple_error || type() == Type::bulk_error;
    }
    /// Whether it was sent as an inline command, which reads as an array of bulk strings, or is a word of
    /// one.
    [[nodiscard]] bool is_inline() const noexcept { return node_->has(detail::Node::inline_line); }

    /// The number of values in it: the elements of an array, set or push; the keys *and* values of a map or
    /// an attribute, so twice its pairs. 0 for any other type.
    [[nodiscard]] std::size_t size() const noexcept { return is_aggregate() ? node_->size : 0; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// The value at position `i`, which must be less than size(). Takes constant time if every value is a
    /// scalar without attributes and not streamed. Otherwise it takes one step for each value before it.
    [[nodiscard]] View operator[](std::size_t i) const noexcept;
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] iterator end() const noexcept;
    /// The value of the first key whose text() is `key`, in a map or an attribute. Empty if there is none.
    [[nodiscard]] std::optional<View> find(std::string_view key) const noexcept;

    /// The bytes of a string or error without framing: a verbatim string without its `txt:`, a streamed
    /// string with its chunks joined. The text of a number or boolean, as sent. Empty for any other type.
    [[nodiscard]] std::string_view text() const noexcept;
    /// The value of an integer; 1 or 0 for a boolean. 0 for any other type.
    [[nodiscard]] std::int64_t integer() const noexcept;
    /// The value of a boolean; for an integer, whether it is not 0. False for any other type.
    [[nodiscard]] bool boolean() const noexcept { return integer() != 0; }
    /// The value of a double or an integer. 0 for any other type. A number above the largest double is
    /// infinite.
    [[nodiscard]] double as_double() const noexcept;
    /// The three bytes before the colon of a verbatim string: `txt`, `mkd`. Empty for any other type.
    [[nodiscard]] std::string_view format() const noexcept;

    /// The attribute before this value; the last one, if there are several. Empty if there is none. The
    /// result has the type attribute. Its own attribute() is the one before it. Source: RESP3, "Attribute
    /// type".
    [[nodiscard]] std::optional<View> attribute() const noexcept;

    /// The exact bytes of this value as received, with the attributes before it. For an attribute, without
    /// the attributes before it. For a word of an inline command, its text.
    [[nodiscard]] std::string_view wire() const noexcept { return detail::wire_form(*frame_, *node_); }

private:
    friend class Decoder;
    friend class Value;
    friend detail::Entry detail::entry_of(View view) noexcept;
    friend View detail::view_of(detail::Entry entry) noexcept;
    friend const detail::Node* detail::plain_strings(View view) noexcept;
    friend std::string_view detail::plain_text(View array, const detail::Node& string) noexcept;
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
inline const detail::Node* detail::plain_strings(View view) noexcept {
    return view.node_->has(Node::command) ? view.node_ + 1 : nullptr;
}
inline std::string_view detail::plain_text(View array, const Node& string) noexcept {
    return {array.frame_->wire + string.begin, string.size};
}

/// Walks the values of an aggregate in the order in which they were sent.
class View::iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;
    using value_type = View;
    using difference_type = std::ptrdiff_t;
    using reference = View;
    using pointer = void;

    iterator() = default;
    [[nodiscard]] View operator*() const noexcept {
        assert(left_ != 0);
        return {*frame_, node_};
    }
    iterator& operator++() noexcept {
        assert(left_ != 0);
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
    assert(i < size());
    // The index has one entry for each value only if no value holds others.
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
    // Without a branch, as in wire_text(): only numbers and booleans have digits.
    return node_->integer() & -std::int64_t{node_->digits != 0};
}

/// A text for people: `["SET", "key", 42]`. Every byte that is not printable ASCII is escaped. At most about
/// `limit` bytes; "..." marks that something was left out. Not recursive. format.hpp gives the same text to
/// fmt.
[[nodiscard]] std::string to_string(View view, std::size_t limit = std::string_view::npos);

}  // namespace resp
