// A request: a frame that a client sent, and who sent it.
#pragma once

#include <libresp/codec/command.hpp>
#include <libresp/server/connection.hpp>

namespace resp {

/// A frame that a client sent. It and its views hold until the handler has returned or, a coroutine,
/// has ended.
class Request {
public:
    Request(View value, const Connection& connection) noexcept : value_(value), connection_(&connection) {}

    [[nodiscard]] View value() const noexcept { return value_; }
    [[nodiscard]] Command command() const noexcept { return Command{value_}; }
    /// Who sent it; copy it to push to that client later.
    [[nodiscard]] const Connection& connection() const noexcept { return *connection_; }

private:
    View value_;
    const Connection* connection_;
};

}  // namespace resp
