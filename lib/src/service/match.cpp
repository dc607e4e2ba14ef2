// The matcher. It takes words from left to right. An optional part is taken if the next word is its keyword; without
// a keyword, if enough words are left for what must follow. A repeat takes all words that nothing after it needs, up to
// the keyword of an option that may follow.
//
//     ZADD key [NX | XX] [CH] score member [score member ...]
//     zadd k   nx             1     a       2     b
#include "match.hpp"

#include <algorithm>
#include <cassert>

namespace resp::detail {

namespace {

using Kind = UsageNode::Kind;

class Matcher {
public:
    Matcher(const Usage& usage, const Words& words, WordPlaces& places) noexcept
        : usage_(usage), words_(words), places_(places), at_(usage.first_word()) {}

    bool run() noexcept { return sequence(usage_.first(), {}) && at_ == words_.size(); }

private:
    /// What follows the parts that are being matched.
    struct Follow {
        std::size_t words = 0;          // that must be left for it
        std::uint8_t first = 0;         // its first part
        const Follow* outer = nullptr;  // what follows the group that these parts are in
    };

    /// How many words the part needs.
    std::size_t least(std::uint8_t node) const noexcept;
    std::size_t least_of_all(std::uint8_t first) const noexcept {
        std::size_t words = 0;
        for (std::uint8_t i = first; i != 0; i = usage_[i].sibling) words += least(i);
        return words;
    }
    std::size_t left() const noexcept { return words_.size() - at_; }
    bool next_is(std::uint8_t keyword) const noexcept {
        return at_ < words_.size() && equals_ignoring_case(words_[at_], usage_.text(usage_[keyword]));
    }
    bool begins_with_keyword(std::uint8_t alternative) const noexcept;
    bool next_begins(std::uint8_t alternative) const noexcept;

    /// Matches the part `first` and all its siblings after it.
    bool sequence(std::uint8_t first, const Follow& outer) noexcept;
    bool word(std::uint8_t node) noexcept;
    bool repeat(std::uint8_t node, std::uint8_t before, const Follow& after) noexcept;
    bool choice(std::uint8_t node, const Follow& after) noexcept;
    bool options(std::uint8_t first, std::uint8_t end, const Follow& after) noexcept;
    enum class Taken : unsigned char { yes, no, wrong };
    Taken option(std::uint8_t group, const Follow& after) noexcept;
    Taken positional(std::uint8_t group, const Follow& after) noexcept;
    Taken stops_repeat(std::uint8_t first) const noexcept;
    bool stops_repeat(const Follow& after) const noexcept;

