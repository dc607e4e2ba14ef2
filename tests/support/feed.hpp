// The one way in which tests bring bytes to the codec: each input is decoded whole, cut everywhere,
// byte by byte and with bytes behind it, in room and lent, by the decoder and by the tokenizer. All of
// them must tell the same; what they told is handed out.
#pragma once

#include <libresp/codec/decoder.hpp>
#include <libresp/codec/value.hpp>

#include "describe.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// What decoding an input told, however it was cut.
struct Outcome {
    std::vector<resp::Value> frames;
    std::vector<std::string> wires;  // the exact bytes of each frame
    std::optional<resp::DecodeError> error;
    std::uint64_t taken = 0;  // bytes to the end of the last frame, or of the requests that are skipped
    bool incomplete = false;  // bytes of a frame that is not whole are left
};

/// Decodes `bytes` in every way and requires that all agree; that copies, parse() and the encoder agree
/// with it, too.
Outcome decode(std::string_view bytes, resp::Reads reads = resp::Reads::replies,
               const resp::Limits& limits = {});

/// The only value of `bytes`, with nothing behind it.
resp::Value decode_one(std::string_view bytes, resp::Reads reads = resp::Reads::replies,
                       const resp::Limits& limits = {});

/// The code of the error that ends `bytes`, and its offset, as "bad_type at 3"; "none" without an error.
std::string error_of(std::string_view bytes, resp::Reads reads = resp::Reads::replies,
                     const resp::Limits& limits = {});

}  // namespace support
