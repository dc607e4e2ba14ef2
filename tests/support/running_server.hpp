// A server on its own thread, until the end of a test's scope.
#pragma once

#include <libresp/server.hpp>

#include "client.hpp"

#include <unistd.h>

#include <atomic>
#include <exception>
#include <string>
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

/// What the constructor of a server says of such options; "none" if it makes one.
inline std::string refusal(resp::Options options) {
    try {
        const resp::Server server{std::move(options), [](const resp::Request&, resp::Reply&) {}};
        return "none";
    } catch (const std::exception& error) {
        return error.what();
    }
}

/// The path of a Unix socket that only this process uses.
inline std::string socket_path(const char* name) {
    return "/tmp/libresp-" + std::to_string(::getpid()) + "-" + name + ".sock";
}

}  // namespace support
