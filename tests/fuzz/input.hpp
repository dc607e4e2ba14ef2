// What the bytes of a fuzzer's input mean. The first eight say what the decoder is told and how the
// wire is cut; they stand apart, so that what is found in the wire survives a change of the cuts.
//
//     0       1      2       3       4       5 6 7               8 ...
//     setup   own    wait    once    keep    lengths of pieces   the wire
#pragma once

#include <libresp/codec/decoder.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "support/pieces.hpp"

namespace fuzz {

/// How the wire reaches a decoder. All zeros: lent, in one piece.
struct Delivery {
    std::uint8_t own = 0;   // bit i % 8 set: piece i goes through prepare() and commit(), else feed()
    std::uint8_t wait = 0;  // set: next() is not called after it, unless it is the last
    std::uint8_t once = 0;  // set: it is called once, though there may be more frames
    std::uint8_t keep = 0;  // set: lent bytes are not released, but taken back by the next call
    std::array<std::uint8_t, 3> lengths{};  // bytes of the pieces, in turn; 0 all that is left, 255 none
    bool shrinks = false;                   // memory is given back behind each piece
};

/// The pieces of a wire; at least one, which may be empty.
class Pieces {
public:
    Pieces(std::string_view wire, const Delivery& delivery) noexcept : rest_(wire), delivery_(delivery) {}

    [[nodiscard]] std::optional<std::string_view> next() noexcept;
    /// Whether next() has handed out the last one.
    [[nodiscard]] bool done() const noexcept { return count_ != 0 && rest_.empty(); }
    /// Whether the bit of this piece is set.
    [[nodiscard]] bool is(std::uint8_t bits) const noexcept { return (bits >> ((count_ - 1) % 8) & 1) != 0; }

private:
    std::string_view rest_;
    const Delivery& delivery_;
    std::size_t count_ = 0;
    bool was_empty_ = false;
};

struct Input {
    Input(const std::uint8_t* data, std::size_t size) noexcept;

    resp::Reads reads{};
    resp::Limits limits;
    Delivery delivery;
    std::string_view wire;
};

/// Brings a wire to a decoder; calls take(), which takes a frame or tells that there is none, where there may
/// be one.
template <class Take>
void deliver(resp::Decoder& decoder, std::string_view wire, const Delivery& delivery, Take take) {
    std::unique_ptr<support::Block> lent;  // lives until the decoder has given it back
    Pieces pieces{wire, delivery};
    while (const std::optional<std::string_view> piece = pieces.next()) {
        if (pieces.is(delivery.own)) {
            support::receive(decoder, *piece);
            lent.reset();
        } else {
            auto block = std::make_unique<support::Block>(*piece);
            decoder.feed(*block);
            lent = std::move(block);
        }
        const bool waits = !pieces.done() && pieces.is(delivery.wait);
        const bool once = !pieces.done() && pieces.is(delivery.once);
        while (!waits && take() && !once) {
        }
        if (pieces.done() || !pieces.is(delivery.keep)) {
            decoder.release();
            lent.reset();
        }
        if (delivery.shrinks) decoder.shrink(0);
    }
}

}  // namespace fuzz
