// A request: a frame that a client sent, and the connection that it came from.
#pragma once

#include <libresp/codec/command.hpp>
#include <libresp/server/connection.hpp>

#include <cassert>

namespace resp {

/// A frame that a client sent. The request and all views of it are valid until the handler returns or, if it
/// is a coroutine, ends.
class Request {
public:
    /// `turn`: see turn().
    Request(View value, const Connection& connection, void* turn = nullptr) noexcept
        : value_(value), connection_(&connection), turn_(turn) {}

    /// The same request with another value, for a handler that keeps requests and runs them later.
    [[nodiscard]] Request with(View value) const noexcept { return {value, *connection_, turn_}; }

    [[nodiscard]] View value() const noexcept { return value_; }
    [[nodiscard]] Command command() const noexcept { return Command{value_}; }
    /// The connection that sent it. Copy the handle to push to that client later.
    [[nodiscard]] const Connection& connection() const noexcept { return *connection_; }
    /// What the connections of this thread share. T is the type `Turn` of the server's handler; see Handler.
    template <class T>
    [[nodiscard]] T& turn() const noexcept {
        assert(turn_ != nullptr);
        return *static_cast<T*>(turn_);
    }

private:
    View value_;
    const Connection* connection_;
    void* turn_;
};

}  // namespace resp
