// Invariant: a wire gives the same frames, or the same error at the same offset, in any pieces, lent or
// copied; also from a decoder that gives its memory back, in the second stream of a decoder, and if next()
// stops while it skips.
#include "check.hpp"
#include "outcome.hpp"

namespace {

/// Byte by byte, so that the decoder cannot use its fast path. Slow, so only for short wires.
constexpr fuzz::Delivery bytewise{.own = 0xFF, .lengths = {1, 1, 1}};
constexpr std::size_t shortish = 256;

/// After reset() a decoder gives the same result as a new one, with offsets from the given start.
void check_second_stream(const fuzz::Input& input, const fuzz::Outcome& whole) {
    constexpr std::uint64_t begin = 7'000'000'000;
    resp::Decoder decoder{input.limits, input.reads};
    std::size_t frames = 0;
    const auto count = [&] {
        if (!decoder.next()) return false;
        ++frames;
        return true;
    };
    fuzz::deliver(decoder, input.wire, input.delivery, count);
    decoder.reset(begin, input.delivery.keep);  // with or without giving memory back
    frames = 0;
    fuzz::deliver(decoder, input.wire, {}, count);
    fuzz::check(frames == whole.frames.size(), "a second stream has the same frames");
    fuzz::check(decoder.offset() == begin + whole.taken, "offsets count from where the stream began");
    fuzz::check(decoder.error().has_value() == whole.error.has_value(), "a second stream ends the same way");
    if (!whole.error) return;
    fuzz::check(decoder.error()->code == whole.error->code, "a second stream has the same error");
    fuzz::check(decoder.error()->offset == begin + whole.error->offset, "at the same offset");
}

/// next() may stop after any number of skipped bytes: the frames stay the same, and skipped() is what lies
/// between them.
void check_stops(const fuzz::Input& input, const fuzz::Outcome& whole) {
    resp::Decoder decoder{input.limits, input.reads};
    decoder.feed(input.wire);
    std::size_t frames = 0;
    std::uint64_t bytes = 0;
    for (std::uint64_t before = UINT64_MAX; before != decoder.offset();) {
        before = decoder.offset();
        while (const auto frame = decoder.next(before + input.delivery.keep % 8 + 1)) {
            ++frames;
            bytes += frame->wire().size();
        }
    }
    fuzz::check(frames == whole.frames.size(), "next() that stops returns the same frames");
    fuzz::check(decoder.offset() == whole.taken, "next() that stops takes the same bytes");
    fuzz::check(decoder.error() == whole.error, "next() that stops finds the same error");
    fuzz::check(decoder.skipped() == whole.taken - bytes, "skipped() counts the bytes of no frame");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fuzz::Input input{data, size};
    const fuzz::Outcome whole = fuzz::decode(input, {});
    fuzz::check_same(whole, fuzz::decode(input, input.delivery));
    if (input.wire.size() <= shortish) fuzz::check_same(whole, fuzz::decode(input, bytewise));
    fuzz::Delivery shrinking = input.delivery;
    shrinking.shrinks = true;
    fuzz::check_same(whole, fuzz::decode(input, shrinking));
    check_second_stream(input, whole);
    check_stops(input, whole);
    return 0;
}
