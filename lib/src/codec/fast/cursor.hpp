// Where the shortcut stands: the input, the index and the open aggregates, in registers, for as many
// frames as it takes in one go. Everything is inlined into Shortcut::run().
#pragma once

#include <libresp/codec/decoder.hpp>

#include "repeat.hpp"

#include <algorithm>

namespace resp {

/// What the shortcut's loop needs of the decoder, loaded once and stored once.
class Decoder::Cursor {
protected:
    using Node = detail::Node;
    // The shortest value that is looked at: a header of two digits; where a CRLF ends the input, one of one.
    static constexpr std::size_t shortest = 5;
    static constexpr std::size_t shortest_last = 4;

    explicit Cursor(Decoder& decoder) noexcept
        : limits_(decoder.tokenizer_.limits_),
          levels_(decoder.tokenizer_.levels_.data()),
          nodes_(decoder.nodes_.get()),
          last_node_(nodes_ + decoder.node_capacity_),
          wire_(decoder.batch_.wire),
          end_(static_cast<std::size_t>(decoder.tokenizer_.end_ - wire_)),
          shortest_(wire::is_crlf(end() - 2) ? shortest_last : shortest),
          at_(static_cast<std::size_t>(decoder.tokenizer_.next_ - wire_)),
          node_(nodes_ + decoder.node_count_),
          left_(decoder.tokenizer_.left_),
          level_(levels_ + decoder.tokenizer_.depth_),
          frame_(static_cast<std::size_t>(decoder.frame_ - wire_)),
          frame_node_(nodes_),
          inline_lines_(decoder.tokenizer_.reads_ != Reads::replies && decoder.tokenizer_.position_ == 0) {}

    void store(Decoder& decoder) const noexcept {
        decoder.tokenizer_.next_ = wire_ + at_;
        decoder.tokenizer_.left_ = left_;
        decoder.tokenizer_.depth_ = static_cast<std::uint32_t>(level_ - levels_);
        const bool between_frames = level_ == levels_;
        decoder.frame_ = wire_ + (between_frames ? at_ : frame_);
        decoder.whole_ = between_frames ? node_ : frame_node_;
        decoder.node_count_ = static_cast<std::size_t>(node_ - nodes_);
    }

    const char* text() const noexcept { return wire_ + at_ + 1; }
    const char* end() const noexcept { return wire_ + end_; }

    /// Whether a value may begin at at_, and the index has an entry for it.
    [[gnu::always_inline]] bool more() const noexcept {
        return at_ + shortest_ <= end_ && node_ != last_node_;
    }

    [[gnu::always_inline]] Node* add(Type type, std::size_t header, std::uint8_t flags, std::uint32_t size,
                                     std::uint32_t span) noexcept {
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

    /// The innermost aggregate has all its values, and perhaps those around it too. True if the frame
    /// is whole; a streamed aggregate that is full stays open, with `left_` 0.
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

    /// A frame of more than one value begins.
    [[gnu::always_inline]] void begin_frame() noexcept {
        frame_ = at_;
        frame_node_ = node_;
    }

    /// It is whole. Whether another one is likely to fit the index.
    [[gnu::always_inline]] bool end_frame() noexcept {
        const std::size_t size = at_ - frame_;
        if (size == last_size_) {
            const std::size_t times =
                detail::Repeat::take(wire_, frame_, at_, end_, frame_node_, node_, last_node_);
            node_ += static_cast<std::ptrdiff_t>(times) * (node_ - frame_node_);
            at_ += times * size;
        }
        last_size_ = size;
        return node_ < batch_end_;
    }

    const Limits& limits_;
    Tokenizer::Level* const levels_;
    Node* const nodes_;
    Node* const last_node_;
    // A batch ends behind so many entries, which stay in the L1 cache until they are read.
    Node* const batch_end_ = nodes_ + std::min<std::ptrdiff_t>(256, (last_node_ - nodes_) / 2);
    const char* const wire_;  // where the entries, and the positions here, count from
    const std::size_t end_;
    const std::size_t shortest_;

    std::size_t at_;
    Node* node_;
    std::uint32_t left_;
    Tokenizer::Level* level_;  // behind the innermost open aggregate
    std::size_t frame_;        // where the frame begins that is open, if one is
    Node* frame_node_;
    std::size_t last_size_ = 0;
    const bool inline_lines_;  // not where one is cut, which the tokenizer has searched already
};

}  // namespace resp
