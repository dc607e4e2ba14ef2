// Runs commands: sends them, prints the replies, and connects again after a connection has ended.
#pragma once

#include "connection.hpp"
#include "docs.hpp"
#include "print.hpp"

#include <functional>
#include <optional>

class Session {
public:
    Session(const Settings& settings, Printer printer)
        : settings_(settings), printer_(printer), connection_(settings) {}

    void connect() { connection_.open(); }
    /// Sends a command and prints its reply, and before it the pushes that arrive. After SUBSCRIBE or MONITOR it prints
    /// until the connection ends. Returns false after an error reply.
    bool run(const Words& command);
    /// Calls a function. If it throws, closes the connection and reports why.
    void attempt(const std::function<void()>& function);

    /// Waits for input of the user. Returns false if the server sent something: call print_arrived().
    [[nodiscard]] bool wait_for_input();
    void print_arrived();

    /// The completion of a line. Prints what it has to show.
    std::string complete(std::string_view line);
    void help(const Words& names);

private:
    void print_pushes();
    std::optional<resp::View> docs();

    Settings settings_;
    Printer printer_;
    Connection connection_;
    std::optional<resp::Value> docs_;  // the reply of COMMAND DOCS
};
