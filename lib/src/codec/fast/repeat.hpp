// Fast path for repeated commands. Clients often pipeline commands of the same shape:
//
//     *2\r\n$3\r\nGET\r\n$5\r\nkey:1\r\n
//     *2\r\n$3\r\nGET\r\n$5\r\nkey:2\r\n
//     xxxxxxxxxxxx...xxxxxxxxxx.....xxxx      x framing, equal in both   . strings, any bytes
//
// If the next frame has the same framing as the frame before it, its entries are the same too; only their
// positions are greater, by the length of a frame. One masked comparison then replaces reading three headers.
// It still checks every framing byte.
#pragma once

#include <libresp/codec/view.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace resp::detail {

/// A frame, and the masks that select its framing. Either the frame has at most 64 bytes, and the masks cover
/// all of it. Or it is longer and ends with a bulk string whose content begins after at most 64 bytes. Then
/// the masks cover the bytes before the content, and after it only the last CRLF is compared.
class Repeat {
public:
    /// The frame [frame, at) has the entries [first, last). Adds the entries of the frames after it, as long
    /// as each has the same framing, ends at or before `end`, and has room for its entries before `room_end`.
    /// Returns how many frames it took.
    [[gnu::always_inline]] static std::size_t take(const char* wire, std::size_t frame, std::size_t at,
                                                   std::size_t end, const Node* first, Node* last,
                                                   const Node* room_end) noexcept {
        assert(frame < at && at <= end && first < last && last <= room_end);
        return at - frame < shortest ? 0 : take_long(wire, frame, at, end, first, last, room_end);
    }

private:
    // Bytes that the masks cover: at least 8, because bytes are compared eight at a time; at most 64, because
    // `framing` has one bit for each byte.
    static constexpr std::size_t shortest = 8;
    static constexpr std::size_t longest = 64;

    /// take() of a frame of at least `shortest` bytes. Apart, so that short frames do not pay for the call.
    [[gnu::noinline]] static std::size_t take_long(const char* wire, std::size_t frame, std::size_t at,
                                                   std::size_t end, const Node* first, Node* last,
                                                   const Node* room_end) noexcept {
        const std::size_t size = at - frame;
        if (size > longest && !is_text(last[-1])) return 0;
        const std::size_t head = size > longest ? last[-1].begin - frame : size;
        if (head < shortest || head > longest) return 0;
        const Repeat repeat{wire, wire + frame, size, head, first, last};
        std::size_t times = 0;
        Node* node = last;
        for (; end - at >= size && room_end - node >= last - first && repeat.is_at(wire + at); at += size) {
            node = repeat.index(node, ++times);
        }
        return times;
    }

    /// Whether the entry is a bulk string with a header. The words of an inline line have none; they count as
    /// framing.
    static bool is_text(const Node& node) noexcept {
        return node.type == Type::bulk_string && node.flags == Node::plain_text;
    }

    Repeat(const char* wire, const char* frame, std::size_t size, std::size_t head, const Node* first,
           const Node* last) noexcept
        : frame_(frame),
          size_(size),
          head_(head),
          tail_(head == size ? 0 : size - 2),
          first_(first),
          last_(last) {
        std::uint64_t framing = ~std::uint64_t{0};  // one bit for each byte of the head
        for (const Node* node = first; node != last; ++node) {
            const auto begin = static_cast<std::size_t>(wire + node->begin - frame);
            if (!is_text(*node) || node->size == 0 || begin == head) continue;
            assert(begin + node->size <= head);
            framing &= ~(~std::uint64_t{0} >> (64 - node->size) << begin);
        }
        for (std::size_t word = 0; word != words(); ++word) masks_[word] = spread(framing >> position(word));
    }

    /// Whether the frame at `next` has the same framing.
    [[nodiscard]] bool is_at(const char* next) const noexcept {
        std::uint64_t different = 0;
        for (std::size_t word = 0; word != words(); ++word) {
            const std::size_t at = position(word);
            different |= (wire::load64(frame_ + at) ^ wire::load64(next + at)) & masks_[word];
        }
        different |= static_cast<std::uint64_t>(wire::load16(frame_ + tail_) ^ wire::load16(next + tail_));
        return different == 0;
    }

    /// Writes the entries of the frame that is `times` frames later. Returns the end of what it wrote.
    Node* index(Node* to, std::size_t times) const noexcept {
        for (const Node* node = first_; node != last_; ++node, ++to) {
            *to = *node;
            to->begin += static_cast<std::uint32_t>(times * size_);
        }
        return to;
    }

    [[nodiscard]] std::size_t words() const noexcept { return (head_ + 7) / 8; }
    /// Where a word of eight bytes begins in the frame. The last word may overlap the word before it.
    [[nodiscard]] std::size_t position(std::size_t word) const noexcept {
        return std::min(8 * word, head_ - 8);
    }
    /// Makes a byte of each of the low eight bits: 0xFF if the bit is set, else 0. The lowest bit becomes the
    /// lowest byte.
    static std::uint64_t spread(std::uint64_t bits) noexcept {
        const std::uint64_t each = (bits & 0xFF) * 0x0101010101010101U & 0x8040201008040201U;
        return ((each + 0x7F7F7F7F7F7F7F7FU) >> 7 & 0x0101010101010101U) * 0xFF;
    }

    const char* frame_;
    std::size_t size_;
    std::size_t head_;  // bytes that are compared with masks: all, or those before the last string
    std::size_t tail_;  // two more bytes that are compared: the last CRLF of a long frame, else the first two
    const Node* first_;
    const Node* last_;
    std::array<std::uint64_t, longest / 8> masks_;
};

}  // namespace resp::detail
