// Converts views to trees, and describes how two outcomes differ.
#include "outcome.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "check.hpp"
#include "support/describe.hpp"

namespace fuzz {

using resp::View;

std::uint64_t bits_of(double value) noexcept {
    return std::bit_cast<std::uint64_t>(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value);
}

std::string shortest(double value) {
    if (std::isnan(value)) return "nan";
    char room[32];
    return {room, std::to_chars(room, room + sizeof room, value).ptr};
}

// ---- views to trees

namespace {

/// The bytes of a frame and their offset in the stream.
struct Place {
    std::string_view wire;
    std::uint64_t offset;
};

Tree full(View view, const Place& place);

/// A value without the attributes before it.
Tree bare(View view, const Place& place) {
    Tree tree;
    tree.type = view.type();
    tree.is_inline = view.is_inline();
    tree.text = view.text();
    tree.format = view.format();
    tree.integer = view.integer();
    tree.number = bits_of(view.as_double());
    check(view.boolean() == (tree.integer != 0), "boolean() is whether integer() is not 0");
    check(view.is_null() == resp::is_null(tree.type), "is_null() matches the type");
    check(view.is_aggregate() == resp::is_aggregate(tree.type), "is_aggregate() matches the type");
    check(view.empty() == (view.size() == 0), "empty() matches size()");
    tree.values.reserve(view.size());
    for (const View value : view) tree.values.push_back(full(value, place));
    check(tree.values.size() == view.size(), "iteration visits size() values");
    return tree;
}

/// Sets the position of a value's bytes. A word of an inline command has no position.
void set_place(Tree& tree, View view, const Place& place) {
    const std::string_view wire = view.wire();
    if (tree.is_inline && tree.type != resp::Type::array) {
        check(wire == tree.text, "the wire form of a word is its text");
        return;
    }
    const auto begin = static_cast<std::size_t>(wire.data() - place.wire.data());
    check(begin <= place.wire.size() && wire.size() <= place.wire.size() - begin, "wire() is in the frame");
    tree.begin = place.offset + begin;
    tree.end = tree.begin + wire.size();
}

Tree full(View view, const Place& place) {
    Tree tree = bare(view, place);
    set_place(tree, view, place);
    for (std::optional<View> it = view.attribute(); it; it = it->attribute()) {
        check(it->type() == resp::Type::attribute, "attribute() is an attribute");
        tree.attributes.push_back(bare(*it, place));
        set_place(tree.attributes.back(), *it, place);
    }
    std::reverse(tree.attributes.begin(), tree.attributes.end());
    return tree;
}

}  // namespace

Tree tree_of(View view, std::string_view wire, std::uint64_t offset) { return full(view, {wire, offset}); }

Tree tree_of(View view) {
    Tree tree = full(view, {view.wire(), 0});
    forget_places(tree);
    return tree;
}

void forget_places(Tree& tree) noexcept {
    change_all(tree, [](Tree& each) { each.begin = each.end = 0; });
}

Outcome decode(const Input& input, const Delivery& delivery) {
    Outcome outcome;
    resp::Decoder decoder{input.limits, input.reads};
    deliver(decoder, input.wire, delivery, [&] {
        const std::optional<View> view = decoder.next();
        if (!view) return false;
        const std::string_view wire = view->wire();
        const std::uint64_t begin = decoder.offset() - wire.size();
        check(begin >= outcome.taken, "frames follow one another");
        check(input.wire.substr(begin, wire.size()) == wire, "wire() is the bytes that were sent");
        outcome.frames.push_back(tree_of(*view, wire, begin));
        outcome.taken = decoder.offset();
        return true;
    });
    check(!decoder.next(), "next() returns nothing after the end");
    outcome.taken = decoder.offset();
    outcome.error = decoder.error();
    outcome.incomplete = !outcome.error && decoder.pending() != 0;
    check(outcome.taken + decoder.pending() == input.wire.size(), "offset() and pending() are all bytes");
    return outcome;
}

// ---- differences

namespace {

std::string shown(const std::optional<resp::DecodeError>& error) {
    if (!error) return "none";
    return std::string{support::name_of(error->code)} + " at " + std::to_string(error->offset) + " (byte " +
           std::to_string(static_cast<unsigned char>(error->byte)) + ")";
}

std::string shown(const Tree& tree) {
    std::string out{resp::name(tree.type)};
    if (tree.is_inline) out += " inline";
    out += " '" + tree.text + "' '" + tree.format + "' " + std::to_string(tree.integer) + ' ' +
           std::to_string(std::bit_cast<double>(tree.number)) + " [" + std::to_string(tree.begin) + ", " +
           std::to_string(tree.end) + ")";
    for (const Tree& attribute : tree.attributes) out += " | " + shown(attribute);
    if (tree.values.empty()) return out;
    out += " {";
    for (const Tree& value : tree.values) out += ' ' + shown(value) + ';';
    return out + '}';
}

std::string shown(const Outcome& outcome) {
    return std::to_string(outcome.frames.size()) + " frames, error " + shown(outcome.error) + ", taken " +
           std::to_string(outcome.taken) + (outcome.incomplete ? ", incomplete" : ", complete");
}

}  // namespace

void check_same(const Outcome& wanted, const Outcome& got) {
    if (wanted == got) return;
    std::string text = "wanted " + shown(wanted) + "; got " + shown(got);
    const auto [x, y] =
        std::mismatch(wanted.frames.begin(), wanted.frames.end(), got.frames.begin(), got.frames.end());
    if (x != wanted.frames.end()) text += "\n  wanted: " + shown(*x);
    if (y != got.frames.end()) text += "\n  got:    " + shown(*y);
    fail(text);
}

}  // namespace fuzz
