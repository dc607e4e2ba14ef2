// The decoder's fast path: whole, well-formed values of the common forms, straight into the index, one
// frame after the other. It knows no error and no cut value; whatever it does not take, it leaves to the
// tokenizer, untouched.
#pragma once

#include "cursor.hpp"
#include "plain.hpp"

#include <algorithm>

namespace resp {

/// The forms that it takes. All is inlined into run(), whose cost is shared by the frames of a batch.
class Decoder::Shortcut : Cursor {
public:
    /// Takes values while it can: whole frames as long as another one is likely to fit the index, and
    /// the beginning of the next.
    static void run(Decoder& decoder) {
        // Neither two digits nor the text of OK is compared with its bound.
        constexpr std::size_t two_digits = 99;
        constexpr std::size_t ok = 2;
        const Tokenizer& tokenizer = decoder.tokenizer_;
        const Limits& limits = tokenizer.limits_;
        const auto here = static_cast<std::size_t>(tokenizer.end_ - tokenizer.next_);
        // In a few bytes without a line's end there is no value; larger ones are worth a look.
        const bool may_hold_one = here >= few || (here >= shortest_last && tokenizer.end_[-1] == wire::lf);
        if (tokenizer.mode_ != Tokenizer::Mode::value || !may_hold_one || limits.max_bulk < two_digits ||
            limits.max_elements < two_digits || limits.max_line < ok || limits.max_depth == 0) {
            return;
        }
        if (decoder.node_count_ == decoder.node_capacity_) decoder.grow_index();
        if (tokenizer.reads_ == Reads::commands) {
            commands(decoder);
        } else {
            values(decoder);
        }
    }

private:
    explicit Shortcut(Decoder& decoder) noexcept : Cursor(decoder) {}

    enum class Outcome : unsigned char { refused, scalar, opened };
    static constexpr std::size_t few = 32;

    // Two functions, so that the compiler keeps each one's state in registers.
    [[gnu::noinline]] static void values(Decoder& decoder) noexcept {
        Shortcut shortcut{decoder};
        shortcut.take_values();
        shortcut.store(decoder);
    }
    [[gnu::noinline]] static void commands(Decoder& decoder) noexcept {
        Shortcut shortcut{decoder};
        shortcut.take_commands();
        shortcut.store(decoder);
    }

    /// Values of any type.
    [[gnu::always_inline]] void take_values() noexcept {
        while (left_ != 0 && more()) {
            const Outcome outcome = take(static_cast<Type>(wire_[at_]));
            if (outcome == Outcome::refused) break;
            if (outcome == Outcome::opened) continue;
            if (level_ == levels_) {  // a frame of one value, which is quicker read than compared
                if (node_ >= batch_end_) break;
            } else if (--left_ == 0 && close() && !end_frame()) {
                break;
            }
        }
    }

    /// Arrays of bulk strings, so there is one level at most, and it goes on the stack only if it stays
    /// open.
    [[gnu::always_inline]] void take_commands() noexcept {
        const bool goes_on = level_ != levels_;
        Node* array = nodes_ + (goes_on ? levels_->entry : 0);
        std::uint32_t left = goes_on ? left_ : 0;
        for (;;) {
            if (left == 0) {
                if (!more()) break;
                begin_frame();
                if (wire_[at_] != wire::byte(Type::array)) {
                    if (!inline_lines_ || take_inline_line() == Outcome::refused || !end_frame()) break;
                    continue;
                }
                const std::size_t header = read_header(left, limits_.max_elements);
                if (header == 0 || left == 0) break;
                array = add(Type::array, header, Node::aggregate | Node::spans, left, 1);
                at_ += header;
            }
            left -= take_strings(left);
            if (left != 0) break;
            array->span = static_cast<std::uint32_t>(node_ - array);
            if (!end_frame()) break;
        }
        level_ = levels_ + (left == 0 ? 0 : 1);
        left_ = left == 0 ? 1 : left;
        if (left != 0) *levels_ = {1, static_cast<std::uint32_t>(array - nodes_), Type::array, false};
    }

