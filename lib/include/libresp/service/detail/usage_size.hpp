// How many words a command may have, and whether their number alone says where they stand.
#pragma once

#include <libresp/service/usage.hpp>

#include <algorithm>

namespace resp {

constexpr Usage::Range Usage::range_of_children(std::uint8_t node) const noexcept {
    Range sum{0, 0};
    for (std::uint8_t i = nodes_[node].child; i != 0; i = nodes_[i].sibling) {
        const Range range = range_of(i);
        sum.least += range.least;
        sum.most = sum.most == unlimited || range.most == unlimited ? unlimited : sum.most + range.most;
    }
    return sum;
}

constexpr Usage::Range Usage::range_of(std::uint8_t node) const noexcept {
    const UsageNode::Kind kind = nodes_[node].kind;
    if (kind == UsageNode::Kind::sequence) return range_of_children(node);
    if (kind == UsageNode::Kind::repeat)
        return {nodes_[node].least * range_of_children(node).least, unlimited};
    if (kind != UsageNode::Kind::optional && kind != UsageNode::Kind::choice) return {1, 1};
    Range range{unlimited, 0};
    for (std::uint8_t i = nodes_[node].child; i != 0; i = nodes_[i].sibling) {
        const Range alternative = range_of(i);
        const UsageNode& part = nodes_[nodes_[i].child];
        // As in Redis, a client may send [NX] twice: SET key value NX NX.
        const bool may_repeat =
            kind == UsageNode::Kind::optional && part.kind == UsageNode::Kind::keyword && part.sibling == 0;
        range.least = std::min(range.least, alternative.least);
        range.most = may_repeat ? unlimited : std::max(range.most, alternative.most);
    }
    if (kind == UsageNode::Kind::optional) range.least = 0;
    return range;
}

constexpr void Usage::find_simple() noexcept {
    bool is_last = false;  // nothing may follow
    bool has_optional = false;
    bool is_counted = false;  // the word numkeys must be checked
    std::uint32_t repeated = 0;
    for (std::uint8_t i = first(); i != 0; i = nodes_[i].sibling) {
        const UsageNode& node = nodes_[i];
        if (is_last || node.kind == UsageNode::Kind::keyword || node.kind == UsageNode::Kind::choice) return;
        if (node.kind == UsageNode::Kind::repeat) {
            if (has_optional || is_counted) return;
            repeated = range_of_children(i).least;
            is_last = true;
        } else if (node.kind == UsageNode::Kind::optional) {
            const UsageNode& alternative = nodes_[node.child];
            const UsageNode& word = nodes_[alternative.child];
            if (alternative.sibling != 0 || word.kind != UsageNode::Kind::word || word.sibling != 0) return;
            has_optional = true;
        } else if (has_optional) {
            return;
        }
        is_counted = text(node) == "numkeys";
    }
    simple_ = true;
    repeated_ = repeated;
}

}  // namespace resp
