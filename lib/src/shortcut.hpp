// The decoder's fast path: whole, short, well-formed values, straight into the index. It knows no
// error and no cut value; whatever it does not take, it leaves to the tokenizer, untouched.
#pragma once

#include <libresp/decoder.hpp>

namespace resp {

/// What the loop needs of the tokenizer and the index, in registers. Everything is inlined into run().
class Decoder::Shortcut {
public:
    /// Takes values while it can. True if the frame is complete.
    static bool run(Decoder& decoder) {
        if (decoder.tokenizer_.mode_ != Tokenizer::Mode::value) return false;
        if (decoder.node_count_ == decoder.node_capacity_) decoder.grow_index();
        return decoder.tokenizer_.reads_ == Reads::commands ? Shortcut{decoder}.loop<true>()
                                                            : Shortcut{decoder}.loop<false>();
    }

private:
    using Node = detail::Node;
    // The shortest that is looked at: a header with two digits.
    static constexpr std::ptrdiff_t shortest = 5;

    explicit Shortcut(Decoder& decoder) noexcept
        : decoder_(decoder),
          frame_(decoder.frame_),
          at_(decoder.tokenizer_.next_),
          end_(decoder.tokenizer_.end_),
          node_(decoder.nodes_.get() + decoder.node_count_),
          last_node_(decoder.nodes_.get() + decoder.node_capacity_),
          left_(decoder.tokenizer_.left_),
          depth_(decoder.tokenizer_.depth_) {}

    template <bool commands>
    [[gnu::always_inline]] bool loop() {
        bool whole = false;
        while (end_ - at_ >= shortest && node_ != last_node_ && left_ != 0) {
            const auto type = static_cast<Type>(*at_);
            if (!(commands ? take_command(type) : take(type))) break;
            if (complete()) {
                whole = true;
                break;
            }
        }
        store();
        return whole;
    }

    /// Takes one value, or the header of an aggregate. After one with values to come, complete() must
    /// not count it: `left_` is set one higher.
    [[gnu::always_inline]] bool take(Type type) {
        switch (type) {
            case Type::bulk_string: return take_string(type);
            case Type::array:
            case Type::set:
            case Type::map: return take_aggregate(type);
            case Type::integer: return take_integer();
            case Type::simple_string:
            case Type::simple_error: return take_line(type);
            default: return false;
        }
    }
    [[gnu::always_inline]] bool take_command(Type type) {
        if (depth_ != 0) return type == Type::bulk_string && take_string(type);
        return type == Type::array && at_[1] != '0' && take_aggregate(type);
    }

    [[gnu::always_inline]] bool take_string(Type type) {
        std::uint32_t length = 0;
        std::size_t header = wire::short_header(at_, length);
        const std::size_t most = decoder_.tokenizer_.limits_.max_bulk;
        if (header == 0) {
            const wire::Decimal read =
                wire::read_decimal(at_ + 1, end_, std::min<std::size_t>(most, UINT32_MAX));
            if (read.outcome != wire::Outcome::done) return false;
            length = static_cast<std::uint32_t>(read.value);
            header = static_cast<std::size_t>(read.at - at_);
        }
        const auto here = static_cast<std::size_t>(end_ - at_);
        if (here < header + length + 2 || length > most || !wire::is_crlf(at_ + header + length))
            return false;
        add(type, header, Node::plain_text)->size = length;
        at_ += header + length + 2;
        return true;
    }

    [[gnu::always_inline]] bool take_aggregate(Type type) {
        std::uint32_t count = 0;
        const std::size_t header = wire::short_header(at_, count);
        const Limits& limits = decoder_.tokenizer_.limits_;
        if (header == 0 || count > limits.max_elements || depth_ == limits.max_depth) return false;
        const std::uint32_t values = type == Type::map ? 2 * count : count;
        Node* const node = add(type, header, Node::spans);
        node->size = values;
        node->span = 1;
        at_ += header;
        if (values == 0) return true;
        decoder_.open_[depth_] = static_cast<std::uint32_t>(node - decoder_.nodes_.get());
        decoder_.tokenizer_.levels_[depth_++] = {left_, type, false};
        left_ = values + 1;
        return true;
    }

    [[gnu::always_inline]] bool take_integer() {
        const char* digit = at_ + 1;
        const bool negative = *digit == wire::minus;
        if (negative) ++digit;
        const char* const first = digit;
        // No more than 18 digits, so that no sum overflows.
        const char* const most = end_ - digit > 18 ? digit + 18 : end_;
        std::int64_t value = 0;
        for (; digit != most && wire::is_digit(*digit); ++digit) value = value * 10 + (*digit - '0');
        if (digit == first || end_ - digit < 2 || !wire::is_crlf(digit)) return false;
        if (*first == '0' && (negative || digit - first > 1)) return false;
        Node* const node = add(Type::integer, 1, 0);
        node->digits = static_cast<std::uint8_t>(digit - at_ - 1);
        node->set_integer(negative ? -value : value);
        at_ = digit + 2;
        return true;
    }

    [[gnu::always_inline]] bool take_line(Type type) {
        const char* const text = at_ + 1;
        const char* const stop = wire::find_line_end(text, end_);
        if (end_ - stop < 2 || !wire::is_crlf(stop)) return false;
        const auto size = static_cast<std::size_t>(stop - text);
        if (size > decoder_.tokenizer_.limits_.max_line) return false;
        add(type, 1, Node::plain_text)->size = static_cast<std::uint32_t>(size);
        at_ = stop + 2;
        return true;
    }

    [[gnu::always_inline]] Node* add(Type type, std::size_t header, std::uint8_t flags) noexcept {
        Node* const node = node_++;
        node->begin = static_cast<std::uint32_t>(at_ - frame_ + static_cast<std::ptrdiff_t>(header));
        node->type = type;
        node->flags = flags;
        node->header = static_cast<std::uint8_t>(header);
        node->digits = 0;
        return node;
    }

    /// Counts a value as complete, and with it each aggregate whose last one it is. True if the frame
    /// is.
    [[gnu::always_inline]] bool complete() noexcept {
        while (depth_ != 0) {
            if (--left_ != 0) [[likely]]
                return false;
            if (decoder_.tokenizer_.levels_[depth_ - 1].streamed) return false;
            left_ = decoder_.tokenizer_.levels_[--depth_].outer_left;
            Node* const nodes = decoder_.nodes_.get();
            const std::uint32_t entry = decoder_.open_[depth_];
            nodes[entry].span = static_cast<std::uint32_t>(node_ - nodes) - entry;
        }
        return true;
    }

    void store() noexcept {
        decoder_.tokenizer_.next_ = at_;
        decoder_.tokenizer_.left_ = left_;
        decoder_.tokenizer_.depth_ = depth_;
        decoder_.node_count_ = static_cast<std::size_t>(node_ - decoder_.nodes_.get());
    }

    Decoder& decoder_;
    const char* const frame_;
    const char* at_;
    const char* const end_;
    Node* node_;
    Node* const last_node_;
    std::uint32_t left_;
    std::uint32_t depth_;
};

}  // namespace resp
