// The parser of usage lines. It also runs in constant expressions, so it is in a header.
#pragma once

#include <libresp/service/usage.hpp>

#include <algorithm>

namespace resp {

namespace detail {

constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_keyword(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(), is_lower);
}

}  // namespace detail

constexpr void Usage::fail(std::size_t position, const char* mistake) const {
    if (mistake != nullptr) throw UsageError{line_, position, mistake};  // always; GCC wants a way without it
}

constexpr Usage::Usage(std::string_view line) : line_(line) {
    if (line.size() > 4096) fail(0, "the line has more than 4096 bytes");
    parse_name();
    parse_items(0, "]>|");
    if (at_ != line_.size()) {
        if (line_[at_] == '|') fail(at_, "\"|\" must stand between alternatives in brackets");
        fail(at_, "nothing was opened that this closes");
    }
    const Range range = range_of_children(0);
    least_ = first_word() + range.least;
    most_ = range.most == unlimited ? unlimited : first_word() + range.most;
    find_simple();
}

constexpr std::uint8_t Usage::add(UsageNode::Kind kind, std::size_t begin) {
    if (size_ == most_nodes) fail(begin, "the line has more than 63 parts");
    nodes_[size_].kind = kind;
    nodes_[size_].begin = static_cast<std::uint16_t>(begin);
    return size_++;
}

constexpr std::string_view Usage::take_text() noexcept {
    const std::size_t begin = at_;
    while (at_ != line_.size() && std::string_view{" []<>|"}.find(line_[at_]) == std::string_view::npos)
        ++at_;
    return line_.substr(begin, at_ - begin);
}

constexpr void Usage::parse_name() {
    const std::string_view name = take_text();
    if (name.empty() || !detail::is_keyword(name)) {
        fail(0, "a usage line begins with the name of the command, in capitals");
    }
    name_size_ = static_cast<std::uint16_t>(name.size());
    skip_spaces();
    const std::size_t begin = at_;
    const std::string_view second = take_text();
    if (!second.empty() && detail::is_keyword(second) && detail::is_upper(second.front())) {
        subcommand_begin_ = static_cast<std::uint16_t>(begin);
        subcommand_size_ = static_cast<std::uint16_t>(second.size());
        skip_spaces();
    } else {
        at_ = begin;
    }
    arguments_ = static_cast<std::uint16_t>(at_);
}

/// Parses parts up to one of the closers, and makes them the children of `parent`.
constexpr void Usage::parse_items(std::uint8_t parent, std::string_view closers) {
    std::array<std::uint8_t, most_nodes> items{};
    std::size_t n = 0;
    for (skip_spaces(); !ends(closers); skip_spaces()) {
        const std::size_t begin = at_;
        if (repeats_) fail(begin, "\"...\" must be the last part in its brackets");
        if (line_.substr(at_).starts_with("...")) {
            if (parent == 0 || n == 0)
                fail(begin, "\"...\" must stand after words in brackets, as in [key ...]");
            repeats_ = true;
            at_ += 3;
            continue;
        }
        items[n++] = line_[at_] == '['   ? parse_group(']', UsageNode::Kind::optional)
                     : line_[at_] == '<' ? parse_group('>', UsageNode::Kind::choice)
                                         : parse_word();
        if (nodes_[items[n - 1]].kind == UsageNode::Kind::repeat) close_repeat(items[n - 1], items, n);
    }
    nodes_[parent].child = n == 0 ? 0 : items[0];
    for (std::size_t i = 1; i < n; ++i) nodes_[items[i - 1]].sibling = items[i];
}

constexpr std::uint8_t Usage::parse_word() {
    const std::size_t begin = at_;
    const std::string_view text = take_text();
    if (text.find("...") != std::string_view::npos) fail(begin, "a space must stand before \"...\"");
    const bool is_keyword = detail::is_keyword(text);
    if (!is_keyword && std::any_of(text.begin(), text.end(), detail::is_upper)) {
        fail(begin, "a keyword is in capitals, any other word in small letters");
    }
    const std::uint8_t node = add(is_keyword ? UsageNode::Kind::keyword : UsageNode::Kind::word, begin);
    nodes_[node].size = static_cast<std::uint16_t>(text.size());
    return node;
}

/// A group with one alternative that ends with "..." becomes a repeat.
constexpr std::uint8_t Usage::parse_group(char close, UsageNode::Kind kind) {
    const std::size_t begin = at_++;
    const std::uint8_t group = add(kind, begin);
    std::uint8_t last = 0;
    bool repeats = false;
    for (;;) {
        const std::uint8_t alternative = add(UsageNode::Kind::sequence, at_);
        (last == 0 ? nodes_[group].child : nodes_[last].sibling) = alternative;
        const bool outer = repeats_;
        repeats_ = false;
        parse_items(alternative, "]>|");
        repeats = repeats || repeats_;
        repeats_ = outer;
        if (at_ == line_.size()) fail(begin, "this is never closed");
        if (nodes_[alternative].child == 0) fail(at_, "an alternative is empty");
        if (line_[at_] != '|' && line_[at_] != close) fail(at_, "this closes another bracket");
        last = alternative;
        if (line_[at_++] == close) break;
    }
    nodes_[group].size = static_cast<std::uint16_t>(at_ - begin);
    if (!repeats) return group;
    if (kind != UsageNode::Kind::optional || nodes_[group].child != last) {
        fail(begin, "\"...\" is for [ ] without alternatives");
    }
    nodes_[group].kind = UsageNode::Kind::repeat;
    nodes_[group].child = nodes_[last].child;  // the alternative is not needed
    for (std::uint8_t i = nodes_[group].child; i != 0; i = nodes_[i].sibling) {
        if (nodes_[i].kind != UsageNode::Kind::word) fail(nodes_[i].begin, "only words can be repeated");
    }
    return group;
}

/// `key value [key value ...]`: the words before the repeat are its first repetition.
constexpr void Usage::close_repeat(std::uint8_t group, std::array<std::uint8_t, most_nodes>& items,
                                   std::size_t& n) {
    std::size_t words = 0;
    for (std::uint8_t i = nodes_[group].child; i != 0; i = nodes_[i].sibling) ++words;
    if (n - 1 < words) return;
    std::size_t at = n - 1 - words;
    for (std::uint8_t i = nodes_[group].child; i != 0; i = nodes_[i].sibling) {
        const UsageNode& before = nodes_[items[at++]];
        if (before.kind != UsageNode::Kind::word || text(before) != text(nodes_[i])) return;
    }
    nodes_[group].least = 1;
    nodes_[group].begin = nodes_[items[n - 1 - words]].begin;
    nodes_[group].size = static_cast<std::uint16_t>(at_ - nodes_[group].begin);
    n -= words;
    // These words are parts no longer: Call finds a word by its name.
    for (std::size_t i = n - 1; i != n - 1 + words; ++i) nodes_[items[i]].kind = UsageNode::Kind::sequence;
    items[n - 1] = group;
}

}  // namespace resp

#include <libresp/service/detail/usage_size.hpp>
