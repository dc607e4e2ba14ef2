// Reads the lines that a user types. edit_libedit.cpp has history, completion and editing; edit_plain.cpp needs no
// library. While they wait, they show what the server sends.
#pragma once

#include "session.hpp"

#include <memory>
#include <optional>
#include <string>

class Editor {
public:
    virtual ~Editor() = default;

    /// The next line, without its end. It is empty after Ctrl-C. Returns nothing after Ctrl-D.
    [[nodiscard]] virtual std::optional<std::string> read_line() = 0;
    /// Adds a line to the history, unless it may have a password in it.
    virtual void remember(const std::string& line) = 0;

    static constexpr const char* prompt = "> ";
};

/// `session` must outlive the editor.
[[nodiscard]] std::unique_ptr<Editor> make_editor(Session& session);

/// What `client --help` says of the keys.
[[nodiscard]] const char* keys() noexcept;
