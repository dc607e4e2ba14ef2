// Pipelines repeat themselves: a frame whose framing bytes are those of the frame before it, at the same
// places, has the same index. It takes one comparison instead of reading each header.
#pragma once

#include <libresp/codec/view.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace resp::detail {

/// A frame and what must be the same in those that repeat it: every byte but the bulk strings'. At most 64
/// bytes, or 64 before the bulk string that ends it.
///
///     *2\r\n$3\r\nGET\r\n$3\r\nkey\r\n
///     xxxx  xxxx  ...  xxxxxx  ...  xx
class Repeat {
public:
    /// How many times the frame at [frame, at), with the entries [first, last), comes again right behind
    /// it, before `end`. Indexes those, as far as there is room for their entries.
    [[gnu::noinline]] static std::size_t take(const char* wire, std::size_t frame, std::size_t at,
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

private:
    static constexpr std::size_t shortest = 8;
    static constexpr std::size_t longest = 64;

    /// Whether it is a bulk string with a header; a word of an inline line is framing.
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
        std::uint64_t framing = ~std::uint64_t{0};
        for (const Node* node = first; node != last; ++node) {
            const auto begin = static_cast<std::size_t>(wire + node->begin - frame);
            if (!is_text(*node) || node->size == 0 || begin == head) continue;
            framing &= ~(~std::uint64_t{0} >> (64 - node->size) << begin);
        }
        for (std::size_t word = 0; word != words(); ++word) masks_[word] = spread(framing >> position(word));
    }

    [[nodiscard]] bool is_at(const char* next) const noexcept {
        std::uint64_t different = 0;
        for (std::size_t word = 0; word != words(); ++word) {
            const std::size_t at = position(word);
            different |= (wire::load64(frame_ + at) ^ wire::load64(next + at)) & masks_[word];
        }
        different |= static_cast<std::uint64_t>(wire::load16(frame_ + tail_) ^ wire::load16(next + tail_));
        return different == 0;
    }

    /// Writes the index of the frame that is `times` frames later.
    Node* index(Node* to, std::size_t times) const noexcept {
        for (const Node* node = first_; node != last_; ++node, ++to) {
            *to = *node;
            to->begin += static_cast<std::uint32_t>(times * size_);
        }
        return to;
    }

    [[nodiscard]] std::size_t words() const noexcept { return (head_ + 7) / 8; }
    /// The last word may overlap the one before.
    [[nodiscard]] std::size_t position(std::size_t word) const noexcept {
        return std::min(8 * word, head_ - 8);
    }
    /// Each of the low eight bits to a byte of ones.
    static std::uint64_t spread(std::uint64_t bits) noexcept {
        const std::uint64_t each = (bits & 0xFF) * 0x0101010101010101U & 0x8040201008040201U;
        return ((each + 0x7F7F7F7F7F7F7F7FU) >> 7 & 0x0101010101010101U) * 0xFF;
    }

    const char* frame_;
    std::size_t size_;
    std::size_t head_;  // bytes compared with masks: all, or of a long frame those before its last string
    std::size_t tail_;  // of a long frame its last CRLF, else two bytes that are compared anyway
    const Node* first_;
    const Node* last_;
    std::array<std::uint64_t, longest / 8> masks_;
};

}  // namespace resp::detail
