// Whatever a hostile server sends, a client that reads replies holds memory in proportion to the bytes that
// came, and every accessor answers; what is shown to people is printable ASCII.
#include <libresp/codec/command.hpp>
#include <libresp/codec/format.hpp>
#include <libresp/codec/value.hpp>

#include <map>
#include <string>

#include "allocated.hpp"
#include "check.hpp"
#include "input.hpp"
#include "printable.hpp"

namespace {

using fuzz::check;
using resp::View;

// An index entry has 16 bytes, the shortest value 3; both the index and the bytes are held in blocks that
// double, and for a moment the old block beside the new one.
constexpr std::size_t base = 64 * 1024;
constexpr std::size_t decoding = 24;
constexpr std::size_t copying = 16;

void check_memory(const fuzz::Input& input) {
    fuzz::Allocated allocated;
    resp::Decoder decoder{input.limits};
    fuzz::deliver(decoder, input.wire, input.delivery, [&] {
        const bool taken = decoder.next().has_value();
        check(decoder.memory() <= base + decoding * input.wire.size(), "memory() is in proportion");
        check(allocated.most() <= base + decoding * input.wire.size(), "so is what is allocated");
        return taken;
    });
}

void check_copies(View view) {
    const std::size_t size = view.wire().size();
    fuzz::Allocated allocated;
    const resp::Value first{view};
    check(allocated.most() <= base + copying * size, "a copy is in proportion to the frame");
    resp::Value second{first};
    check(second == first && first == view, "copies are equal");
    const resp::Value third{std::move(second)};
    second = third;
    second = resp::Value{second};
    check(second == third, "assigned ones, too");
    check(allocated.most() <= base + 4 * copying * size, "so are several");
}

/// find() gives what stands behind the first key with this text.
void check_find(View view) {
    if (!has_pairs(view.type())) {
        check(!view.find("key"), "only maps and attributes have keys");
        return;
    }
    std::map<std::string_view, const char*> behind;  // a key's text, and where what stands behind it begins
    for (View::iterator it = view.begin(); it != view.end(); ++it) {
        const View key = *it++;
        if (!key.is_aggregate() && !key.is_null()) behind.try_emplace(key.text(), (*it).wire().data());
    }
    check(view.find("key").has_value() == behind.contains("key"), "what is not there is not found");
    for (const auto& [text, begin] : behind) {
        const std::optional<View> found = view.find(text);
        check(found && found->wire().data() == begin, "a key that is there is found, the first of its text");
    }
}

void check_positions(View view) {
    constexpr std::size_t most = 16;  // each may take a step for each value before it
    View::iterator it = view.begin();
    for (std::size_t i = 0; i != view.size(); ++i, ++it) {
        if (i >= most && i + most < view.size()) continue;
        const View value = view[i];
        check(value.type() == (*it).type() && value.wire().data() == (*it).wire().data(), "[i] is the i-th");
        check(value.attribute().has_value() == (*it).attribute().has_value(), "with its attribute");
    }
}

/// Every accessor of a value and of those in it.
void touch(View view) {
    check(
        view.is_error() == (view.type() == resp::Type::simple_error || view.type() == resp::Type::bulk_error),
        "is_error() tells of the type");
    check(view.is_aggregate() || view.size() == 0, "a scalar holds nothing");
    check(view.type() == resp::Type::verbatim_string ? view.format().size() == 3 : view.format().empty(),
          "a format has three bytes");
    check(!view.is_inline(), "a reply is not inline");
    check(resp::name(view.type()) != "no type", "a type has a name");
    (void)view.as_double();
    (void)view.boolean();
    check_find(view);
    check_positions(view);
    const resp::Command command{view};
    check(command[command.size()].empty(), "behind the last word is nothing");
    check(command.is(command.name()), "a command has its own name");
    (void)command.integer(0);
    for (std::optional<View> it = view.attribute(); it; it = it->attribute()) {
        check_find(*it);
        check(resp::Value{*it}.view().type() == resp::Type::map, "an attribute by itself is copied as a map");
        for (const View value : *it) touch(value);
    }
    for (const View value : view) touch(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input{data, size};
    input.reads = resp::Reads::replies;
    check_memory(input);
    resp::Decoder decoder{input.limits};
    fuzz::deliver(decoder, input.wire, input.delivery, [&] {
        const std::optional<View> view = decoder.next();
        if (!view) return false;
        check_copies(*view);
        touch(*view);
        fuzz::check_printable(*view);
        return true;
    });
    return 0;
}
