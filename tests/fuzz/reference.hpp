// RESP once more, slow and plain: what a stream tells, read from its specification and from docs/.
#pragma once

#include <libresp/codec/limits.hpp>

#include <string_view>

#include "outcome.hpp"

namespace fuzz {

/// What a decoder has to tell of these bytes. Recursive, over the whole input, byte by byte; it shares
/// no code with the library but the names of types and errors.
[[nodiscard]] Outcome reference(std::string_view bytes, resp::Reads reads, const resp::Limits& limits);

}  // namespace fuzz
