// The handle on a server: each member first checks whether the server still exists.
#include <libresp/server/server_handle.hpp>

#include "server_link.hpp"

namespace resp {

namespace {

/// Calls use(server) if the server exists. Otherwise returns a default value.
template <class Use>
auto with_server(const std::shared_ptr<detail::ServerLink>& link, const Use& use) {
    using Result = decltype(use(*link->server));
    if (link == nullptr) return Result();
    const std::lock_guard lock{link->mutex};
    return link->server != nullptr ? use(*link->server) : Result();
}

}  // namespace

bool ServerHandle::exists() const noexcept {
    return with_server(link_, [](const detail::LinkedServer&) { return true; });
}

Stats ServerHandle::stats() const {
    return with_server(link_, [](const detail::LinkedServer& server) { return server.stats(); });
}

Options ServerHandle::options() const {
    const auto shared = exists() ? link_->shared.lock() : nullptr;
    if (shared == nullptr) return {};
    Options options = shared->options;
    options.max_connections = shared->places.most();
    return options;
}

std::vector<Endpoint> ServerHandle::endpoints() const {
    return with_server(
        link_, [](const detail::LinkedServer& server) { return std::vector<Endpoint>{server.endpoints()}; });
}

std::size_t ServerHandle::threads() const noexcept {
    return with_server(link_, [](const detail::LinkedServer& server) { return server.threads(); });
}

void ServerHandle::stop() const {
    with_server(link_, [](detail::LinkedServer& server) { server.stop(); });
}

void ServerHandle::log(LogLevel level, std::string_view line) const {
    // Not with_server(): the sink may use a handle too.
    if (const auto shared = exists() ? link_->shared.lock() : nullptr) shared->log(level, "{}", line);
}

}  // namespace resp
