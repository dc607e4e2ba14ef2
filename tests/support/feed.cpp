// Decodes in every way. Collects differences as text and requires once for each input that there are none,
// because an assertion for each of thousands of cuts would take longer than decoding.
#include "feed.hpp"

#include <libresp/codec/encoder.hpp>
#include <libresp/codec/tokenizer.hpp>

#include "catch.hpp"
#include "pieces.hpp"
#include "trace.hpp"

#include <span>

namespace support {

using resp::Errc;
using resp::Reads;

namespace {

// A frame of at most `small` bytes is read through every accessor, if the input has at most `some` bytes.
constexpr std::size_t small = 600;
constexpr std::size_t some = 5'000;

std::string shown(const std::optional<resp::DecodeError>& error) {
    if (!error) return "none";
    return std::string{name_of(error->code)} + " at " + std::to_string(error->offset);
}

/// One input, how it is read, and the result of decoding it whole.
class Case {
public:
    Case(std::string_view bytes, Reads reads, const resp::Limits& limits)
        : bytes_(bytes), reads_(reads), limits_(limits) {}

    Outcome outcome;
    std::string difference;  // the first one found

    void decode_whole();
    void compare_cuts();
    void compare_second_frame();
    void compare_streams();
    void compare_parse();
    void compare_tokenizer(const Cuts& cuts);
    void compare_copies();

private:
    void compare(std::string_view bytes, const Cuts& cuts, Way way, const resp::Value* second = nullptr);
    /// For a large input, only the two main ways.
    std::span<const Way> ways() const {
        return {every_way, bytes_.size() > 200'000 ? 2U : std::size(every_way)};
    }
    void compare_ways(const Cuts& cuts, std::span<const Way> ways);
    std::string unlike(resp::View view, std::size_t index, const resp::Value* second) const;
    void differs(const std::string& what) {
        if (difference.empty()) difference = what;
    }

    std::string_view bytes_;
    Reads reads_;
    resp::Limits limits_;
    std::uint64_t first_ends_ = 0;           // the end of the first frame
    std::vector<std::string> descriptions_;  // of the frames; empty for a large frame
    std::optional<Trace> tokens_;            // of the whole input
};

void Case::decode_whole() {
    resp::Decoder decoder{limits_, reads_};
    const Block block{bytes_};
    decoder.feed(block);
    std::uint64_t skipped = 0;
    while (const std::optional<resp::View> view = decoder.next()) {
        const std::string_view wire = view->wire();
        skipped = decoder.offset() - outcome.taken - wire.size();
        if (skipped != 0 && reads_ == Reads::replies) differs("bytes belong to no frame");
        if (wire != bytes_.substr(outcome.taken + skipped, wire.size()))
            differs("wire() is not the bytes that were fed");
        outcome.taken = decoder.offset();
        if (outcome.frames.empty()) first_ends_ = outcome.taken;
        outcome.wires.emplace_back(wire);
        outcome.frames.emplace_back(*view);
        const bool looked_at = wire.size() <= small && bytes_.size() <= some;
        descriptions_.push_back(looked_at ? describe(*view) : std::string{});
    }
    outcome.taken = decoder.offset();
    outcome.error = decoder.error();
    outcome.incomplete = !outcome.error && decoder.pending() != 0;
    if (decoder.offset() + decoder.pending() != bytes_.size())
        differs("offset() and pending() do not add up");
    if (decoder.next() || decoder.error() != outcome.error)
        differs("next() after the end gives another result");
}

/// How a frame differs from the frame at this index. Empty if it does not.
std::string Case::unlike(resp::View view, std::size_t index, const resp::Value* second) const {
    if (index == outcome.frames.size() && second != nullptr) {
        return view == second->view() ? "" : "the frame after it differs: " + to_string(view, 64);
    }
    if (index >= outcome.frames.size()) return "one frame too many: " + to_string(view, 64);
    if (view.wire() != outcome.wires[index]) return "wire() differs: " + std::string{view.wire()};
    if (!(view == outcome.frames[index].view())) return "the value differs: " + to_string(view, 64);
    const std::string& description = descriptions_[index];
    if (!description.empty() && describe(view) != description)
        return "its accessors return " + describe(view);
    return "";
}

void Case::compare(std::string_view bytes, const Cuts& cuts, Way way, const resp::Value* second) {
    std::string found;
    std::size_t frames = 0;
    resp::Decoder decoder{limits_, reads_};
    feed_pieces(decoder, bytes, cuts, way, [&] {
        while (const std::optional<resp::View> view = decoder.next()) {
            const std::string unlike_that = unlike(*view, frames++, second);
            if (found.empty()) found = unlike_that;
        }
    });
    if (frames != outcome.frames.size() + (second != nullptr ? 1 : 0))
        found += " frames: " + std::to_string(frames);
    if (decoder.error() != outcome.error) found += " error: " + shown(decoder.error());
    if (decoder.offset() != outcome.taken && second == nullptr)
        found += " offset: " + std::to_string(decoder.offset());
    const bool incomplete = !decoder.error() && decoder.pending() != 0;
    if (incomplete != outcome.incomplete) found += incomplete ? " incomplete" : " complete";
    if (found.empty()) return;
    std::string where = "cut at";
    for (std::size_t i = 0; i < cuts.size() && i < 8; ++i) where += ' ' + std::to_string(cuts[i]);
    differs(where + ", " + std::string{way_names[static_cast<std::size_t>(way)]} + ": " + found);
}

void Case::compare_ways(const Cuts& cuts, std::span<const Way> ways) {
    for (const Way way : ways) compare(bytes_, cuts, way);
    compare_tokenizer(cuts);
}

void Case::compare_cuts() {
    const std::span<const Way> ways = this->ways();
    compare_ways({}, ways);
    compare_ways(bytewise(bytes_.size()), ways);
    for (const std::size_t cut : cut_positions(bytes_.size())) compare_ways({cut}, ways);
    if (bytes_.size() > 64) return;
    constexpr Way three[] = {Way::room, Way::lent, Way::mixed};
    for (std::size_t first = 0; first <= bytes_.size(); ++first) {
        for (std::size_t second = first; second <= bytes_.size(); ++second) {
            compare_ways({first, second}, three);
        }
    }
}

/// A second frame after a whole one is decoded too. Bytes after an error change nothing.
void Case::compare_second_frame() {
    if (outcome.incomplete) return;
    const resp::Value ping = *resp::parse("*1\r\n$4\r\nPING\r\n");
    const std::string with{std::string{bytes_} + "*1\r\n$4\r\nPING\r\n"};
    // The limits may be too low for the second frame.
    if (!outcome.error && (limits_.max_frame < 14 || limits_.max_bulk < 4 || limits_.max_depth < 1)) return;
    const resp::Value* const second = outcome.error ? nullptr : &ping;
    for (const Way way : ways()) compare(with, {}, way, second);
    compare(with, {bytes_.size()}, Way::room, second);
    compare(with, {bytes_.size()}, Way::lent, second);
    if (with.size() <= 300) compare(with, bytewise(with.size()), Way::mixed, second);
}

/// The second stream of a decoder gives the same result, with offsets from the given start.
void Case::compare_streams() {
    constexpr std::uint64_t begin = 5'000'000'000;
    resp::Decoder decoder{limits_, reads_};
    const Block block{bytes_};
    for (const std::uint64_t offset : {std::uint64_t{0}, begin}) {
        decoder.reset(offset);
        decoder.feed(block);
        std::size_t frames = 0;
        while (decoder.next()) ++frames;
        if (frames != outcome.frames.size()) differs("after reset() the frames differ");
        std::optional<resp::DecodeError> error = decoder.error();
        if (error) error->offset -= offset;
        if (error != outcome.error || decoder.offset() != offset + outcome.taken)
            differs("after reset() offsets differ");
    }
}

void Case::compare_parse() {
    const Block block{bytes_};
    const std::span<const char> exact = block;
    const resp::Parsed parsed = resp::parse({exact.data(), exact.size()}, limits_, reads_);
    if (outcome.frames.empty()) {
        const Errc code = outcome.error ? outcome.error->code : Errc::incomplete;
        const std::uint64_t offset = outcome.error ? outcome.error->offset : bytes_.size();
        if (parsed || parsed.error().code != code || parsed.error().offset != offset)
            differs("parse() reports another error");
    } else if (first_ends_ == bytes_.size()) {
        if (!parsed || !(*parsed == outcome.frames.front())) differs("parse() returns another value");
    } else if (parsed) {
        differs("parse() takes more than one frame");
    } else if (parsed.error().code != Errc::trailing_data || parsed.error().offset != first_ends_) {
        differs("parse() does not report the extra bytes");
    }
}

/// The tokenizer, fed piece by piece. It neither splits inline lines nor limits frames. For those errors it
/// is compared only with itself.
void Case::compare_tokenizer(const Cuts& cuts) {
    resp::Tokenizer tokenizer{limits_, reads_};
    Trace trace{reads_};
    std::string rest;
    std::size_t longest_rest = 0;
    for_each_piece(bytes_, cuts, [&](std::string_view piece) {
        if (tokenizer.error() && bytes_.size() > stop_above) return;
        rest += piece;
        const Block block{rest};
        tokenizer.feed(block);
        while (const std::optional<resp::Token> token = tokenizer.next()) trace.add(*token);
        const std::span<const char> left = tokenizer.rest();
        rest.assign(left.begin(), left.end());
        if (!tokenizer.error()) longest_rest = std::max(longest_rest, rest.size());
    });
    if (reads_ == Reads::replies && longest_rest > resp::wire::longest_header)
        differs("the tokenizer leaves too many bytes");
    trace.error = tokenizer.error();
    trace.incomplete = !trace.error && (tokenizer.inside_frame() || !rest.empty());
    if (!tokens_) {
        tokens_ = trace;
        const bool blind = outcome.error && (outcome.error->code == Errc::unbalanced_quotes ||
                                             outcome.error->code == Errc::frame_too_long);
        if (blind) return;
        if (trace.frames != outcome.frames.size()) differs("the tokenizer counts other frames");
        if (trace.error != outcome.error) differs("the tokenizer reports error " + shown(trace.error));
        if (trace.incomplete != outcome.incomplete) differs("the tokenizer disagrees about incomplete input");
    } else if (!(trace == *tokens_)) {
        differs("the tokens differ, cut at " + std::to_string(cuts.empty() ? 0 : cuts.front()));
    }
}

/// Copies, and values that went through the encoder, are equal.
void Case::compare_copies() {
    for (std::size_t i = 0; i != outcome.frames.size(); ++i) {
        const resp::Value& value = outcome.frames[i];
        const resp::Value copy{value};
        if (!(copy == value) || copy.view().wire() != outcome.wires[i]) differs("a copy differs");
        if (!descriptions_[i].empty() && describe(copy) != descriptions_[i]) {
            differs("the accessors of a copy return " + describe(copy) + " not " + descriptions_[i]);
        }
        std::string text;
        resp::Encoder to_text{text};
        encode(to_text, value);
        resp::Buffer buffer;
        resp::Encoder to_buffer{buffer};
        encode(to_buffer, value);
        if (buffer.view() != text) differs("a Buffer gets other bytes than a string");
        const resp::Limits generous{.max_line = 1 << 22, .max_depth = resp::limits::depth_ceiling};
        const resp::Parsed again = resp::parse(text, generous);
        if (!again || !(*again == value)) differs("does not survive encode(): " + text.substr(0, 200));
        const std::string why = unlike_resp2(value, generous);
        if (!why.empty()) differs(why);
    }
}

}  // namespace

Outcome decode(std::string_view bytes, Reads reads, const resp::Limits& limits) {
    Case tested{bytes, reads, limits};
    tested.decode_whole();
    tested.compare_cuts();
    tested.compare_second_frame();
    tested.compare_streams();
    tested.compare_parse();
    tested.compare_copies();
    INFO("input: " << bytes.substr(0, 200));
    INFO("decoded whole: " << tested.outcome.frames.size() << " frames, error "
                           << shown(tested.outcome.error));
    REQUIRE(tested.difference == "");
    return std::move(tested.outcome);
}

Decoded decode_one(std::string_view bytes, Reads reads, const resp::Limits& limits) {
    Outcome outcome = decode(bytes, reads, limits);
    INFO("input: " << bytes.substr(0, 200) << "\nerror: " << shown(outcome.error));
    REQUIRE(outcome.frames.size() == 1);
    REQUIRE(outcome.taken == bytes.size());
    return Decoded{std::move(outcome.frames.front())};
}

std::string error_of(std::string_view bytes, Reads reads, const resp::Limits& limits) {
    return shown(decode(bytes, reads, limits).error);
}

}  // namespace support
