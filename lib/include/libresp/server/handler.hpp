// What a handler is: the callable that a Server calls for each request.
#pragma once

#include <libresp/server/detail/awaitable.hpp>
#include <libresp/server/reply.hpp>
#include <libresp/server/request.hpp>

#include <concepts>

namespace resp {

/// A callable `(const Request&, Reply&) -> void`, called for each request in order.
template <class H>
concept PlainHandler =
    std::copy_constructible<H> && requires(H& handler, const Request& request, Reply& reply) {
        { handler(request, reply) } -> std::same_as<void>;
    };

/// A callable `(const Request&, Reply&) -> asio::awaitable<void>`. While it waits, its connection is
/// not read and others run. Both arguments hold until it ends.
template <class H>
concept CoroutineHandler =
    std::copy_constructible<H> && requires(H& handler, const Request& request, Reply& reply) {
        { handler(request, reply) } -> std::same_as<detail::Awaitable>;
    };

/// What a Server takes. It is copied once for each connection, so its members are that connection's
/// state; what connections share, it refers to. Optional members:
///
///     void on_open(resp::Connection connection);   // before the first request
///     void on_close(std::error_code reason);       // after the last; no error if it was orderly. Not
///                                                  // where a stop by force abandons a coroutine
template <class H>
concept Handler = PlainHandler<H> || CoroutineHandler<H>;

}  // namespace resp
