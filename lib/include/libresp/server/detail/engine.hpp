// The compiled part of a server. It does not depend on the handler's type.
#pragma once

#include <libresp/server/detail/adapter.hpp>
#include <libresp/server/options.hpp>

#include <memory>
#include <vector>

namespace resp::detail {

/// A Server without its handler's type; see there for each function.
class Engine {
public:
    Engine(Options options, std::unique_ptr<AdapterFactory> factory);
    Engine(const std::vector<asio::any_io_executor>& executors, Options options,
           std::unique_ptr<AdapterFactory> factory);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine();

    void run();
    void start();
    void stop();
    void adopt(int socket);
    [[nodiscard]] std::vector<Endpoint> endpoints() const;
    [[nodiscard]] Stats stats() const;

private:
    class Core;
    std::shared_ptr<Core> core_;
};

}  // namespace resp::detail
