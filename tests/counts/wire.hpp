// The cheapest client that a server can have: it sends the same bytes again and again and counts what comes back.
// It allocates nothing and calls no library function, so what it costs is known by the names of its functions.
#pragma once

#include "server/worker.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <libresp/server/handler.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

/// Everything in this namespace belongs to the measurement. run.py does not count its functions.
namespace driver {

class Wire;

/// The client's side. It lives longer than the connection.
struct Client {
    Wire* wire = nullptr;
    std::string_view unread;     // what it has sent and the engine has not read
    std::uint64_t received = 0;  // bytes of replies
    bool engine_reads = false;   // the engine waits for input
};

/// The engine's side.
class Wire final : public resp::Transport {
public:
    explicit Wire(Client& client) noexcept : client_(client) { client.wire = this; }
    ~Wire() override { client_.wire = nullptr; }

    std::size_t read(std::span<char> room, std::error_code& ec) noexcept override;
    std::size_t write(std::span<const std::string_view> pieces, std::error_code& ec) noexcept override;
    resp::Interest wait(resp::Interest interest) override {
        client_.engine_reads = interest.read;
        return {};
    }
    void finish() noexcept override {}
    [[nodiscard]] std::size_t unacknowledged() const noexcept override { return 0; }

    void notify_readable() { notify({.read = true, .write = false}); }

private:
    Client& client_;
};

/// One thread of a server with one client, without sockets and time.
class Server {
public:
    template <resp::Handler H>
    Server(resp::Options options, H handler)
        : Server(std::make_shared<resp::detail::Shared>(
              std::move(options), std::make_unique<resp::detail::HandlerFactory<H>>(std::move(handler)))) {}

    /// The client sends `bytes`. Returns the bytes of its replies, after everything was handled.
    std::uint64_t send(std::string_view bytes);

private:
    explicit Server(std::shared_ptr<resp::detail::Shared> shared);

    asio::io_context context_;  // destroyed last: posted actions refer to the other members
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    Client client_;
    std::shared_ptr<resp::detail::Worker> worker_;
};

}  // namespace driver
