// What a ServerHandle refers to. The server ends the link before it is destroyed.
#pragma once

#include "shared.hpp"

#include <libresp/server/server_handle.hpp>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace resp::detail {

/// The functions of a server that a handle calls.
class LinkedServer {
public:
    virtual void stop() = 0;
    [[nodiscard]] virtual const std::vector<Endpoint>& endpoints() const noexcept = 0;
    [[nodiscard]] virtual Stats stats() const = 0;
    [[nodiscard]] virtual std::size_t threads() const noexcept = 0;

protected:
    ~LinkedServer() = default;
};

/// The handler owns the handle, and the server the handler. So the link does not own the server.
struct ServerLink : std::enable_shared_from_this<ServerLink> {
    ServerLink(LinkedServer& to, std::weak_ptr<Shared> its_shared)
        : server(&to), shared(std::move(its_shared)) {}

    [[nodiscard]] ServerHandle handle() { return ServerHandle{shared_from_this()}; }
    /// Waits for calls of other threads, and lets no more begin.
    void end() {
        const std::lock_guard lock{mutex};
        server = nullptr;
    }

    std::mutex mutex;
    LinkedServer* server;  // null after end()
    const std::weak_ptr<Shared> shared;
};

}  // namespace resp::detail
