// The index of a frame: one entry for each value. A View reads a frame through it.
#pragma once

#include <libresp/codec/wire.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace resp {

class View;

namespace detail {

/// One entry of the index of a frame. The entries are in the order of the wire, an aggregate before its
/// values.
///
///     *2\r\n  $5\r\nhello\r\n  :42\r\n
///     [array, size 2, span 3]  [bulk string, begin 8, size 5]  [integer 42, begin 16, digits 2]
///
/// A streamed value and an inline line end with a marker: an entry without a type. So the last entry of a
/// value always shows where its bytes end.
struct Node {
    enum Flag : std::uint8_t {
        streamed = 1,
        in_scratch = 2,   // `begin` counts from the start of the scratch
        inline_line = 4,  // an inline command or a word of one
        plain_text = 8,   // its text is the `size` bytes of the wire from `begin`
        spans = 16,       // `span` is its number of entries; without this flag there is one entry
        aggregate = 32,   // it contains other values
        attributed = 64,  // an attribute stands directly before it
        command = 128,    // an array of bulk strings: its bytes are those that an Encoder would write
    };

    std::uint32_t begin;  // of the text, or of the values of an aggregate; counted from Frame::wire
    Type type;            // Type{}: a marker
    std::uint8_t flags;
    std::uint8_t header;  // bytes from the type byte to `begin`
    std::uint8_t digits;  // bytes in the text of an integer or boolean; 0 for other types
    std::uint32_t size;   // bytes of a text, or values in an aggregate; of an integer, its low half
    std::uint32_t span;   // entries of an aggregate or streamed string, this one included; an attribute
                          // also counts the value that it belongs to; of an integer, its high half

    [[nodiscard]] std::int64_t integer() const noexcept {
        return static_cast<std::int64_t>(std::uint64_t{span} << 32 | size);
    }
    void set_integer(std::int64_t value) noexcept {
        size = static_cast<std::uint32_t>(value);
        span = static_cast<std::uint32_t>(static_cast<std::uint64_t>(value) >> 32);
    }
    [[nodiscard]] bool has(Flag flag) const noexcept { return (flags & flag) != 0; }
    [[nodiscard]] bool is_marker() const noexcept { return type == Type{}; }
    /// The entry after this value. There may be none.
    [[nodiscard]] const Node* next() const noexcept {
        assert(!has(spans) || span != 0);
        return this + (has(spans) ? span : 1);
    }
};
static_assert(sizeof(Node) == 16);

/// The bytes that the entries of an index refer to.
struct Frame {
    const char* wire = nullptr;     // the bytes as received: this frame, and perhaps frames before it
    const char* scratch = nullptr;  // text that is not in them in one piece: unescaped, or joined from chunks
};

/// The two words of a view. A function returns them in registers, also if there is no view (`node` is null).
/// An optional view has three words: it is returned through memory, and reading it back at once stalls the
/// processor.
struct Entry {
    const Frame* frame = nullptr;
    const Node* node = nullptr;
};
[[nodiscard]] Entry entry_of(View view) noexcept;
[[nodiscard]] View view_of(Entry entry) noexcept;

/// The entries of the strings of a plain array of bulk strings (Node::command); null for any other value.
[[nodiscard]] const Node* plain_strings(View view) noexcept;
/// The text of one of them.
[[nodiscard]] std::string_view plain_text(View array, const Node& string) noexcept;

/// The entries of a value in wire order, its attributes first.
struct NodeRange {
    const Frame* frame;
    const Node* first;
    const Node* last;  // after the last one
};
[[nodiscard]] NodeRange nodes(View view) noexcept;
/// The entry after an attribute: the value that it describes, or another attribute of that value.
[[nodiscard]] const Node* attributed(const Node* attribute) noexcept;
/// The value that one or more attributes belong to; `first` is the first of them.
[[nodiscard]] const Node* behind_attributes(const Node* first) noexcept;
/// Sets Node::attributed in the entry after `attribute`, see attributed(). Call it when both are complete in
/// the index.
void end_attribute(Node& attribute) noexcept;
/// View::wire() of an entry.
[[nodiscard]] std::string_view wire_form(const Frame& frame, const Node& node) noexcept;
/// The text of an entry, in the wire or in the scratch. Empty for an aggregate.
[[nodiscard]] std::string_view text(const Frame& frame, const Node& node) noexcept;
[[nodiscard]] inline std::string_view wire_text(const Frame& frame, const Node& node) noexcept {
    // Without a branch, because a mix of types would mispredict it.
    const std::uint32_t plain = node.has(Node::plain_text) ? ~std::uint32_t{0} : 0;
    return {frame.wire + node.begin, (node.size & plain) | node.digits};
}

}  // namespace detail

}  // namespace resp
