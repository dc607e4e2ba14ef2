// A connection is closed while the event of its socket waits in the same epoll_wait(). In this program freed memory
// is overwritten, so its use shows.
#include "server/worker.hpp"

#include <libresp/server/handler.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "support/catch.hpp"

namespace {

using resp::detail::Descriptor;

/// Answers GIVE with 1.3 MB, anything else with PONG.
struct Giving {
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        if (request.command().is("GIVE")) {
            reply.bulk_string(std::string(1'300'000, 'v'));
        } else {
            reply.simple_string("PONG");
        }
    }
};

/// A worker on the context of the test, whose clients are pairs of Unix sockets.
class Worker {
public:
    explicit Worker(std::size_t max_memory)
        : shared_(std::make_shared<resp::detail::Shared>(
              resp::Options{.max_memory = max_memory},
              std::make_unique<resp::detail::HandlerFactory<Giving>>(Giving{}))),
          worker_(std::make_shared<resp::detail::Worker>(shared_, context_.get_executor())) {
        worker_->open();
    }

    /// The client's end of a new connection.
    [[nodiscard]] Descriptor connect() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
        const resp::detail::Peer peer{.tcp = {}, .is_unix = true};
        resp::detail::Place place;
        REQUIRE(shared_->places.take(place, peer, resp::detail::Clock::now()) == resp::detail::Refusal::none);
        worker_->accept(Descriptor{ends[1]}, peer, std::move(place));
        run();
        return Descriptor{ends[0]};
    }
    /// Handles everything that is ready.
    void run() {
        while (context_.poll() != 0) {
        }
    }
    [[nodiscard]] std::uint64_t memory() const { return shared_->memory; }
    [[nodiscard]] std::uint64_t connections() const { return shared_->places.connections(); }
    [[nodiscard]] std::uint64_t cut_off() const { return worker_->counters().cut_off.value(); }
    void abort() {
        worker_->abort();
        run();
        worker_->dispose();
    }

private:
    asio::io_context context_{1};
    std::shared_ptr<resp::detail::Shared> shared_;
    std::shared_ptr<resp::detail::Worker> worker_;
};

/// Returns what the socket took.
std::size_t send(const Descriptor& client, std::string_view bytes) {
    const auto n = ::send(client.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}

std::string received(const Descriptor& client) {
    std::array<char, 64> bytes;
    const auto n = ::recv(client.number(), bytes.data(), bytes.size(), 0);
    return {bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

}  // namespace

TEST_CASE("a socket that is destroyed while its event waits in the same poll is not used") {
    constexpr std::string_view give = "GIVE\r\n";
    Worker worker{2'000'000};
    const Descriptor first = worker.connect();
    const Descriptor second = worker.connect();
    const Descriptor largest = worker.connect();
    const Descriptor other = worker.connect();
    REQUIRE(send(largest, "*2\r\n$4\r\nECHO\r\n$2000000\r\n") != 0);
    for (std::size_t sent = 0; sent < 850'000; worker.run()) sent += send(largest, std::string(50'000, 'x'));
    REQUIRE(worker.memory() >= 1'500'000);
    REQUIRE(worker.memory() <= 2'000'000);

    // All are ready in one epoll_wait(), in this order. The reply to the first exceeds max_memory, that to the
    // second exceeds it again. So the largest is closed before its own event was handled.
    REQUIRE(send(first, give) == give.size());
    REQUIRE(send(second, give) == give.size());
    REQUIRE(send(largest, "xxxx") == 4);
    REQUIRE(send(other, "PING\r\n") == 6);
    worker.run();
    CHECK(worker.cut_off() == 1);
    CHECK(worker.connections() == 3);
    CHECK(received(first).starts_with("$1300000\r\n"));
    CHECK(received(second).starts_with("$1300000\r\n"));
    CHECK(received(other) == "+PONG\r\n");
    CHECK(received(largest).empty());
    worker.abort();
    CHECK(worker.connections() == 0);
}
