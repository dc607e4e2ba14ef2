// What COMMAND DOCS says of the commands of a server: help, usage lines, and completion. The server may send anything,
// so the texts are only for Printer::print_line(), which escapes them. Names to insert are printable.
#pragma once

#include "connection.hpp"

#include <string>
#include <string_view>
#include <vector>

struct Completion {
    std::string insert;              ///< at the cursor
    std::vector<std::string> lines;  ///< to show: a usage line, or names
};

/// Completes a line that the user has typed: `getr` becomes `getrange `. After a whole name, it shows the usage line:
/// `GETRANGE key start end`.
[[nodiscard]] Completion complete(resp::View docs, std::string_view line);

/// The help for a command with its subcommands, or for one subcommand.
[[nodiscard]] std::vector<std::string> help(resp::View docs, const Words& names);
