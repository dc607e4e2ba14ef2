// The server: a thin template over a compiled engine.
#pragma once

#include <libresp/server/detail/adapter.hpp>
#include <libresp/server/detail/engine.hpp>
#include <libresp/server/options.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace resp {

/// A RESP server that calls a handler for each request.
///
///     struct Echo {
///         void operator()(const resp::Request& request, resp::Reply& reply) {
///             reply.value(request.value());
///         }
///     };
///     resp::Server server{{.port = 6379}, Echo{}};
///     server.run();
///
/// Requests of one connection are handled one after another, and replies leave in that order; all
/// replies to what came in one read leave in one write. stop() and stats() may be called from any
/// thread. The library installs no signal handler but those of Options::stop_signals.
template <class H>
class Server {
    static_assert(
        Handler<H>,
        "a handler can be copied, and called with (const resp::Request&, resp::Reply&), and returns void "
        "or asio::awaitable<void>");

public:
    /// Binds and listens. Throws std::system_error, whose text names the address, where that fails, and
    /// std::invalid_argument for an option that makes no sense.
    Server(Options options, H handler)
        : engine_(std::move(options), std::make_unique<detail::HandlerFactory<H>>(std::move(handler))) {}

    /// The same on an executor of the user's, who runs its context; then start() begins to accept. On a
    /// context with several threads the server runs in a strand of its own. The context must outlive
    /// the server.
    template <class Executor>
    Server(const Executor& executor, Options options, H handler)
        : engine_(any_executor(executor), std::move(options),
                  std::make_unique<detail::HandlerFactory<H>>(std::move(handler))) {}

    /// Serves on threads of its own, this one included, until stop() has ended. Not when embedded.
    void run() { engine_.run(); }
    /// Begins to serve on the user's executor, and returns.
    void start() { engine_.start(); }
    /// Stops accepting, answers what was fully received, flushes, closes; by force at the drain
    /// deadline. Returns at once; run() returns when it is done. A second call forces at once.
    void stop() { engine_.stop(); }

    /// Where it listens: the first address, with the port that was taken.
    [[nodiscard]] Endpoint local_endpoint() const { return engine_.endpoints().front(); }
    /// Every address, in the order of the options, the Unix socket last.
    [[nodiscard]] std::vector<Endpoint> local_endpoints() const { return engine_.endpoints(); }
    [[nodiscard]] Stats stats() const { return engine_.stats(); }

private:
    /// Any executor; dependent, so that Asio is not needed before one is given.
    template <class Executor, class Any = asio::any_io_executor>
    static Any any_executor(const Executor& executor) {
        return Any{executor};
    }

    detail::Engine engine_;
};

template <class Executor, class H>
Server(const Executor&, Options, H) -> Server<H>;

}  // namespace resp
