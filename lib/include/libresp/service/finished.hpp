// What became of a command, for Commands::after().
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <chrono>
#include <cstddef>
#include <string_view>

namespace resp {

/// What became of a command.
struct Finished {
    /// How long its function ran. For a coroutine: until it ended, with the time in which it waited.
    std::chrono::nanoseconds duration;
    std::size_t bytes_in;  ///< of the request, with a word that was streamed
    std::size_t
        bytes_out;  ///< of the reply: of a reply with drain(), since the last drain(); of a deferred one, 0
    std::string_view error;  ///< the text of an error reply, without `-`. Empty for any other reply
};

}  // namespace resp
