// The flags of resp-echo and their environment variables: from argv to resp::Options.
#pragma once

#include <libresp/server/options.hpp>

#include <optional>
#include <stdexcept>
#include <string>

/// What the flags and variables ask for.
struct Settings {
    resp::Options options;
    bool verbatim = false;  ///< echo COMMAND and COMMAND DOCS too
};

/// A flag or a variable is wrong. what() is one line and names it.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Reads the flags. For a flag that is not given it reads the variable; if that is not set, the default.
/// Returns nothing if --help or --version was given; it has then printed that text.
/// Throws UsageError.
[[nodiscard]] std::optional<Settings> read_flags(int argc, char** argv);
