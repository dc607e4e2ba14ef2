// A handle on the server, for its handlers.
#pragma once

#include <libresp/server/log.hpp>
#include <libresp/server/options.hpp>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace resp {

namespace detail {
struct ServerLink;
}

/// What a handler sees of its server, for example to answer INFO or SHUTDOWN. A handler gets it from on_start(), and
/// each copy of the handler may keep it. It does not keep the server alive.
/// Each member may be called from any thread at any time. When the Server is destroyed, or for a handle that refers to
/// no server, stats() and threads() are zeros, options() are the defaults, endpoints() is empty, and stop() and log() do nothing.
class ServerHandle {
public:
    /// Refers to no server.
    ServerHandle() = default;

    /// Whether the Server still exists.
    [[nodiscard]] bool exists() const noexcept;
    /// The same as Server::stats().
    [[nodiscard]] Stats stats() const;
    /// The options as the server uses them: max_connections is lowered to what the limit of open files allows, and
    /// durations are at most 100 years.
    [[nodiscard]] Options options() const;
    /// The same as Server::local_endpoints().
    [[nodiscard]] std::vector<Endpoint> endpoints() const;
    /// How many threads call handlers, at the most: Options::threads, or the number of executors. 0 for a handle that
    /// refers to no server.
    [[nodiscard]] std::size_t threads() const noexcept;
    /// The same as Server::stop().
    void stop() const;
    /// Logs a line with Options::log, if its level is enabled. Escape the bytes that came from a client. The limit for
    /// log lines in a second applies. A line on another thread than the one that destroys the server may still reach
    /// the sink at that time.
    void log(LogLevel level, std::string_view line) const;

private:
    friend struct detail::ServerLink;
    explicit ServerHandle(std::shared_ptr<detail::ServerLink> link) noexcept : link_(std::move(link)) {}

    std::shared_ptr<detail::ServerLink> link_;
};

}  // namespace resp
