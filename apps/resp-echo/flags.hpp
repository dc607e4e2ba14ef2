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

/// Reads the flags. A flag that is not given takes its variable; without that, its default.
/// Empty: --help or --version was given, and its text is printed.
/// Throws UsageError.
[[nodiscard]] std::optional<Settings> read_flags(int argc, char** argv);
