// The result of decoding a wire, in a form that == compares: trees, an error, and the rest.
#pragma once

#include <libresp/codec/decoder.hpp>
#include <libresp/codec/view.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "input.hpp"

namespace fuzz {

/// A value with the results of all accessors of its view. Recursive: values are at most 1,024 levels deep.
struct Tree {
    resp::Type type{};
    bool is_inline = false;
    std::string text{};
    std::string format{};
    std::int64_t integer = 0;
    std::uint64_t number = 0;  // the bits of as_double(); one pattern for every NaN
    std::uint64_t begin = 0;   // of wire() in the stream, with attributes; 0 for a word of an inline command
    std::uint64_t end = 0;
    std::vector<Tree> attributes{};  // of the value, in the order of the wire
    std::vector<Tree> values{};

    friend bool operator==(const Tree&, const Tree&) = default;
};

/// Calls change() for a value, its attributes and all values in it.
template <class Change>
void change_all(Tree& tree, Change change) {
    change(tree);
    for (Tree& attribute : tree.attributes) change_all(attribute, change);
    for (Tree& value : tree.values) change_all(value, change);
}

[[nodiscard]] std::uint64_t bits_of(double value) noexcept;
/// The shortest decimal that reads back as this double; inf, -inf or nan.
[[nodiscard]] std::string shortest(double value);

struct Outcome {
    std::vector<Tree> frames;
    std::optional<resp::DecodeError> error;
    std::uint64_t taken = 0;  // bytes up to the end of the last frame, or of the skipped requests
    bool incomplete = false;  // bytes of an unfinished frame are left

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// The tree of a view. `wire` is the bytes of its frame, and `offset` is where the frame begins in the
/// stream. Checks that the accessors agree.
[[nodiscard]] Tree tree_of(resp::View view, std::string_view wire, std::uint64_t offset);
/// The tree of a view without positions: every begin and end is 0.
[[nodiscard]] Tree tree_of(resp::View view);
void forget_places(Tree& tree) noexcept;

/// The result of a decoder for an input that is fed in this way.
[[nodiscard]] Outcome decode(const Input& input, const Delivery& delivery);

/// Fails and shows the difference if the two outcomes are not equal.
void check_same(const Outcome& wanted, const Outcome& got);

}  // namespace fuzz
