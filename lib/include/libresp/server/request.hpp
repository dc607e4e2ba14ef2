// A request: a frame that a client sent, and the connection that it came from.
#pragma once

#include <libresp/codec/command.hpp>
#include <libresp/server/connection.hpp>

namespace resp {

/// A frame that a client sent. The request and all views of it are valid until the handler returns or, if it
/// is a coroutine, ends.
class Request {
public:
    Request(View value, const Connection& connection) noexcept : value_(value), connection_(&connection) {}

    [[nodiscard]] View value() const noexcept { return value_; }
    [[nodiscard]] Command command() const noexcept { return Command{value_}; }
    /// The connection that sent it. Copy the handle to push to that client later.
    [[nodiscard]] const Connection& connection() const noexcept { return *connection_; }

private:
    View value_;
    const Connection* connection_;
};

}  // namespace resp
