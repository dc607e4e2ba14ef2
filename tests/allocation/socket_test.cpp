// A connection is closed while the event of its socket waits in the same epoll_wait(). In this program freed memory
// is overwritten, so its use shows.
#include "server/worker.hpp"

#include <libresp/server/handler.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "support/catch.hpp"

namespace {

using resp::detail::Descriptor;

using End = std::shared_ptr<std::function<void()>>;

/// Answers END by closing all connections of the worker, anything else with PONG.
struct Ending {
    End end;
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        if (request.command().is("END")) (*end)();
        reply.simple_string("PONG");
    }
};

/// A worker on the context of the test, whose clients are pairs of Unix sockets.
class Worker {
public:
    Worker() {
        worker_->open();
        *end_ = [this] { worker_->abort(); };
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() { worker_->dispose(); }

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
    [[nodiscard]] std::uint64_t connections() const { return shared_->places.connections(); }

private:
    asio::io_context context_{1};
    End end_ = std::make_shared<std::function<void()>>();
    std::shared_ptr<resp::detail::Shared> shared_ = std::make_shared<resp::detail::Shared>(
        resp::Options{}, std::make_unique<resp::detail::HandlerFactory<Ending>>(Ending{end_}));
    std::shared_ptr<resp::detail::Worker> worker_ =
        std::make_shared<resp::detail::Worker>(shared_, context_.get_executor());
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
    Worker worker;
    const Descriptor first = worker.connect();
    const Descriptor second = worker.connect();
    const Descriptor third = worker.connect();
    // All are ready in one epoll_wait(), in this order. The first closes the others before their events were
    // handled.
    REQUIRE(send(first, "END\r\n") == 5);
    REQUIRE(send(second, "PING\r\n") == 6);
    REQUIRE(send(third, "PING\r\n") == 6);
    worker.run();
    CHECK(worker.connections() == 0);
    CHECK(received(second).empty());
    CHECK(received(third).empty());
}
