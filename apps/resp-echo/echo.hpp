// The handler of resp-echo: sends each request back, and logs it at the level debug.
#pragma once

#include <libresp/server/handler.hpp>

#include <fmt/format.h>

#include <cctype>
#include <string>

/// Sends every value back byte for byte. An inline command comes back as an array of bulk strings.
///
/// Exception, unless `verbatim` is set: the reply to COMMAND and COMMAND DOCS is an empty array. redis-cli sends
/// COMMAND DOCS before it shows its prompt, and aborts if the reply is not a list of commands.
class Echo {
public:
    Echo(const resp::Log& log, bool verbatim) : log_(&log), verbatim_(verbatim) {}

    void operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::View value = request.value();
        if (log_->enabled(resp::LogLevel::debug)) log(request);
        if (!verbatim_ && asks_for_commands(request.command())) {
            reply.array(0);
        } else if (value.is_inline()) {
            reply.value(value);
        } else {
            reply.wire(value.wire());
        }
    }

private:
    static constexpr std::size_t most_shown = 64;  // bytes of a value in one log line

    static bool asks_for_commands(const resp::Command& command) {
        if (!command.is("COMMAND")) return false;
        return command.size() == 1 || resp::equals_ignoring_case(command[1], "DOCS");
    }

    /// Logs "[127.0.0.1:54523] Received Integer 42".
    void log(const resp::Request& request) const {
        const resp::View value = request.value();
        const std::string peer = request.connection().peer().to_string();
        std::string type{name(value.type())};
        type[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(type[0])));
        log_->sink(resp::LogLevel::debug,
                   fmt::format("[{}] Received {} {}", peer, type, resp::to_string(value, most_shown)));
    }

    const resp::Log* log_;
    bool verbatim_;
};
