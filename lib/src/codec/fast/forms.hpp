// The forms of values that the shortcut takes, one function for each. It returns `refused`, and everything is
// as before the call, if the value is incomplete, wrong or of a rare form.
#pragma once

#include "../inline.hpp"
#include "cursor.hpp"
#include "plain.hpp"

namespace resp {

class Decoder::Forms : protected Cursor {
public:
    /// Whether the shortcut may be used: enough bytes are readable, and the limits are so high that the
    /// functions below need not check a number of one or two digits, or the text of `+OK`.
    static bool may_take(const Tokenizer& tokenizer) noexcept {
        constexpr std::size_t two_digits = 99;
        constexpr std::size_t ok = 2;
        const Limits& limits = tokenizer.limits_;
        return static_cast<std::size_t>(tokenizer.end_ - tokenizer.next_) >= shortest &&
               limits.max_bulk >= two_digits && limits.max_elements >= two_digits && limits.max_line >= ok &&
               limits.max_depth != 0;
    }

protected:
    enum class Outcome : unsigned char { refused, scalar, opened };

    using Cursor::Cursor;

    /// Takes the value at `at_`. At least `shortest` bytes are readable there.
    [[gnu::always_inline]] Outcome take(Type type) noexcept {
        // Most values are bulk strings. Their own branch predicts better than the one jump of the switch.
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
            case Type::attribute: return Outcome::refused;  // see Shortcut::attribute()
            default: return level_ == levels_ && inline_lines_ ? take_inline_line<false>() : Outcome::refused;
        }
    }

    /// Reads the number in the header at `at_`. Returns the size of the header, or 0 if it cannot take it.
    [[gnu::always_inline]] std::size_t read_header(std::uint32_t& number, std::size_t most) const noexcept {
        const std::size_t size = wire::short_header(wire_ + at_, number);
        if (size != 0) [[likely]]
            return size;  // at most 99, which may_take() compared with the limits
        return wire::long_header(wire_ + at_, end(), most, number);
    }

    /// `$<length>\r\n<bytes>\r\n`, and the same with `!` and `=`. If `nulls`, also `$-1\r\n`.
    template <bool nulls>
    [[gnu::always_inline]] Outcome take_string(Type type) noexcept {
        std::uint32_t length = 0;
        if (nulls && *text() == wire::minus) return take_null_string(type);
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

    /// `$-1\r\n`
    [[gnu::always_inline]] Outcome take_null_string(Type type) noexcept {
        if (type != Type::bulk_string || text()[1] != '1' || !wire::is_crlf(text() + 2)) {
            return Outcome::refused;
        }
        add(Type::null_bulk_string, 3, Node::plain_text, 0, 0);
        at_ += 5;
        return Outcome::scalar;
    }

    /// The header of an array, a set, a map or a push.
    [[gnu::always_inline]] Outcome take_aggregate(Type type) noexcept {
        std::uint32_t count = 0;
        const std::size_t header = read_header(count, limits_.max_elements);
        if (header == 0 || level_ == last_level_) return Outcome::refused;
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

    [[gnu::always_inline]] Outcome take_integer() noexcept {
        const wire::PlainNumber number = wire::plain_integer(text(), end());
        if (number.size == 0 || !wire::is_crlf(text() + number.size)) return Outcome::refused;
        Node* const node = add(Type::integer, 1, 0, 0, 0);
        node->digits = static_cast<std::uint8_t>(number.size);
        node->set_integer(static_cast<std::int64_t>(number.value));
        at_ += number.size + 3;
        return Outcome::scalar;
    }

    /// A value that the index keeps as its text, which ends at `stop`.
    [[gnu::always_inline]] Outcome take_line(Type type, const char* stop) noexcept {
        const auto size = static_cast<std::size_t>(stop - text());
        if (end() - stop < 2 || !wire::is_crlf(stop) || size > limits_.max_line) return Outcome::refused;
        add(type, 1, Node::plain_text, static_cast<std::uint32_t>(size), 0);
        at_ += size + 3;
        return Outcome::scalar;
    }
    /// A double or big number that ends at `stop`. If `stop` is where its text begins, it has no plain form.
    [[gnu::always_inline]] Outcome take_number(Type type, const char* stop) noexcept {
        return stop == text() ? Outcome::refused : take_line(type, stop);
    }

    /// `+OK\r\n`: most simple strings. A comparison needs no search for the end of the line.
    [[gnu::always_inline]] Outcome take_ok() noexcept {
        if (text()[0] != 'O' || text()[1] != 'K' || !wire::is_crlf(text() + 2)) return Outcome::refused;
        add(Type::simple_string, 1, Node::plain_text, 2, 0);
        at_ += 5;
        return Outcome::scalar;
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

    /// An inline command whose words stand one or more spaces apart. If `quoted`, also words in quotes that stand
    /// in the input as they are.
    template <bool quoted>
    [[gnu::always_inline]] Outcome take_inline_line() noexcept {
        Node* const line = node_;
        std::size_t at = at_;
        add(Type::array, 0, Node::inline_line | Node::aggregate | Node::spans, 0, 0);
        for (; at != end_ && node_ != last_node_; ++at) {
            const std::size_t word = at;
            while (at != end_ && detail::is_plain(wire_[at])) ++at;
            if (at == end_) break;
            if (at != word) {
                add_word(word, at);
            } else if (quoted && detail::is_quote(wire_[at])) [[unlikely]] {
                const char* const close = detail::closing_quote(wire_ + at, end());
                if (close == nullptr || close + 1 == end()) break;
                at = static_cast<std::size_t>(close - wire_) + 1;
                add_word(word + 1, at - 1);
            }
            if (wire_[at] != ' ') return end_inline_line(line, at);
        }
        node_ = line;
        return Outcome::refused;
    }
    [[gnu::always_inline]] void add_word(std::size_t begin, std::size_t end) noexcept {
        add(Type::bulk_string, begin - at_, Node::inline_line | Node::plain_text,
            static_cast<std::uint32_t>(end - begin), 0)
            ->header = 0;
    }
    /// Completes the entries of the line if CRLF or LF stands at `stop`, the first byte that is neither a
    /// space nor part of a word. Otherwise removes them and refuses.
    [[gnu::always_inline]] Outcome end_inline_line(Node* line, std::size_t stop) noexcept {
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
