// Invariant: for any bytes from a hostile server, a client that reads replies uses memory in proportion to
// the received bytes. Every accessor returns, and every text shown to people is printable ASCII.
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

// An index entry has 16 bytes, the shortest value 3. The blocks for the index and for the bytes grow by
// doubling, and while they grow, the old and the new block both exist.
constexpr std::size_t base = 64 * 1024;
constexpr std::size_t decoding = 24;
constexpr std::size_t copying = 16;

void check_memory(const fuzz::Input& input) {
    fuzz::Allocated allocated;
    resp::Decoder decoder{input.limits};
    fuzz::deliver(decoder, input.wire, input.delivery, [&] {
        const bool taken = decoder.next().has_value();
        check(decoder.memory() <= base + decoding * input.wire.size(), "memory() is in proportion");
        check(allocated.most() <= base + decoding * input.wire.size(),
              "the allocated memory is in proportion");
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
    check(second == third, "assigned copies are equal");
    check(allocated.most() <= base + 4 * copying * size, "several copies are in proportion");
}

/// find() returns the value after the first key with this text.
void check_find(View view) {
    if (!has_pairs(view.type())) {
        check(!view.find("key"), "only maps and attributes have keys");
        return;
    }
    std::map<std::string_view, const char*> values;  // the text of a key, and where its value begins
    for (View::iterator it = view.begin(); it != view.end(); ++it) {
        const View key = *it++;
        if (!key.is_aggregate() && !key.is_null()) values.try_emplace(key.text(), (*it).wire().data());
    }
    check(view.find("key").has_value() == values.contains("key"), "find() finds exactly the keys that exist");
    for (const auto& [text, begin] : values) {
        const std::optional<View> found = view.find(text);
        check(found && found->wire().data() == begin,
              "find() returns the value of the first key with this text");
    }
}

void check_positions(View view) {
    constexpr std::size_t most = 16;  // each position may take one step for each value before it
    View::iterator it = view.begin();
    for (std::size_t i = 0; i != view.size(); ++i, ++it) {
        if (i >= most && i + most < view.size()) continue;
        const View value = view[i];
        check(value.type() == (*it).type() && value.wire().data() == (*it).wire().data(),
              "[i] is the value at position i");
        check(value.attribute().has_value() == (*it).attribute().has_value(),
              "[i] has the attribute of its value");
    }
}

/// Calls every accessor of a value and of the values in it.
void touch(View view) {
    check(
        view.is_error() == (view.type() == resp::Type::simple_error || view.type() == resp::Type::bulk_error),
        "is_error() matches the type");
    check(view.is_aggregate() || view.size() == 0, "a scalar has no values");
    check(view.type() == resp::Type::verbatim_string ? view.format().size() == 3 : view.format().empty(),
          "a format has three bytes");
    check(!view.is_inline(), "a reply is not inline");
    check(resp::name(view.type()) != "no type", "a type has a name");
    (void)view.as_double();
    (void)view.boolean();
    check_find(view);
    check_positions(view);
    const resp::Command command{view};
    check(command[command.size()].empty(), "the word after the last one is empty");
    check(command.is(command.name()), "a command is() its name");
    (void)command.integer(0);
    for (std::optional<View> it = view.attribute(); it; it = it->attribute()) {
        check_find(*it);
        const resp::Value copy{*it};
        check(copy.view().type() == resp::Type::map, "the copy of an attribute is a map");
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
