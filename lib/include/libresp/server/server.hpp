// The server: a thin template over a compiled engine.
#pragma once

#include <libresp/server/detail/adapter.hpp>
#include <libresp/server/detail/engine.hpp>
#include <libresp/server/options.hpp>

#include <concepts>
#include <iterator>
#include <memory>
#include <type_traits>
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
/// The requests of one connection are handled one after another, and the replies are sent in that order.
/// Replies to requests that arrived in one read are usually sent in one write. stop() and stats() may be
/// called from any thread. The library installs no signal handlers except for Options::stop_signals.
///
/// Do not destroy a server while run() runs. An embedded server may be destroyed at any time. This stops it
/// by force, but later, on its executor: its handlers and log sink may still run until the context has run
/// out of work or is destroyed.
template <class H>
class Server {
    // In this order, so that the first message names the mistake. Each one is silent after an earlier one.
    static_assert(std::copy_constructible<H>,
                  "a handler must be copyable: the server copies it once for each connection");
    static_assert(!std::copy_constructible<H> || detail::is_called_with_request_and_reply<H>,
                  "a handler must be callable with (const resp::Request& request, resp::Reply& reply)");
    static_assert(!detail::is_called_with_request_and_reply<H> || PlainHandler<H> || CoroutineHandler<H> ||
                      OutcomeHandler<H> || !std::copy_constructible<H>,
                  "a handler must return void, asio::awaitable<void> if it is a coroutine, or resp::Outcome");
    static_assert(detail::hook_fits<H, detail::OnStart>,
                  "the member on_start of a handler must be public and have the signature: "
                  "void on_start(resp::ServerHandle server)");
    static_assert(detail::hook_fits<H, detail::OnOpen>,
                  "the member on_open of a handler must be public and have the signature: "
                  "void on_open(resp::Connection connection)");
    static_assert(detail::hook_fits<H, detail::OnClose>,
                  "the member on_close of a handler must be public and have the signature: "
                  "void on_close(std::error_code reason)");
    static_assert(detail::waits_fits<H, OutcomeHandler<H>>,
                  "the member waits of a handler must be public and have the signature: "
                  "bool waits(const resp::Request& request) const");
    static_assert(detail::stream_fits<H>,
                  "a handler that streams must have both public members: "
                  "bool wants_stream(const resp::Command& words_before, std::uint64_t size) const, and "
                  "asio::awaitable<void> on_stream(resp::Incoming& incoming, resp::Reply& reply)");
    static_assert(
        detail::turn_fits<H>,
        "the type Turn of a handler must have the member `void end()`, and be constructible from the "
        "handler, from an asio::any_io_executor, from both, or without arguments");

public:
    /// Binds and listens. run() serves. If binding or listening fails, throws std::system_error, and its text
    /// names the address. For an invalid option throws std::invalid_argument.
    Server(Options options, H handler)
        : engine_(std::move(options), detail::make_factory<H>(std::move(handler))) {}

    /// The same on an executor of yours (an embedded server): start() serves, and you run the context.
    /// Several threads may run the context: the server runs on one strand, so its handlers never run at the
    /// same time. The context must outlive the server.
    ///
    /// `executor` may also be a range of executors, such as a std::vector. Each of them then serves a part of the
    /// connections, as a thread of run() does; the first one also accepts. Throws std::invalid_argument if the range is
    /// empty.
    template <class Executor>
    Server(const Executor& executor, Options options, H handler)
        : engine_(any_executors(executor), std::move(options), detail::make_factory<H>(std::move(handler))) {}

    /// Serves on this thread and on Options::threads - 1 more. Returns after stop(), when the last connection
    /// is closed and other work of the handlers has ended, see stop(). Throws std::logic_error if the server
    /// was made with an executor, or was already started; std::system_error if a thread cannot start; and
    /// what work on a connection's executor throws. After the last two it no longer listens.
    void run() { engine_.run(); }
    /// Serves on your executor, and returns at once. Throws std::logic_error if the server was made without
    /// an executor, or was already started.
    void start() { engine_.start(); }
    /// Stops accepting, answers the requests that were fully received, sends the replies and closes. At
    /// Options::drain_deadline it closes the rest by force. A second call closes by force at once.
    ///
    /// stop() itself returns at once. run() returns when the last connection is closed and the other work
    /// that handlers have started on their executors has ended. It waits for that work until the drain
    /// deadline or a second call of stop(), but not longer. If a coroutine handler still waits 250 ms after
    /// the closing by force, run() returns then, and the handler is destroyed with the server.
    ///
    /// An embedded server has no more work in your context when its last connection is closed and its last
    /// coroutine handler has ended. If the context has no other work, its run() then returns.
    void stop() { engine_.stop(); }
    /// Serves the client of a connected stream socket, as if the server had accepted it: it counts for all
    /// limits, and accept_filter is asked. Takes the descriptor: the server closes it, also if this throws.
    /// Before run() or start() the client waits. After stop() the socket is closed, at the latest by the
    /// destructor. Throws std::invalid_argument if it is not such a socket. Call it from any thread.
    void adopt(int socket) { engine_.adopt(socket); }

    /// The first address that the server listens on, with the port that it got.
    [[nodiscard]] Endpoint local_endpoint() const { return engine_.endpoints().front(); }
    /// All addresses, in the order of the options; the Unix socket is last.
    [[nodiscard]] std::vector<Endpoint> local_endpoints() const { return engine_.endpoints(); }
    [[nodiscard]] Stats stats() const { return engine_.stats(); }

private:
    /// Converts the executors. It is a template, so that a file without an executor does not need Asio.
    template <class Executor, class Any = asio::any_io_executor>
    static std::vector<Any> any_executors(const Executor& executor) {
        if constexpr (requires { std::begin(executor), std::end(executor); }) {
            std::vector<Any> all;
            for (const auto& each : executor) all.push_back(any_executor(each));
            return all;
        } else {
            return {any_executor(executor)};
        }
    }
    template <class Executor, class Any = asio::any_io_executor>
    static Any any_executor(const Executor& executor) {
        constexpr bool is_executor = std::is_constructible_v<Any, const Executor&>;
        static_assert(is_executor,
                      "an embedded server needs an executor: "
                      "resp::Server server{context.get_executor(), options, handler}");
        if constexpr (is_executor) {
            return Any{executor};
        } else {
            return Any{};
        }
    }

    detail::Engine engine_;
};

template <class Executor, class H>
Server(const Executor&, Options, H) -> Server<H>;

}  // namespace resp
