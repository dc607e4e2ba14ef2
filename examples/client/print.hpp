// Prints replies on standard output, in the two forms of redis-cli. The pretty form is for people, the raw form for
// other programs:
//
//     1) "a"                 a
//     2) 1~ (integer) 7      7
//
// The bytes of a server never control a terminal. In the pretty form, and in any form on a terminal, they are escaped.
#pragma once

#include <libresp/codec.hpp>

#include <string>
#include <string_view>

class Printer {
public:
    Printer(bool is_raw, bool is_terminal) noexcept : is_raw_(is_raw), is_terminal_(is_terminal) {}

    /// Prints a reply and a line feed. A text, such as the reply of INFO, is printed as it is.
    void print_reply(resp::View reply, bool is_text);
    void print_push(resp::View push);
    /// Prints one line, escaped.
    void print_line(std::string_view text);

    [[nodiscard]] bool is_raw() const noexcept { return is_raw_; }
    [[nodiscard]] bool is_terminal() const noexcept { return is_terminal_; }

private:
    void pretty(resp::View value, const std::string& indent);
    void pretty_aggregate(resp::View value, const std::string& indent);
    void raw(resp::View value);

    bool is_raw_;
    bool is_terminal_;
};
