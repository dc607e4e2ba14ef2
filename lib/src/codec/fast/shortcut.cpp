// The shortcut is the decoder's fast path. It reads complete, well-formed values of the common forms straight
// into the index, frame after frame. It knows no errors: a value that it cannot take stays untouched for the
// tokenizer.
//
// Files, in reading order:
//
//     shortcut.cpp  the loops over frames (this file)
//     forms.hpp     one function for each form of value
//     cursor.hpp    the state: input position, index and open aggregates
//     plain.hpp     headers and numbers, read eight bytes at a time
//     repeat.hpp    commands that have the same shape as the command before
//
// The state. All byte positions count from `wire_`, the first byte that the index describes:
//
//     input   wire_ |  complete frames  | frame_  open frame  | at_    not read yet  | end_
//     index  nodes_ |  their entries    | frame_node_         | node_  free          | last_node_
//     levels_  [ array ][ map ] level_       the open aggregates, innermost last
//     left_ = values that the innermost one still needs; 1 between two frames
//
// Between two frames no frame is open, and `frame_` and `frame_node_` are not used.
//
// An example: two commands and the beginning of a third, in a decoder that reads commands.
//
//     *2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGE
//     ^ byte 0                      ^ 20                ^ 34  ^ 38
//
//     before   at_ 0, no entries, no levels, left_ 1
//     after    at_ 38, frame_ 34, frame_node_ 5, one level (entry 5), left_ 2
//              0  array        size 2  begin  4  span 3
//              1  bulk string  size 3  begin  8            GET
//              2  bulk string  size 1  begin 17            a
//              3  array        size 1  begin 24  span 2
//              4  bulk string  size 4  begin 28            PING
//              5  array        size 2  begin 38            open: its span is not known yet
//
// Decoder::next() returns the views of entries 0 and 3. Then the tokenizer continues at byte 38, with
// `$3\r\nGE`.
//
// What may be deleted. This folder changes only the speed, never a result. To delete it, define
// Decoder::take_shortcut() as an empty function in decoder.cpp, and remove what belongs to the folder from
// three files: its source file from lib/CMakeLists.txt, the tests of plain.hpp from
// tests/unit/codec/number_test.cpp, and the bugs that are put into the folder from tests/fuzz/bugs_known.py.
// A test proves that every result stays the same: tests/unit/codec/no_shortcut.cpp replaces take_shortcut()
// with an empty function and runs all codec tests. To delete only repeat.hpp, remove its #include and its
// call in cursor.hpp.
#include "forms.hpp"

#include <algorithm>

namespace resp {

/// Each public function takes complete frames until the index reaches `enough_`. If it must stop earlier, it
/// keeps the complete values at the beginning of the next frame. Everything is inlined into the two
/// functions, so that the state stays in registers; all frames of a run share the cost of loading and storing
/// it. They are two functions because the compiler then needs fewer registers for each.
class Decoder::Shortcut : Forms {
public:
    [[gnu::noinline]] static void values(Decoder& decoder) noexcept {
        Shortcut shortcut{decoder};
        shortcut.take_values();
        shortcut.store(decoder);
    }
    /// The header of an attribute. Returns whether it took one. Apart, because attributes are rare, and one
    /// form more in take_values() would slow down all others.
    [[gnu::noinline]] static bool attribute(Decoder& decoder) noexcept {
        Shortcut shortcut{decoder};
        if (!shortcut.more() || shortcut.take_attribute() == Outcome::refused) return false;
        shortcut.store(decoder);
        return true;
    }
    [[gnu::noinline]] static void commands(Decoder& decoder) noexcept {
        Shortcut shortcut{decoder};
        shortcut.take_commands();
        shortcut.store(decoder);
    }

private:
    explicit Shortcut(Decoder& decoder) noexcept : Forms(decoder) {}

    /// Values of the common forms, in a decoder of replies or of anything.
    [[gnu::always_inline]] void take_values() noexcept {
        while (left_ != 0 && more()) {
            const Outcome outcome = take(static_cast<Type>(wire_[at_]));
            if (outcome == Outcome::refused) break;
            if (outcome == Outcome::opened) continue;
            if (level_ == levels_) {
                // A frame of one value: reading the next one is faster than comparing it with this one.
                if (node_ >= enough_) break;
            } else if (--left_ == 0 && close() && !end_frame()) {
                break;
            }
        }
    }

    /// The header of an attribute. It is open until the value that it describes is complete.
    Outcome take_attribute() noexcept {
        std::uint32_t count = 0;
        const std::size_t header = read_header(count, limits_.max_elements);
        if (header == 0 || level_ == last_level_) return Outcome::refused;
        if (level_ == levels_) begin_frame();
        const auto entry = static_cast<std::uint32_t>(node_ - nodes_);
        add(Type::attribute, header, Node::aggregate | Node::spans, 2 * count, 1);
        at_ += header;
        *level_++ = {left_, entry, Type::attribute, false};
        left_ = 2 * count + 1;
        return Outcome::opened;
    }

    /// Arrays of bulk strings, and inline lines. At most one aggregate is open, so `levels_` is written only
    /// once, and only if the last array is incomplete.
    [[gnu::always_inline]] void take_commands() noexcept {
        const bool is_open = level_ != levels_;
        Node* array = nodes_ + (is_open ? levels_->entry : 0);
        std::uint32_t left = is_open ? left_ : 0;
        for (;;) {
            if (left == 0) {
                if (!more()) break;
                begin_frame();
                if (wire_[at_] != wire::byte(Type::array)) {
                    if (!inline_lines_ || take_inline_line<true>() == Outcome::refused || !end_frame()) break;
                    continue;
                }
                const std::size_t header = read_header(left, limits_.max_elements);
                if (header == 0 || left == 0) break;  // an empty array is left to the tokenizer
                array = add(Type::array, header, Node::aggregate | Node::spans | Node::command, left, 1);
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

    /// Takes at most `most` bulk strings. Returns how many it took.
    [[gnu::always_inline]] std::uint32_t take_strings(std::uint32_t most) noexcept {
        Node* const first = node_;
        Node* const stop = node_ + std::min<std::ptrdiff_t>(most, last_node_ - node_);
        while (node_ != stop && at_ + shortest <= end_ && wire_[at_] == wire::byte(Type::bulk_string)) {
            if (take_string<false>(Type::bulk_string) != Outcome::scalar) break;
        }
        return static_cast<std::uint32_t>(node_ - first);
    }
};

void Decoder::take_shortcut() {
    assert(tokenizer_.mode_ == Tokenizer::Mode::value);
    if (!Forms::may_take(tokenizer_)) return;
    // It takes as many frames as there are entries for.
    if (node_count_ == node_capacity_ || node_capacity_ < usual_index()) grow_index();
    if (tokenizer_.reads_ == Reads::commands) {
        Shortcut::commands(*this);
    } else {
        Shortcut::values(*this);
        while (ready_ == whole_ && untaken() != 0 && *tokenizer_.next_ == wire::byte(Type::attribute) &&
               Shortcut::attribute(*this)) {
            Shortcut::values(*this);
        }
    }
}

}  // namespace resp