    /// Takes at most `most` bulk strings. Returns how many.
    [[gnu::always_inline]] std::uint32_t take_strings(std::uint32_t most) noexcept {
        Node* const first = node_;
        Node* const stop = node_ + std::min<std::ptrdiff_t>(most, last_node_ - node_);
        while (node_ != stop && at_ + shortest_ <= end_ && wire_[at_] == wire::byte(Type::bulk_string)) {
            if (take_string<false>(Type::bulk_string) != Outcome::scalar) break;
        }
        return static_cast<std::uint32_t>(node_ - first);
    }

    [[gnu::always_inline]] Outcome take(Type type) noexcept {
        // Most values are; a branch predicts that better than the switch's one jump predicts all types.
        if (type == Type::bulk_string) return take_string<true>(Type::bulk_string);
        switch (type) {
            case Type::bulk_error:
            case Type::verbatim_string: return take_string<true>(type);
            case Type::array:
            case Type::set:
            case Type::map: return take_aggregate(type);
            case Type::push: return level_ == levels_ ? take_aggregate(type) : Outcome::refused;
            case Type::integer: return take_integer();
            case Type::simple_string:
                if (take_ok() == Outcome::scalar) return Outcome::scalar;
                [[fallthrough]];
            case Type::simple_error: return take_line(type, wire::find_line_end(text(), end()));
            case Type::double_: return take_number(type, wire::plain_double(text(), end()));
            case Type::big_number: return take_number(type, wire::plain_digits(text(), end()));
            case Type::null: return take_null();
            case Type::boolean: return take_boolean();
            case Type::attribute: return Outcome::refused;
            default: return level_ == levels_ && inline_lines_ ? take_inline_line() : Outcome::refused;
        }
    }

    template <bool replies>
    [[gnu::always_inline]] Outcome take_string(Type type) noexcept {
        std::uint32_t length = 0;
        if (replies && *text() == wire::minus) return take_null_string(type);
        const std::size_t header = read_header(length, limits_.max_bulk);
        if (header == 0) return Outcome::refused;
        const std::size_t begin = at_ + header;
        if (begin + length + 2 > end_ || !wire::is_crlf(wire_ + begin + length)) return Outcome::refused;
        std::uint32_t prefix = 0;
        if (type == Type::verbatim_string) {
            prefix = wire::verbatim_prefix;
            if (length < prefix || wire_[begin + prefix - 1] != wire::verbatim_colon) return Outcome::refused;
        }
        add(type, header + prefix, Node::plain_text, length - prefix, 0);
        at_ = begin + length + 2;
        return Outcome::scalar;
    }

    /// `$-1\r\n`. Its five bytes are there, or only four with a CRLF too early.
    [[gnu::always_inline]] Outcome take_null_string(Type type) noexcept {
        if (type != Type::bulk_string || text()[1] != '1' || !wire::is_crlf(text() + 2)) {
            return Outcome::refused;
        }
        add(Type::null_bulk_string, 3, Node::plain_text, 0, 0);
        at_ += 5;
        return Outcome::scalar;
    }

    [[gnu::always_inline]] Outcome take_aggregate(Type type) noexcept {
        std::uint32_t count = 0;
        const std::size_t header = read_header(count, limits_.max_elements);
        if (header == 0 || level_ == levels_ + limits_.max_depth) return Outcome::refused;
        const std::uint32_t values = type == Type::map ? 2 * count : count;
        if (level_ == levels_) begin_frame();
        const auto entry = static_cast<std::uint32_t>(node_ - nodes_);
        add(type, header, Node::aggregate | Node::spans, values, 1);
        at_ += header;
        if (values == 0) return Outcome::scalar;
        *level_++ = {left_, entry, type, false};
        left_ = values;
        return Outcome::opened;
    }

    /// The number in the header at at_, no more than `most`. Returns the header's size, or 0.
    [[gnu::always_inline]] std::size_t read_header(std::uint32_t& number, std::size_t most) const noexcept {
        const std::size_t size = wire::short_header(wire_ + at_, number);
        if (size != 0) [[likely]]
            return size;  // run() has seen to it that no bound is that small
        return wire::long_header(wire_ + at_, end(), most, number);
    }

