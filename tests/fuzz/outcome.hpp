// What decoding a wire told, in a form that is compared with ==: whole trees, an error, and what is left.
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

/// A value with all that the accessors of a view tell about it. Recursive: values are at most 128 deep.
struct Tree {
    resp::Type type{};
    bool is_inline = false;
    std::string text{};
    std::string format{};
    std::int64_t integer = 0;
    std::uint64_t number = 0;  // the bits of as_double(), one pattern for every nan
    std::uint64_t begin = 0;   // of wire() in the stream, attributes included; 0 for a word of an inline line
    std::uint64_t end = 0;
    std::vector<Tree> attributes{};  // before the value, in the order of the wire
    std::vector<Tree> values{};

    friend bool operator==(const Tree&, const Tree&) = default;
};

/// Makes a change to a value, its attributes and all that it holds.
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
    std::uint64_t taken = 0;  // bytes to the end of the last frame, or of the requests that are skipped
    bool incomplete = false;  // bytes of a frame that is not whole are left

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// The tree of a view whose frame, of which `wire` are the bytes, begins at `offset` in the stream. Checks
/// that the accessors agree with each other.
[[nodiscard]] Tree tree_of(resp::View view, std::string_view wire, std::uint64_t offset);
/// The same where only the value matters, not its place: begin and end of all are 0.
[[nodiscard]] Tree tree_of(resp::View view);
void forget_places(Tree& tree) noexcept;

/// What a decoder tells of an input that is brought to it in this way.
[[nodiscard]] Outcome decode(const Input& input, const Delivery& delivery);

/// Fails, and shows what is different, unless both are the same.
void check_same(const Outcome& wanted, const Outcome& got);

}  // namespace fuzz
