// The way in which tests feed bytes to the codec. Each input is decoded whole, cut everywhere, byte by byte
// and with more bytes after it; copied and lent; by the decoder and by the tokenizer. All results must be
// equal.
#pragma once

#include <libresp/codec/decoder.hpp>
#include <libresp/codec/value.hpp>

#include "describe.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

/// The result of decoding an input. It is the same for every way of cutting it.
struct Outcome {
    std::vector<resp::Value> frames;
    std::vector<std::string> wires;  // the exact bytes of each frame
    std::optional<resp::DecodeError> error;
    std::uint64_t taken = 0;  // bytes up to the end of the last frame, or of the skipped requests
    bool incomplete = false;  // bytes of an unfinished frame are left
};

/// Decodes `bytes` in every way and requires equal results, also from copies, parse() and the encoder.
Outcome decode(std::string_view bytes, resp::Reads reads = resp::Reads::replies,
               const resp::Limits& limits = {});

/// A value whose view a test may read in the expression that decodes it. The view of a temporary resp::Value
/// does not compile, because it would dangle after that expression.
class Decoded : public resp::Value {
public:
    explicit Decoded(resp::Value value) noexcept : resp::Value(std::move(value)) {}
    [[nodiscard]] resp::View view() const noexcept { return static_cast<const resp::Value&>(*this).view(); }
};

/// The only value of `bytes`, which must contain nothing else.
Decoded decode_one(std::string_view bytes, resp::Reads reads = resp::Reads::replies,
                   const resp::Limits& limits = {});

/// The code and the offset of the error in `bytes`: "bad_type at 3". "none" if there is no error.
std::string error_of(std::string_view bytes, resp::Reads reads = resp::Reads::replies,
                     const resp::Limits& limits = {});

}  // namespace support