    [[gnu::always_inline]] Outcome take_integer() noexcept {
        const wire::Number number = wire::plain_integer(text(), end());
        if (number.size == 0 || !wire::is_crlf(text() + number.size)) return Outcome::refused;
        Node* const node = add(Type::integer, 1, 0, 0, 0);
        node->digits = static_cast<std::uint8_t>(number.size);
        node->set_integer(static_cast<std::int64_t>(number.value));
        at_ += number.size + 3;
        return Outcome::scalar;
    }

    /// A value that is kept as its text, which ends at `stop`.
    [[gnu::always_inline]] Outcome take_line(Type type, const char* stop) noexcept {
        const auto size = static_cast<std::size_t>(stop - text());
        if (end() - stop < 2 || !wire::is_crlf(stop) || size > limits_.max_line) return Outcome::refused;
        add(type, 1, Node::plain_text, static_cast<std::uint32_t>(size), 0);
        at_ += size + 3;
        return Outcome::scalar;
    }
    /// `+OK\r\n`, which most simple strings are: where that is foreseen, nothing waits for its end. Its five
    /// bytes are there, or only four with a CRLF too early.
    [[gnu::always_inline]] Outcome take_ok() noexcept {
        if (text()[0] != 'O' || text()[1] != 'K' || !wire::is_crlf(text() + 2)) return Outcome::refused;
        add(Type::simple_string, 1, Node::plain_text, 2, 0);
        at_ += 5;
        return Outcome::scalar;
    }
    [[gnu::always_inline]] Outcome take_number(Type type, const char* stop) noexcept {
        return stop == text() ? Outcome::refused : take_line(type, stop);
    }

    [[gnu::always_inline]] Outcome take_null() noexcept {
        if (!wire::is_crlf(text())) return Outcome::refused;
        add(Type::null, 1, Node::plain_text, 0, 0);
        at_ += 3;
        return Outcome::scalar;
    }

    [[gnu::always_inline]] Outcome take_boolean() noexcept {
        const bool value = *text() == wire::boolean_true;
        if ((!value && *text() != wire::boolean_false) || !wire::is_crlf(text() + 1)) return Outcome::refused;
        add(Type::boolean, 1, 0, value ? 1 : 0, 0)->digits = 1;
        at_ += 4;
        return Outcome::scalar;
    }

    /// An inline command whose words have no quotes and stand a space apart or more.
    [[gnu::always_inline]] Outcome take_inline_line() noexcept {
        Node* const line = node_;
        std::size_t at = at_;
        add(Type::array, 0, Node::inline_line | Node::aggregate | Node::spans, 0, 0);
        for (; at != end_ && node_ != last_node_; ++at) {
            const std::size_t word = at;
            while (at != end_ && is_plain(wire_[at])) ++at;
            if (at == end_) break;
            if (at != word) {
                add(Type::bulk_string, word - at_, Node::inline_line | Node::plain_text,
                    static_cast<std::uint32_t>(at - word), 0)
                    ->header = 0;
            }
            if (wire_[at] != ' ') return end_line(line, at);
        }
        node_ = line;
        return Outcome::refused;
    }
    static bool is_plain(char c) noexcept {
        return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '\'';
    }
    [[gnu::always_inline]] Outcome end_line(Node* line, std::size_t stop) noexcept {
        const auto words = static_cast<std::uint32_t>(node_ - line) - 1;
        const std::size_t lf = wire_[stop] == wire::cr && stop + 1 != end_ ? stop + 1 : stop;
        if (words == 0 || wire_[lf] != wire::lf || stop - at_ > limits_.max_line || node_ == last_node_) {
            node_ = line;
            return Outcome::refused;
        }
        line->size = words;
        line->span = words + 2;
        at_ = lf + 1;
        add(Type{}, 0, 0, 0, 0);
        return Outcome::scalar;
    }
};

}  // namespace resp
