// AUTH: who a client is.
#pragma once

#include <libresp/codec/limits.hpp>
#include <libresp/server/awaitable.hpp>
#include <libresp/server/connection.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace resp {

/// What a client has sent with AUTH or HELLO. Valid until the function ends.
struct AuthRequest {
    std::string_view user;      ///< "default" if the client has sent only a password
    std::string_view password;  ///< compare it with equals_in_constant_time()
    const Connection& connection;
};

/// A user that a service has accepted.
struct User {
    std::string name;    ///< for CLIENT LIST, and Client::user()
    bool admin = false;  ///< may run commands with CommandTraits::admin
};

/// Compares two texts in a time that depends on the length of `given` only, so that it says nothing about `secret`.
[[nodiscard]] bool equals_in_constant_time(std::string_view given, std::string_view secret) noexcept;

/// Limits for clients that are not authenticated, as in Redis: 10 words of 16 KiB. For Options::first_limits; a
/// successful AUTH lifts them.
[[nodiscard]] Limits limits_before_auth() noexcept;

namespace detail {

using AuthWait = asio::awaitable<std::optional<User>, asio::any_io_executor>;

/// One of the two is set, or none.
struct Authenticator {
    std::function<std::optional<User>(const AuthRequest&)> plain;
    std::function<AuthWait(const AuthRequest&)> waiting;
    [[nodiscard]] bool exists() const noexcept { return plain != nullptr || waiting != nullptr; }
};

}  // namespace detail

}  // namespace resp
