// How an input is cut, and how its pieces are fed to a decoder. For feed.cpp. The fuzzers cut in another way
// and use only Block and receive().
#pragma once

#include <libresp/codec/decoder.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace support {

using Cuts = std::vector<std::size_t>;  // where each piece ends, except the last

/// How pieces are fed to a decoder.
enum class Way {
    room,       // through prepare() and commit()
    lent,       // through feed() and release()
    kept,       // through feed() alone: the next feed() returns the bytes
    mixed,      // alternating
    lazy_room,  // like room, but decoded only after the last piece
    lazy_lent,  // like lent, but decoded only after the last piece
};
inline constexpr Way every_way[] = {Way::room,  Way::lent,      Way::kept,
                                    Way::mixed, Way::lazy_room, Way::lazy_lent};
inline constexpr std::string_view way_names[] = {"room", "lent", "kept", "mixed", "lazy room", "lazy lent"};

/// A copy of bytes in a block of exactly their size, so that ASan reports a read after its end.
class Block {
public:
    explicit Block(std::string_view bytes) : data_(new char[bytes.size()]), size_(bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), data_.get());
    }
    operator std::span<const char>() const { return {data_.get(), size_}; }

private:
    std::unique_ptr<char[]> data_;
    std::size_t size_;
};

/// Copies bytes into the room of the decoder, like a read from a socket.
inline void receive(resp::Decoder& decoder, std::string_view bytes) {
    bytes.copy(decoder.prepare(bytes.size()).data(), bytes.size());
    decoder.commit(bytes.size());
}

/// Calls use(piece) for each piece, also for empty ones.
template <class Use>
void for_each_piece(std::string_view bytes, const Cuts& cuts, Use use) {
    std::size_t begin = 0;
    for (const std::size_t end : cuts) {
        use(bytes.substr(begin, end - begin));
        begin = end;
    }
    use(bytes.substr(begin));
}

inline constexpr std::size_t stop_above = 10'000;  // inputs of more bytes are not fed further after an error

/// Feeds the pieces in this way. Calls drain() when the decoder may have frames.
template <class Drain>
void feed_pieces(resp::Decoder& decoder, std::string_view bytes, const Cuts& cuts, Way way, Drain drain) {
    const bool lazy = way == Way::lazy_room || way == Way::lazy_lent;
    std::unique_ptr<Block> lent;  // lives until the decoder returns it
    std::size_t count = 0;
    for_each_piece(bytes, cuts, [&](std::string_view piece) {
        if (decoder.error() && bytes.size() > stop_above) return;
        const bool odd = count++ % 2 == 1;
        const bool last = count == cuts.size() + 1;
        const bool in_room = way == Way::room || way == Way::lazy_room || (way == Way::mixed && odd);
        if (in_room) {
            receive(decoder, piece);
            lent.reset();
        } else {
            auto block = std::make_unique<Block>(piece);
            decoder.feed(*block);
            lent = std::move(block);
        }
        if (!lazy || last) drain();
        if (way == Way::lent || way == Way::lazy_lent || last) {
            decoder.release();
            lent.reset();
        }
    });
}

/// One byte for each piece. A large input is cut into a thousand pieces.
inline Cuts bytewise(std::size_t size) {
    const std::size_t step = size <= 10'000 ? 1 : size / 1000;
    Cuts cuts;
    for (std::size_t at = step; at < size; at += step) cuts.push_back(at);
    return cuts;
}

/// Where an input is cut in two: everywhere. A large input: near its ends, and at regular distances between.
inline std::vector<std::size_t> cut_positions(std::size_t size) {
    constexpr std::size_t all_up_to = 300;
    constexpr std::size_t most_work = 2'000'000;  // bytes
    std::vector<std::size_t> positions;
    if (size <= all_up_to) {
        for (std::size_t at = 0; at <= size; ++at) positions.push_back(at);
        return positions;
    }
    const std::size_t most = std::clamp<std::size_t>(most_work / size, 3, all_up_to);
    const std::size_t third = most / 3;
    for (std::size_t i = 1; i <= third; ++i) {
        positions.push_back(i);
        positions.push_back(size - i);
        positions.push_back(size * i / (third + 1));
    }
    return positions;
}

}  // namespace support
