// A second, slow and simple RESP parser, written from the specification and docs/.
#pragma once

#include <libresp/codec/limits.hpp>

#include <string_view>

#include "outcome.hpp"

namespace fuzz {

/// The result that a decoder must have for these bytes. Recursive, over the whole input, byte by byte. It
/// shares only the names of types and errors with the library.
[[nodiscard]] Outcome reference(std::string_view bytes, resp::Reads reads, const resp::Limits& limits);

}  // namespace fuzz
