// Whether the parameters of a function fit a usage line.
#pragma once

#include <libresp/service/detail/parameter.hpp>

namespace resp::detail {

/// The kind of parameter that a top-level part of a usage line binds to. `other`: it binds to none.
constexpr ParameterKind kind_of(const Usage& usage, const UsageNode& node) noexcept {
    if (node.kind == UsageNode::Kind::word) return ParameterKind::word;
    if (node.kind == UsageNode::Kind::repeat) return ParameterKind::words;
    if (node.kind == UsageNode::Kind::optional) {
        const UsageNode& alternative = usage[node.child];
        const UsageNode& part = usage[alternative.child];
        const bool is_single = alternative.sibling == 0 && part.sibling == 0;
        if (is_single && part.kind == UsageNode::Kind::word) return ParameterKind::optional_word;
        if (is_single && part.kind == UsageNode::Kind::repeat) return ParameterKind::words;
    }
    return ParameterKind::other;
}

/// Always throws. GCC wants a way without it, and the mistake as a literal: then its message shows the mistake.
constexpr void does_not_fit(const Usage& usage, std::size_t position, const char* mistake) {
    if (mistake != nullptr) throw UsageError{usage.line(), position, mistake};
}

/// Whether a parameter of this kind can bind to a part of the line that wants one of the kind `wanted`.
constexpr void check_kind(const Usage& usage, const UsageNode& node, ParameterKind wanted,
                          ParameterKind kind) {
    if (kind == ParameterKind::stream) {
        if (wanted != ParameterKind::word || node.sibling != 0 || !usage.is_simple())
            does_not_fit(usage, node.begin,
                         "only the last word of a line without options can be a resp::ValueStream");
    } else if (kind != wanted) {
        if (wanted == ParameterKind::word) {
            does_not_fit(usage, node.begin, "the parameter for this word must be a text or a number");
        } else if (wanted == ParameterKind::optional_word) {
            does_not_fit(usage, node.begin, "the parameter for this word must be a std::optional");
        } else {
            does_not_fit(usage, node.begin, "the parameter for these words must be resp::Words");
        }
    }
}

constexpr void check_parameters(const Usage& usage, const ParameterKind* kinds, std::size_t size) {
    bool takes_call = false;
    std::size_t words = 0;
    for (std::size_t i = 0; i != size; ++i) {
        takes_call = takes_call || kinds[i] == ParameterKind::call;
        words += is_word(kinds[i]) ? 1 : 0;
    }
    std::size_t i = 0;
    const auto skip_others = [&] {
        while (i != size && !is_word(kinds[i])) ++i;
    };
    skip_others();
    std::size_t bound = 0;
    for (std::uint8_t at = usage.first(); at != 0; at = usage[at].sibling) {
        const UsageNode& node = usage[at];
        const ParameterKind kind = kind_of(usage, node);
        if (kind == ParameterKind::other) {
            if (!takes_call)
                does_not_fit(usage, node.begin, "only a function that takes a resp::Call& sees this part");
            continue;
        }
        if (++bound > most_bound)
            does_not_fit(usage, node.begin, "the line has more than 16 words that bind to parameters");
        if (words == 0 && takes_call) continue;
        if (i == size) does_not_fit(usage, node.begin, "the function has no parameter for this word");
        check_kind(usage, node, kind, kinds[i]);
        ++i;
        skip_others();
    }
    if (i != size)
        does_not_fit(usage, usage.line().size(), "the function has more parameters than the line has words");
}

}  // namespace resp::detail
