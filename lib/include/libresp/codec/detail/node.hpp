// The index of a frame: one entry for each value. A View reads a frame through it.
#pragma once

#include <libresp/codec/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace resp {

class View;

namespace detail {

/// One entry of a frame's index: values in the order of the wire, each before what it holds.
///
///     *2\r\n  $5\r\nhello\r\n  :42\r\n
///     [array, size 2, span 3]  [bulk string, begin 8, size 5]  [integer 42, begin 16, digits 2]
///
/// A streamed value and an inline line end with a marker, an entry without a type, so that the last
/// entry of a value always tells where its bytes end.
struct Node {
    enum Flag : std::uint8_t {
        streamed = 1,
        in_scratch = 2,   // `begin` counts from the start of the scratch
        inline_line = 4,  // an inline command or a word of one
        plain_text = 8,   // its text is `size` bytes of the wire from `begin` on
        spans = 16,       // `span` says how many entries it has; without it there is one
        aggregate = 32,   // it holds other values
        attributed = 64,  // an attribute stands right before it
    };

    std::uint32_t begin;  // of the text, or of what an aggregate holds; from Frame::wire
    Type type;            // Type{}: a marker
    std::uint8_t flags;
    std::uint8_t header;  // bytes from the type byte to `begin`
    std::uint8_t digits;  // of an integer or boolean: bytes of its text
    std::uint32_t size;   // bytes of a text, values in an aggregate; of a number, its low half
    std::uint32_t span;   // entries of an aggregate, with the value behind it of an attribute, or of a
                          // streamed string, itself included; of a number, its high half

    [[nodiscard]] std::int64_t integer() const noexcept {
        return static_cast<std::int64_t>(std::uint64_t{span} << 32 | size);
    }
    void set_integer(std::int64_t value) noexcept {
        size = static_cast<std::uint32_t>(value);
        span = static_cast<std::uint32_t>(static_cast<std::uint64_t>(value) >> 32);
    }
    [[nodiscard]] bool has(Flag flag) const noexcept { return (flags & flag) != 0; }
    [[nodiscard]] bool is_marker() const noexcept { return type == Type{}; }
    /// Where the value after this one stands, if there is one.
    [[nodiscard]] const Node* next() const noexcept { return this + (has(spans) ? span : 1); }
};
static_assert(sizeof(Node) == 16);

/// What the entries of an index refer to.
struct Frame {
    const char* wire = nullptr;     // the bytes as received, of this frame or of some before it too
    const char* scratch = nullptr;  // text that stands nowhere in them: unescaped, or joined of chunks
};

/// What a view is made of: two words, which even where there may be none are returned in registers. An
/// optional view has three, goes through memory, and is read there before it is whole, which stalls.
struct Entry {
    const Frame* frame = nullptr;
    const Node* node = nullptr;
};
[[nodiscard]] Entry entry_of(View view) noexcept;
[[nodiscard]] View view_of(Entry entry) noexcept;

/// The entries of a value in wire order, its attributes first.
struct NodeRange {
    const Frame* frame;
    const Node* first;
    const Node* last;  // behind the last
};
[[nodiscard]] NodeRange nodes(View view) noexcept;
[[nodiscard]] const Node* attributed(const Node* attribute) noexcept;
/// The value that the attributes from the first one on belong to.
[[nodiscard]] const Node* behind_attributes(const Node* first) noexcept;
/// An attribute and the value that it belongs to are whole.
void end_attribute(Node& attribute) noexcept;
/// View::wire() of an entry.
[[nodiscard]] std::string_view wire_form(const Frame& frame, const Node& node) noexcept;
/// The text of an entry, wherever it stands; empty for an aggregate.
[[nodiscard]] std::string_view text(const Frame& frame, const Node& node) noexcept;
[[nodiscard]] inline std::string_view wire_text(const Frame& frame, const Node& node) noexcept {
    // Without a branch, since values of mixed types would mispredict it.
    const std::uint32_t plain = node.has(Node::plain_text) ? ~std::uint32_t{0} : 0;
    return {frame.wire + node.begin, (node.size & plain) | node.digits};
}

}  // namespace detail

}  // namespace resp
