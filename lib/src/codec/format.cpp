// Values as text for people: 42, OK, "two words", (error) ERR no, [1, 2], {"key": "value"}, nil.
// Every byte that is not printable ASCII is escaped, so the bytes of a client cannot control a terminal or
// fake a log line.
#include <libresp/codec/escape.hpp>
#include <libresp/codec/view.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace resp {

namespace {

using detail::Node;

/// Walks the flat index. For each open aggregate it keeps how many values are left.
class Printer {
public:
    Printer(const detail::Frame& frame, std::size_t limit) noexcept : frame_(frame), limit_(limit) {}

    std::string print(const detail::NodeRange& range) {
        for (const Node* node = range.first; node != range.last && !cut_; ++node) {
            if (node->is_marker()) continue;
            if (text_.size() >= limit_) {
                text_ += "...";
                break;
            }
            separate();
            add(*node);
        }
        if (after_attribute_) text_.pop_back();  // the space before a value that is not shown
        return std::move(text_);
    }

private:
    struct Level {
        std::uint32_t left;   // values that follow
        std::uint32_t count;  // values in total
        Type type;
    };

    /// Writes what separates the previous value from the next one.
    void separate() {
        if (std::exchange(after_attribute_, false) || levels_.empty()) return;
        const Level& level = levels_.back();
        const std::uint32_t seen = level.count - level.left;
        if (seen == 0) return;
        text_ += has_pairs(level.type) && seen % 2 == 1 ? ": " : ", ";
    }

    void add(const Node& node) {
        if (!is_aggregate(node.type)) {
            add_scalar(node);
            return complete();
        }
        const bool plain = node.type == Type::array || node.type == Type::map;
        if (!plain) text_ += wire::byte(node.type);
        text_ += has_pairs(node.type) ? '{' : '[';
        levels_.push_back({node.size, node.size, node.type});
        if (node.size == 0) close();
    }

    void add_scalar(const Node& node) {
        switch (node.type) {
            case Type::simple_error:
            case Type::bulk_error: text_ += "(error) "; break;
            case Type::boolean: text_ += node.integer() != 0 ? "true" : "false"; return;
            case Type::null:
            case Type::null_bulk_string:
            case Type::null_array: text_ += "nil"; return;
            default: break;
        }
        const std::string_view text = detail::text(frame_, node);
        const bool quoted = node.type == Type::bulk_string || node.type == Type::verbatim_string;
        const std::size_t room = limit_ - std::min(limit_, text_.size());
        if (quoted) text_ += '"';
        text_ += escaped(text, room);
        if (quoted) text_ += '"';
        cut_ = text.size() > room;
    }

    /// Closes a value, and every aggregate whose last value it was.
    void complete() {
        while (!levels_.empty() && --levels_.back().left == 0) {
            const Type type = levels_.back().type;
            levels_.pop_back();
            text_ += has_pairs(type) ? '}' : ']';
            if (type != Type::attribute) continue;
            text_ += ' ';  // the value that it describes follows
            after_attribute_ = true;
            return;
        }
    }
    /// Closes an aggregate that has no values.
    void close() {
        levels_.back().left = 1;
        complete();
    }

    const detail::Frame& frame_;
    std::size_t limit_;
    std::string text_;
    std::vector<Level> levels_;  // the open aggregates
    bool after_attribute_ = false;
    bool cut_ = false;  // a text was longer than the limit
};

}  // namespace

std::string to_string(View view, std::size_t limit) {
    const detail::NodeRange range = detail::nodes(view);
    return Printer{*range.frame, limit}.print(range);
}

}  // namespace resp
