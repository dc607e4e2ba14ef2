// The positions of keys follow from the usage line; after optional words, from the match.
#include "key_positions.hpp"

#include "match.hpp"

namespace resp::detail {

namespace {

/// Adds the keys among the words of a repeat, of which `after` words follow.
void add_repeat(const Usage& usage, std::uint8_t repeat, int position, int after, KeyRange& keys) {
    int words = 0;
    int key = -1;
    for (std::uint8_t i = usage[repeat].child; i != 0; i = usage[i].sibling, ++words) {
        if (key < 0 && Usage::is_key(usage.text(usage[i]))) key = words;
    }
    if (key < 0) return;
    const bool continues = keys.first != 0 && words == 1 && keys.last == position - 1;
    if (keys.first != 0 && !continues) {
        keys.movable = true;
        return;
    }
    if (keys.first == 0) keys.first = position + key;
    keys.last = -1 - after;
    keys.step = words;
}

}  // namespace

bool has_key(const Usage& usage) noexcept {
    for (std::size_t i = 1; i != usage.size(); ++i) {
        if (usage[i].kind == UsageNode::Kind::word && Usage::is_key(usage.text(usage[i]))) return true;
    }
    return false;
}

KeyRange key_range_of(const Usage& usage) noexcept {
    KeyRange keys;
    int position = static_cast<int>(usage.first_word());
    std::uint8_t i = usage.first();
    for (; i != 0 && usage[i].kind <= UsageNode::Kind::keyword; i = usage[i].sibling, ++position) {
        if (!Usage::is_key(usage.text(usage[i])) || usage[i].kind == UsageNode::Kind::keyword) continue;
        if (keys.first == 0) keys.first = position;
        keys.step = keys.last == 0 ? 1 : position - keys.last;
        keys.last = position;
    }
    if (i != 0 && usage[i].kind == UsageNode::Kind::repeat) {
        int after = 0;
        std::uint8_t next = usage[i].sibling;
        for (; next != 0 && usage[next].kind <= UsageNode::Kind::keyword; next = usage[next].sibling) ++after;
        if (next == 0) {
            add_repeat(usage, i, position, after, keys);
        } else {
            keys.movable = has_key(usage) && keys.first == 0;
        }
    } else if (keys.first == 0) {
        keys.movable = has_key(usage);
    }
    return keys;
}

void add_matched_keys(const Usage& usage, const Words& words, const WordPlaces& places,
                      std::vector<std::string_view>& keys) {
    for (std::size_t i = 1; i != usage.size(); ++i) {
        const bool is_key = usage[i].kind == UsageNode::Kind::word && Usage::is_key(usage.text(usage[i]));
        if (!is_key || places.at[i] == 0) continue;
        const std::uint8_t repeat = repeat_of(usage, static_cast<std::uint8_t>(i));
        const std::size_t times = repeat == 0 ? 1 : places.at[repeat];
        const std::size_t step = repeat == 0 ? 1 : words_of(usage, repeat);
        for (std::size_t n = 0; n != times; ++n) keys.push_back(words[places.at[i] + n * step]);
    }
}

}  // namespace resp::detail