    const Usage& usage_;
    const Words& words_;
    WordPlaces& places_;
    std::size_t at_;
};

std::size_t Matcher::least(std::uint8_t node) const noexcept {
    const UsageNode& part = usage_[node];
    if (part.kind == Kind::word || part.kind == Kind::keyword) return 1;
    if (part.kind == Kind::optional) return 0;
    if (part.kind == Kind::sequence) return least_of_all(part.child);
    if (part.kind == Kind::repeat) return part.least * least_of_all(part.child);
    std::size_t words = SIZE_MAX;
    for (std::uint8_t i = part.child; i != 0; i = usage_[i].sibling) words = std::min(words, least(i));
    return words;
}

/// Whether the first part of an alternative is a keyword, or a choice of keywords as in [<MAXLEN | MINID> threshold].
bool Matcher::begins_with_keyword(std::uint8_t alternative) const noexcept {
    const UsageNode& part = usage_[usage_[alternative].child];
    if (part.kind != Kind::choice) return part.kind == Kind::keyword;
    for (std::uint8_t i = part.child; i != 0; i = usage_[i].sibling) {
        if (!begins_with_keyword(i)) return false;
    }
    return true;
}

/// Whether the next word is the keyword with which an alternative begins.
bool Matcher::next_begins(std::uint8_t alternative) const noexcept {
    const std::uint8_t part = usage_[alternative].child;
    if (usage_[part].kind == Kind::keyword) return next_is(part);
    if (!begins_with_keyword(alternative)) return false;
    for (std::uint8_t i = usage_[part].child; i != 0; i = usage_[i].sibling) {
        if (next_begins(i)) return true;
    }
    return false;
}

bool Matcher::sequence(std::uint8_t first, const Follow& outer) noexcept {
    std::uint8_t before = 0;
    for (std::uint8_t i = first; i != 0; before = i, i = usage_[i].sibling) {
        const Kind kind = usage_[i].kind;
        const std::uint8_t next = usage_[i].sibling;
        Follow after{least_of_all(next) + outer.words, next, &outer};
        if (kind == Kind::optional) {
            std::uint8_t end = next;
            while (end != 0 && usage_[end].kind == Kind::optional) end = usage_[end].sibling;
            after.first = i;  // in any order
            if (!options(i, end, after)) return false;
            while (usage_[i].sibling != end) i = usage_[i].sibling;
        } else if (kind == Kind::repeat) {
            if (!repeat(i, before, after)) return false;
        } else if (kind == Kind::choice) {
            if (!choice(i, after)) return false;
        } else if (!word(i)) {
            return false;
        }
    }
    return true;
}

bool Matcher::word(std::uint8_t node) noexcept {
    if (left() == 0 || (usage_[node].kind == Kind::keyword && !next_is(node))) return false;
    places_.at[node] = static_cast<std::uint32_t>(at_++);
    return true;
}

/// Whether the next word is the keyword of an optional part among `first` and its siblings. `wrong`: it is not, and
/// something that must follow stands before the next optional part.
Matcher::Taken Matcher::stops_repeat(std::uint8_t first) const noexcept {
    for (std::uint8_t i = first; i != 0; i = usage_[i].sibling) {
        if (usage_[i].kind == Kind::keyword) return next_is(i) ? Taken::yes : Taken::wrong;
        if (usage_[i].kind != Kind::optional && usage_[i].kind != Kind::choice) return Taken::wrong;
        for (std::uint8_t a = usage_[i].child; a != 0; a = usage_[a].sibling) {
            if (next_begins(a)) return Taken::yes;
        }
        if (usage_[i].kind == Kind::choice) return Taken::wrong;
    }
    return Taken::no;
}

bool Matcher::stops_repeat(const Follow& after) const noexcept {
    for (const Follow* each = &after; each != nullptr; each = each->outer) {
        const Taken taken = stops_repeat(each->first);
        if (taken != Taken::no) return taken == Taken::yes;
    }
    return false;
}

/// A word `numkeys` before it gives the number of repetitions.
bool Matcher::repeat(std::uint8_t node, std::uint8_t before, const Follow& after) noexcept {
    const UsageNode& part = usage_[node];
    const std::size_t together = words_of(usage_, node);
    std::size_t most = left() < after.words ? 0 : (left() - after.words) / together;
    const bool counted =
        before != 0 && usage_[before].kind == Kind::word && usage_.text(usage_[before]) == "numkeys";
    if (counted) {
        const auto number = words_.integer(at_ - 1);
        if (!number || *number < part.least || static_cast<std::uint64_t>(*number) > most) return false;
        most = static_cast<std::size_t>(*number);
    }
    const std::size_t first = at_;
    std::size_t n = 0;
    while (n != most && (counted || n < part.least || !stops_repeat(after))) {
        at_ += together;
        ++n;
    }
    if (n < part.least) return false;
    places_.at[node] = static_cast<std::uint32_t>(n);
    std::size_t position = first;
    for (std::uint8_t i = part.child; i != 0 && n != 0; i = usage_[i].sibling) {
        places_.at[i] = static_cast<std::uint32_t>(position++);
    }
    return true;
}

/// An alternative whose keyword is the next word goes before one without a keyword: <id | ALL>.
bool Matcher::choice(std::uint8_t node, const Follow& after) noexcept {
    for (std::uint8_t i = usage_[node].child; i != 0; i = usage_[i].sibling) {
        if (next_begins(i)) return sequence(usage_[i].child, after);
    }
    for (std::uint8_t i = usage_[node].child; i != 0; i = usage_[i].sibling) {
        const bool fits = !begins_with_keyword(i) && left() >= least(i) + after.words;
        if (fits) return sequence(usage_[i].child, after);
    }
    return false;
}

/// Optional parts that stand one after another may come in any order.
bool Matcher::options(std::uint8_t first, std::uint8_t end, const Follow& after) noexcept {
    for (;;) {
        Taken taken = Taken::no;
        for (std::uint8_t i = first; i != end && taken == Taken::no; i = usage_[i].sibling) {
            taken = option(i, after);
        }
        for (std::uint8_t i = first; i != end && taken == Taken::no; i = usage_[i].sibling) {
            taken = positional(i, after);
        }
        if (taken != Taken::yes) return taken == Taken::no;
    }
}

/// Takes an alternative whose keyword is the next word. places_.at of a group says which alternative was taken.
Matcher::Taken Matcher::option(std::uint8_t group, const Follow& after) noexcept {
    for (std::uint8_t i = usage_[group].child; i != 0; i = usage_[i].sibling) {
        const std::uint8_t part = usage_[i].child;
        if (!next_begins(i)) continue;
        if (left() <= after.words) return Taken::no;
        // Redis accepts the same keyword twice if no word follows it.
        const bool again =
            places_.at[group] == i && usage_[part].kind == Kind::keyword && usage_[part].sibling == 0;
        if (places_.at[group] != 0 && !again) return Taken::wrong;
        places_.at[group] = i;
        return sequence(part, after) ? Taken::yes : Taken::wrong;
    }
    return Taken::no;
}

Matcher::Taken Matcher::positional(std::uint8_t group, const Follow& after) noexcept {
    if (places_.at[group] != 0) return Taken::no;
    for (std::uint8_t i = usage_[group].child; i != 0; i = usage_[i].sibling) {
        if (begins_with_keyword(i) || left() < least(i) + after.words || left() == after.words) continue;
        places_.at[group] = i;
        return sequence(usage_[i].child, after) ? Taken::yes : Taken::wrong;
    }
    return Taken::no;
}

}  // namespace

bool match(const Usage& usage, const Words& words, WordPlaces& places) noexcept {
    std::fill_n(places.at.begin(), usage.size(), 0);
    return Matcher{usage, words, places}.run();
}

std::uint8_t repeat_of(const Usage& usage, std::uint8_t node) noexcept {
    for (std::size_t i = 1; i != usage.size(); ++i) {
        if (usage[i].kind != Kind::repeat) continue;
        for (std::uint8_t child = usage[i].child; child != 0; child = usage[child].sibling) {
            if (child == node) return static_cast<std::uint8_t>(i);
        }
    }
    return 0;
}

std::size_t words_of(const Usage& usage, std::uint8_t repeat) noexcept {
    std::size_t words = 0;
    for (std::uint8_t i = usage[repeat].child; i != 0; i = usage[i].sibling) ++words;
    return words;
}

}  // namespace resp::detail
