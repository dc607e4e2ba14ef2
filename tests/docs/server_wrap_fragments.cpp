// docs/server.md: a transport that wraps the socket of each client.
#include "expect.hpp"

#include <libresp/server.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// [wrap]
// Counts the bytes that clients send. All other calls and notifications pass through.
class Counting final : public resp::Transport, private resp::Transport::Owner {
public:
    Counting(std::unique_ptr<resp::Transport> socket, std::atomic<std::uint64_t>& bytes)
        : socket_(std::move(socket)), bytes_(&bytes) {
        socket_->attach(*this);
    }
    std::size_t read(std::span<char> room, std::error_code& ec) noexcept override {
        const std::size_t n = socket_->read(room, ec);
        *bytes_ += n;
        return n;
    }
    std::size_t write(std::span<const std::string_view> pieces, std::error_code& ec) noexcept override {
        return socket_->write(pieces, ec);
    }
    resp::Interest wait(resp::Interest interest) override { return socket_->wait(interest); }
    void finish() noexcept override { socket_->finish(); }
    std::size_t unacknowledged() const noexcept override { return socket_->unacknowledged(); }

private:
    void ready(resp::Interest possible) noexcept override { notify(possible); }

    std::unique_ptr<resp::Transport> socket_;
    std::atomic<std::uint64_t>* bytes_;  // shared by all clients
};

resp::Options counting(std::atomic<std::uint64_t>& bytes) {
    resp::Options options;
    options.wrap = [&bytes](std::unique_ptr<resp::Transport> socket) {
        return std::make_unique<Counting>(std::move(socket), bytes);
    };
    return options;
}
// [/wrap]

namespace {

/// A client that sends "PING".
class Client final : public resp::Transport {
public:
    std::size_t read(std::span<char> room, std::error_code&) noexcept override {
        return std::string_view{"PING"}.copy(room.data(), room.size());
    }
    std::size_t write(std::span<const std::string_view>, std::error_code&) noexcept override { return 0; }
    resp::Interest wait(resp::Interest) override { return {}; }
    void finish() noexcept override {}
    std::size_t unacknowledged() const noexcept override { return 0; }
};

}  // namespace

int main() {
    std::atomic<std::uint64_t> bytes{0};
    const std::unique_ptr<resp::Transport> wrapped = counting(bytes).wrap(std::make_unique<Client>());
    std::string room(8, '.');
    std::error_code ec;
    const std::size_t n = wrapped->read(room, ec);
    expect(room.substr(0, n), "PING");
    expect(std::to_string(bytes), "4");
}
