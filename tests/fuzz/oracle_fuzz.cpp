// Invariant: the decoder and parse() return what the reference parser returns: equal values, or the same
// error at the same offset. Every error has a text.
#include <libresp/codec/value.hpp>

#include "check.hpp"
#include "outcome.hpp"
#include "printable.hpp"
#include "reference.hpp"

namespace {

using fuzz::check;
using resp::Errc;

/// parse() takes exactly one value.
void check_parse(const fuzz::Input& input, const fuzz::Outcome& wanted) {
    const resp::Parsed parsed = resp::parse(input.wire, input.limits, input.reads);
    if (wanted.frames.empty()) {
        const resp::DecodeError incomplete{Errc::incomplete, input.wire.size(), 0};
        check(!parsed && parsed.error() == wanted.error.value_or(incomplete),
              "parse() reports the same error");
        return;
    }
    const std::uint64_t end = wanted.frames.front().end;
    if (end != input.wire.size()) {
        const resp::DecodeError trailing{Errc::trailing_data, end, input.wire[end]};
        check(!parsed && parsed.error() == trailing, "parse() reports the first extra byte");
        return;
    }
    check(bool{parsed}, "parse() returns the value");
    fuzz::Tree tree = wanted.frames.front();
    fuzz::forget_places(tree);
    check(fuzz::tree_of(*parsed) == tree, "parse() returns the same value");
}

void check_texts(const resp::DecodeError& error) {
    const std::error_code code = error.code;
    check(!error.message().empty() && !code.message().empty(), "an error has a text");
    fuzz::check_printable(error.message());
    fuzz::check_printable(code.message());
    const bool over = code == std::errc::message_size;
    check(over == resp::is_limit(error.code), "an exceeded limit equals std::errc::message_size");
    check(over != (code == std::errc::protocol_error), "any other error equals std::errc::protocol_error");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fuzz::Input input{data, size};
    const fuzz::Outcome wanted = fuzz::reference(input.wire, input.reads, input.limits);
    fuzz::check_same(wanted, fuzz::decode(input, input.delivery));
    check_parse(input, wanted);
    if (wanted.error) check_texts(*wanted.error);
    return 0;
}
