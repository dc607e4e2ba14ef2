// Invariant: a decoded value survives the encoder: equal in RESP3, in RESP2 as the encoder's table says. The
// wire form of every value decodes to that value. == gives the same answer as comparing trees.
#include <libresp/codec/value.hpp>

#include <bit>
#include <string>

#include "check.hpp"
#include "outcome.hpp"
#include "support/describe.hpp"

namespace {

using fuzz::check;
using fuzz::Tree;
using resp::Type;
using resp::View;

// Large enough for every encoded value: encoding can make a line longer, but never deeper.
constexpr resp::Limits generous{
    .max_line = 1 << 24, .max_elements = SIZE_MAX, .max_depth = SIZE_MAX, .max_frame = SIZE_MAX};

std::string encoded(View view, resp::Version version = resp::Version::resp3) {
    std::string text;
    resp::Encoder out{text, version};
    encode(out, view);
    resp::Buffer buffer;
    resp::Encoder to_buffer{buffer, version};
    encode(to_buffer, view);
    check(buffer.view() == text, "a Buffer gets the bytes that a string gets");
    return text;
}

/// Without the texts that have several spellings. The encoder writes only one of them.
Tree without_spelling(Tree tree) {
    fuzz::change_all(tree, [](Tree& each) {
        if (each.type == Type::integer || each.type == Type::double_) each.text.clear();
        each.is_inline = false;
    });
    return tree;
}

/// As == compares doubles.
Tree without_zero_signs(Tree tree) {
    fuzz::change_all(tree, [](Tree& each) {
        if (each.type == Type::double_ && each.number == fuzz::bits_of(-0.0))
            each.number = fuzz::bits_of(0.0);
    });
    return tree;
}

void check_resp3(View view, const Tree& tree) {
    const std::string text = encoded(view);
    const resp::Parsed parsed = resp::parse(text, generous);
    check(bool{parsed}, "what the encoder writes decodes");
    check(*parsed == view, "a value is equal to what it was encoded from");
    check(without_spelling(fuzz::tree_of((*parsed).view())) == tree, "its tree is, too");
    check(encoded(*parsed) == text, "encoding it again writes the same bytes");
}

// ---- RESP2

/// What a value is in RESP2: the table in encoder.hpp.
Tree downgraded(const Tree& tree) {
    Tree low{.type = tree.type, .text = tree.text};
    for (const Tree& value : tree.values) low.values.push_back(downgraded(value));
    switch (tree.type) {
        case Type::null: low.type = Type::null_bulk_string; break;
        case Type::map:
        case Type::set:
        case Type::push: low.type = Type::array; break;
        case Type::big_number:
        case Type::verbatim_string: low.type = Type::bulk_string; break;
        case Type::double_:
            low.type = Type::bulk_string;
            low.text = fuzz::shortest(std::bit_cast<double>(tree.number));
            break;
        case Type::boolean:
        case Type::integer:
            low.type = Type::integer;
            low.text.clear();
            low.integer = tree.integer;
            low.number = fuzz::bits_of(static_cast<double>(tree.integer));
            break;
        case Type::bulk_error:
            low.type = Type::simple_error;
            for (char& c : low.text) c = c == '\r' || c == '\n' ? ' ' : c;
            break;
        default: break;
    }
    return low;
}

void check_resp2(View view, const Tree& tree) {
    const resp::Value value{view};
    const std::string why = support::unlike_resp2(value, generous);
    check(why.empty(), why);
    const resp::Parsed parsed = resp::parse(encoded(view, resp::Version::resp2), generous);
    check(without_spelling(fuzz::tree_of((*parsed).view())) == downgraded(tree),
          "RESP2 has the value as its table says");
}

// ---- the parts

void check_part(View view) {
    if (view.is_inline() && view.type() != Type::array) {
        check(resp::Value{view} == view, "a copy of a word is equal");
        return;
    }
    const resp::Reads reads = view.is_inline() ? resp::Reads::commands : resp::Reads::replies;
    const resp::Parsed parsed = resp::parse(view.wire(), generous, reads);
    check(bool{parsed}, "wire() is a frame");
    check(*parsed == view && (*parsed).view().wire() == view.wire(), "and it is this value");
    check(fuzz::tree_of(*parsed) == fuzz::tree_of(view), "by every accessor");
    const resp::Value copy{view};
    check(copy == view && fuzz::tree_of(copy) == fuzz::tree_of(view), "so is a copy");
    for (const View value : view) check_part(value);
}

void check_whole(View view, const Tree& tree) {
    check_resp3(view, tree);
    check_resp2(view, tree);
    const resp::Value first{view};
    resp::Value second{first};
    check(second.view().wire() == view.wire(), "a copy has the same wire form");
    resp::Value third{std::move(second)};
    second = third;
    third = std::move(second);
    check(fuzz::tree_of(third) == fuzz::tree_of(view), "a copy of a copy, moved, is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t small = 512;  // bytes of a frame of which every part is looked at
    const fuzz::Input input{data, size};
    resp::Decoder decoder{input.limits, input.reads};
    std::optional<resp::Value> before;
    Tree tree_before;  // without the signs of zeros
    fuzz::deliver(decoder, input.wire, input.delivery, [&] {
        const std::optional<View> view = decoder.next();
        if (!view) return false;
        Tree tree = without_spelling(fuzz::tree_of(*view));
        check_whole(*view, tree);
        if (view->wire().size() <= small) check_part(*view);
        tree = without_zero_signs(std::move(tree));
        if (before) check((*before == *view) == (tree_before == tree), "== compares trees");
        before.emplace(*view);
        tree_before = std::move(tree);
        return true;
    });
    return 0;
}
