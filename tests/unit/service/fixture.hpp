// A service on the engine in memory, for the tests of this folder.
#pragma once

#include <libresp/service.hpp>

#include "support/catch.hpp"
#include "support/memory_transport.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace service_test {

[[nodiscard]] inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Sends requests to a service, and returns what it replies. The first ask() makes the service: add commands before.
template <class State = void>
class ServiceUnderTest {
public:
    explicit ServiceUnderTest(resp::ServiceInfo info = {}) : commands(std::move(info)) {}

    /// Sends bytes on the client `client`, from 0, and returns all that comes back.
    std::string ask(std::string_view bytes, std::size_t client = 0) {
        support::MemoryClient& from = connect(client);
        const std::size_t before = from.received.size();
        from.send(bytes);
        server->run();
        return from.received.substr(before);
    }
    support::MemoryClient& connect(std::size_t client) {
        if (server == nullptr) {
            server = std::make_unique<support::MemoryServer>(options, resp::Service{commands});
        }
        while (clients.size() <= client) clients.push_back(&server->connect());
        return *clients[client];
    }

    resp::Commands<State> commands;
    resp::Options options;
    std::unique_ptr<support::MemoryServer> server;
    std::vector<support::MemoryClient*> clients;
};

}  // namespace service_test
