// Reads the first bytes of an input.
#include "input.hpp"

namespace fuzz {

namespace {

constexpr std::size_t header_size = 8;
constexpr std::uint8_t empty_piece = 255;

/// Each limit is the default, or so small that short inputs exceed it, or the largest possible. If `roomy`,
/// the small limits still allow lengths of two digits, which have a fast path.
resp::Limits limits_of(std::uint8_t setup, bool roomy) noexcept {
    resp::Limits limits;
    if ((setup & 0x04) != 0) limits.max_line = 12;
    if ((setup & 0x08) != 0) limits.max_bulk = roomy ? 100 : 10;
    if ((setup & 0x10) != 0) limits.max_elements = roomy ? 100 : 3;
    if ((setup & 0x20) != 0) limits.max_depth = 2;
    if ((setup & 0x40) != 0) limits.max_frame = roomy ? 130 : 48;
    if ((setup & 0x80) != 0) {
        limits.max_bulk = limits.max_elements = limits.max_frame = SIZE_MAX;
        limits.max_depth = SIZE_MAX;
    }
    return limits;
}

}  // namespace

Input::Input(const std::uint8_t* data, std::size_t size) noexcept {
    const auto byte = [&](std::size_t i) { return i < size ? data[i] : std::uint8_t{0}; };
    constexpr resp::Reads every[] = {resp::Reads::replies, resp::Reads::commands, resp::Reads::anything,
                                     resp::Reads::replies};
    reads = every[byte(0) & 3];
    limits = limits_of(byte(0), (byte(0) & 3) == 3);
    delivery = {byte(1), byte(2), byte(3), byte(4), {byte(5), byte(6), byte(7)}};
    if (size > header_size) {
        wire = {reinterpret_cast<const char*>(data) + header_size, size - header_size};
    }
}

std::optional<std::string_view> Pieces::next() noexcept {
    if (done()) return std::nullopt;
    const std::uint8_t length = delivery_.lengths[count_ % delivery_.lengths.size()];
    ++count_;
    std::size_t size = length == 0 ? rest_.size() : length;
    // Never two empty pieces in a row, or the loop would not end.
    if (length == empty_piece) size = was_empty_ ? 1 : 0;
    was_empty_ = size == 0;
    const std::string_view piece = rest_.substr(0, size);
    rest_.remove_prefix(piece.size());
    return piece;
}

}  // namespace fuzz
