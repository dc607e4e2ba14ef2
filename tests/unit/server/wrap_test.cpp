// Options::wrap: a server whose clients speak through a transport of the user, over real sockets.
#include <asio/awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/describe.hpp"
#include "support/running_server.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

using resp::Interest;
using resp::Transport;
using support::bulk;
using support::Client;
using support::command;
using support::eventually;
using support::Gated;
using support::noise;
using support::Ping;
using support::ping;
using support::PingOfKnown;
using support::pong;
using support::repeat;
using support::RunningServer;

namespace {

/// Passes everything on to the stream below.
class Wrapper : public Transport, private Transport::Owner {
public:
    explicit Wrapper(std::unique_ptr<Transport> below) : below_(std::move(below)) { below_->attach(*this); }

    std::size_t read(std::span<char> room, std::error_code& ec) noexcept override {
        return below_->read(room, ec);
    }
    std::size_t write(std::span<const std::string_view> pieces, std::error_code& ec) noexcept override {
        return below_->write(pieces, ec);
    }
    Interest wait(Interest interest) override { return below_->wait(interest); }
    void finish() noexcept override { below_->finish(); }
    [[nodiscard]] std::size_t unacknowledged() const noexcept override { return below_->unacknowledged(); }

protected:
    std::unique_ptr<Transport> below_;

private:
    void ready(Interest ready) noexcept override { notify(ready); }
};

constexpr char key = 0x5A;

std::string flipped(std::string bytes) {
    for (char& byte : bytes) byte = static_cast<char>(byte ^ key);
    return bytes;
}

/// Flips bits of each byte in both directions.
class Flipping final : public Wrapper {
public:
    using Wrapper::Wrapper;
    std::size_t read(std::span<char> room, std::error_code& ec) noexcept override {
        const std::size_t n = below_->read(room, ec);
        for (char& byte : room.first(n)) byte = static_cast<char>(byte ^ key);
        return n;
    }
    std::size_t write(std::span<const std::string_view> pieces, std::error_code& ec) noexcept override {
        const std::string bytes = flipped(std::string{pieces.front().substr(0, 16'384)});
        const std::string_view piece{bytes};
        return below_->write({&piece, 1}, ec);
    }
};

/// Reads far ahead, as decryption does, and hands out few bytes at a time. The socket then reports nothing
/// for the bytes that it has read already: wait() does.
class ReadingAhead final : public Wrapper {
public:
    using Wrapper::Wrapper;
    std::size_t read(std::span<char> room, std::error_code& ec) noexcept override {
        if (begin_ == end_) {
            begin_ = 0;
            end_ = below_->read(ahead_, ec);
            if (end_ == 0) return 0;
        }
        const std::size_t n = std::min({end_ - begin_, room.size(), std::size_t{10}});
        std::memcpy(room.data(), ahead_.data() + begin_, n);
        begin_ += n;
        return n;
    }
    Interest wait(Interest interest) override {
        Interest possible = below_->wait(interest);
        possible.read = interest.read && (possible.read || begin_ != end_);
        return possible;
    }

private:
    std::array<char, 64 * 1024> ahead_{};
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

template <class Wrapping>
resp::Options wrapped_in() {
    resp::Options options;
    options.wrap = [](std::unique_ptr<Transport> socket) {
        return std::make_unique<Wrapping>(std::move(socket));
    };
    return options;
}

}  // namespace

TEST_CASE("a wrapped server reads and writes what the wrapper makes of the bytes") {
    const PingOfKnown handler;
    RunningServer server{wrapped_in<Flipping>(), handler};
    Client client = server.client();
    client.send(flipped(std::string{ping}));
    CHECK(client.receive(pong.size()) == flipped(std::string{pong}));
    const std::string large = noise(1'000'000);
    client.send(flipped(command("ECHO", large) + std::string{ping}));
    const std::string expected = bulk(large) + std::string{pong};
    CHECK((client.receive(expected.size()) == flipped(expected)));
    const std::string push = bulk(noise(500'000));
    CHECK(handler.clients->items()[0].send(push) == resp::Sent::queued);
    CHECK((client.receive(push.size()) == flipped(push)));
    client.finish();
    CHECK(client.rest().empty());
    CHECK(eventually([&] { return server.stats().connections == 0 && server.stats().memory == 0; }));
}

TEST_CASE("requests that a wrapper has read ahead are answered without further input") {
    RunningServer server{wrapped_in<ReadingAhead>(), Ping{}};
    Client client = server.client();
    for (int i = 0; i != 3; ++i) {
        client.send(repeat(ping, 2'000));
        CHECK((client.receive(2'000 * pong.size()) == repeat(pong, 2'000)));
    }
    client.send(repeat(ping, 100));
    client.finish();
    CHECK((client.rest() == repeat(pong, 100)));
}

TEST_CASE("a coroutine handler gets requests that a wrapper has read ahead") {
    const Gated handler;
    RunningServer server{wrapped_in<ReadingAhead>(), handler};
    Client client = server.client();
    client.send(repeat(ping, 100));
    CHECK((client.receive(100 * pong.size()) == repeat(pong, 100)));
}

TEST_CASE("a stop answers the requests that a wrapper has read ahead") {
    RunningServer server{wrapped_in<ReadingAhead>(), Ping{}};
    Client client = server.client();
    CHECK(client.ask(ping) == pong);
    client.send(repeat(ping, 1'000));
    REQUIRE(client.readable_within(support::patience));
    server->stop();
    CHECK((client.rest() == repeat(pong, 1'000)));
    server.join();
}

TEST_CASE("a client for which wrap throws or returns null is closed, and the others are served") {
    auto made = std::make_shared<std::atomic<int>>(0);
    resp::Options options;
    options.wrap = [made](std::unique_ptr<Transport> socket) -> std::unique_ptr<Transport> {
        const int n = ++*made;
        if (n == 1) throw std::runtime_error{"no"};
        if (n == 2) return nullptr;
        return std::make_unique<Wrapper>(std::move(socket));
    };
    RunningServer server{std::move(options), Ping{}};
    CHECK(server.client().rest().empty());
    CHECK(server.client().rest().empty());
    Client client = server.client();
    CHECK(client.ask(ping) == pong);
    CHECK(eventually([&] { return server.stats().connections == 1; }));
    CHECK(server.stats().accept_errors == 2);
}
