// The state of the shortcut while it runs: input position, index and open aggregates. shortcut.cpp draws it.
// The constructor loads it from the decoder and store() writes it back, once for all frames that it takes.
#pragma once

#include <libresp/codec/decoder.hpp>

#include "repeat.hpp"

#include <algorithm>
#include <cassert>

namespace resp {

class Decoder::Cursor {
protected:
    using Node = detail::Node;

    /// Bytes that must be readable where a value begins: the size of a header with two digits, `$12\r\n`.
    /// Shorter values at the very end of the input are left to the tokenizer.
    static constexpr std::size_t shortest = 5;

    explicit Cursor(Decoder& decoder) noexcept
        : limits_(decoder.tokenizer_.limits_),
          levels_(decoder.tokenizer_.levels_.data()),
          nodes_(decoder.nodes_.get()),
          last_node_(nodes_ + decoder.node_capacity_),
          wire_(decoder.source_.wire),
          end_(static_cast<std::size_t>(decoder.tokenizer_.end_ - wire_)),
          at_(static_cast<std::size_t>(decoder.tokenizer_.next_ - wire_)),
          node_(nodes_ + decoder.node_count_),
          left_(decoder.tokenizer_.left_),
          last_level_(levels_ + std::min<std::size_t>(*limits_.max_depth, decoder.tokenizer_.levels_.room())),
          level_(levels_ + decoder.tokenizer_.depth_),
          frame_(static_cast<std::size_t>(decoder.frame_ - wire_)),
          frame_node_(nodes_),
          inline_lines_(decoder.tokenizer_.reads_ != Reads::replies && decoder.tokenizer_.position_ == 0) {
        assert(decoder.ready_ == nodes_ && decoder.whole_ == nodes_);
        assert(frame_ <= at_ && at_ <= end_ && node_ <= last_node_);
    }

    void store(Decoder& decoder) const noexcept {
        assert(frame_ <= at_ && at_ <= end_ && node_ <= last_node_);
        assert(levels_ <= level_ && level_ <= last_level_);
        decoder.tokenizer_.next_ = wire_ + at_;
        decoder.tokenizer_.left_ = left_;
        decoder.tokenizer_.depth_ = static_cast<std::uint32_t>(level_ - levels_);
        const bool between_frames = level_ == levels_;
        decoder.frame_ = wire_ + (between_frames ? at_ : frame_);
        decoder.whole_ = between_frames ? node_ : frame_node_;
        decoder.node_count_ = static_cast<std::size_t>(node_ - nodes_);
    }

    /// The byte after the type byte of the value at `at_`.
    const char* text() const noexcept { return wire_ + at_ + 1; }
    const char* end() const noexcept { return wire_ + end_; }

    /// Whether there are enough bytes for a value, and memory for its entry.
    [[gnu::always_inline]] bool more() const noexcept {
        return at_ + shortest <= end_ && node_ != last_node_;
    }

    /// Adds the entry of the value at `at_`, whose header has `header` bytes.
    [[gnu::always_inline]] Node* add(Type type, std::size_t header, std::uint8_t flags, std::uint32_t size,
                                     std::uint32_t span) noexcept {
        assert(node_ != last_node_);
        Node* const node = node_++;
        *node = {.begin = static_cast<std::uint32_t>(at_ + header),
                 .type = type,
                 .flags = flags,
                 .header = static_cast<std::uint8_t>(header),
                 .digits = 0,
                 .size = size,
                 .span = span};
        return node;
    }

    /// Closes the innermost aggregate, which has all its values, and those around it that are complete with
    /// it. Returns whether the frame is complete. A full streamed aggregate stays open, with `left_` 0.
    [[gnu::always_inline]] bool close() noexcept {
        while (level_ != levels_) {
            if (level_[-1].streamed) return false;
            --level_;
            Node& node = nodes_[level_->entry];
            node.span = static_cast<std::uint32_t>(node_ - &node);
            if (node.type == Type::attribute) [[unlikely]]
                detail::end_attribute(node);
            left_ = level_->outer_left;
            if (level_ == levels_) return true;
            if (--left_ != 0) return false;
        }
        left_ = 1;
        return true;
    }

    /// A frame begins at `at_`. Needed for end_frame(), and for store() if the frame stays open.
    [[gnu::always_inline]] void begin_frame() noexcept {
        frame_ = at_;
        frame_node_ = node_;
    }

    /// The frame is complete. Also takes the frames after it that repeat it. Returns whether the shortcut may
    /// begin another frame: the index has not reached `enough_`.
    [[gnu::always_inline]] bool end_frame() noexcept {
        const std::size_t size = at_ - frame_;
        if (size == last_size_) {
            const std::size_t times =
                detail::Repeat::take(wire_, frame_, at_, end_, frame_node_, node_, last_node_);
            node_ += static_cast<std::ptrdiff_t>(times) * (node_ - frame_node_);
            at_ += times * size;
        }
        last_size_ = size;
        return node_ < enough_;
    }

    const Limits& limits_;
    detail::Level* const levels_;
    Node* const nodes_;
    Node* const last_node_;  // after the last entry for which there is memory
    // The shortcut reads no further frame after this entry; frames that repeat the last one may still follow,
    // see end_frame(). The first 256 entries are still in the L1 cache when views read them. An index has at
    // least 512 entries, so at least half of it is free for the last frame.
    Node* const enough_ = nodes_ + 256;
    const char* const wire_;
    const std::size_t end_;

    std::size_t at_;
    Node* node_;
    std::uint32_t left_;
    const detail::Level* const last_level_;  // after the last one for which there is room
    detail::Level* level_;                   // after the innermost open aggregate
    std::size_t frame_;
    Node* frame_node_;
    std::size_t last_size_ = 0;  // bytes of the frame before
    // Whether the shortcut may take inline lines. It may not if the tokenizer has searched a part of one: the
    // tokenizer continues the search where it stopped.
    const bool inline_lines_;
};

}  // namespace resp
