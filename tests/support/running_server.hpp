// A server on its own thread, until the end of a test's scope.
#pragma once

#include <libresp/server.hpp>

#include "client.hpp"

#include <atomic>
#include <thread>
#include <utility>

namespace support {

/// Listens on a free port and runs. The destructor stops it by force and waits for the thread.
template <resp::Handler H>
class RunningServer {
public:
    RunningServer(resp::Options options, H handler)
        : server_(on_a_free_port(std::move(options)), std::move(handler)), thread_([this] {
              server_.run();
              ended_ = true;
          }) {}
    RunningServer(const RunningServer&) = delete;
    RunningServer& operator=(const RunningServer&) = delete;
    ~RunningServer() {
        server_.stop();
        server_.stop();
        join();
    }

    resp::Server<H>* operator->() noexcept { return &server_; }
    [[nodiscard]] Client client(const Client::Settings& settings = {}) const {
        return Client{server_.local_endpoint(), settings};
    }
    [[nodiscard]] resp::Stats stats() const { return server_.stats(); }
    /// Whether run() has returned.
    [[nodiscard]] bool has_ended() const { return ended_; }
    /// Waits for run() to return.
    void join() {
        if (thread_.joinable()) thread_.join();
    }

private:
    static resp::Options on_a_free_port(resp::Options options) {
        options.port = 0;
        return options;
    }

    resp::Server<H> server_;
    std::atomic<bool> ended_{false};
    std::thread thread_;
};

template <class H>
RunningServer(resp::Options, H) -> RunningServer<H>;

}  // namespace support
