// The meaning of the bytes of an input. The first eight set up the decoder and the cuts. They are separate
// from the wire, so that a wire with a bug stays the same if the cuts change.
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

/// How the wire is fed to a decoder. All zeros: lent, in one piece.
struct Delivery {
    std::uint8_t own = 0;   // bit i % 8 set: piece i goes through prepare() and commit(), else feed()
    std::uint8_t wait = 0;  // set: next() is not called after it, unless it is the last
    std::uint8_t once = 0;  // set: it is called once, although there may be more frames
    std::uint8_t keep = 0;  // set: lent bytes are not released; the next call returns them
    std::array<std::uint8_t, 3> lengths{};  // bytes of the pieces, repeated; 0 means the rest, 255 none
    bool shrinks = false;                   // memory is given back after each piece
};

/// The pieces of a wire. There is at least one, which may be empty.
class Pieces {
public:
    Pieces(std::string_view wire, const Delivery& delivery) noexcept : rest_(wire), delivery_(delivery) {}

    [[nodiscard]] std::optional<std::string_view> next() noexcept;
    /// Whether next() has returned the last piece.
    [[nodiscard]] bool done() const noexcept { return count_ != 0 && rest_.empty(); }
    /// Whether the bit of the current piece is set.
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

/// Feeds a wire to a decoder. Calls take() whenever there may be a frame; take() returns whether there was
/// one.
template <class Take>
void deliver(resp::Decoder& decoder, std::string_view wire, const Delivery& delivery, Take take) {
    std::unique_ptr<support::Block> lent;  // lives until the decoder returns it
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
