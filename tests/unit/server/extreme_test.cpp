// Options at the ends of their ranges: each means "never", is refused with its name, or has its documented
// effect. The sanitizers check that no duration overflows.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"
#include "support/running_server.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>
#include <asio/post.hpp>

#include <climits>
#include <csignal>
#include <fstream>
#include <stdexcept>

using support::bulk;
using support::command;
using support::MemoryClient;
using support::MemoryServer;
using support::Ping;
using support::ping;
using support::pong;
using support::refusal;
using support::repeat;
using support::RunningServer;
using namespace std::chrono_literals;

namespace {

constexpr auto longest = std::chrono::milliseconds::max();
constexpr auto century = std::chrono::hours{24 * 36'525};

/// The text of the exception that refuses the options. "none" if they are not refused.
/// Options in which every duration is the longest.
resp::Options all_longest() {
    return {.trim_interval = std::chrono::seconds::max(),
            .frame_deadline = longest,
            .frame_rate = 1,
            .idle_timeout = longest,
            .write_stall = longest,
            .drain_deadline = longest,
            .keepalive = std::chrono::seconds::max()};
}

#ifdef __GLIBC__
/// While it lives, the address space of the process has room for the stacks of `n` more threads. It works
/// for every user, unlike a limit on the number of tasks.
class AddressSpaceFor {
public:
    explicit AddressSpaceFor(std::size_t n) {
        constexpr std::size_t stack = std::size_t{1} << 30;
        std::size_t pages = 0;
        std::ifstream{"/proc/self/statm"} >> pages;
        ::getrlimit(RLIMIT_AS, &before_);
        const auto now = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const rlimit limit{now + n * stack + stack / 2, before_.rlim_max};
        ::setrlimit(RLIMIT_AS, &limit);
        ::pthread_getattr_default_np(&attributes_);
        pthread_attr_t large = attributes_;
        ::pthread_attr_setstacksize(&large, stack);
        ::pthread_setattr_default_np(&large);
    }
    AddressSpaceFor(const AddressSpaceFor&) = delete;
    AddressSpaceFor& operator=(const AddressSpaceFor&) = delete;
    ~AddressSpaceFor() {
        ::pthread_setattr_default_np(&attributes_);
        ::pthread_attr_destroy(&attributes_);
        ::setrlimit(RLIMIT_AS, &before_);
    }

private:
    rlimit before_{};
    pthread_attr_t attributes_{};
};
#endif

}  // namespace

// ---- durations

TEST_CASE("the longest duration means never") {
    MemoryServer server{all_longest(), Ping{}};
    MemoryClient& idle = server.connect();
    MemoryClient& stalled = server.connect();
    MemoryClient& unfinished = server.connect();
    stalled.room = 0;
    stalled.send(ping);
    unfinished.send("*2\r\n$4\r\nECHO\r\n$100000\r\n" + std::string(50'000, 'x'));
    server.pass(1h);
    CHECK_FALSE(idle.closed);
    CHECK_FALSE(stalled.closed);
    CHECK_FALSE(unfinished.closed);
    CHECK(server.counters().timeouts.value() == 0);
    SECTION("and a stop waits for the last replies") {
        server.stop();
        server.pass(29s);
        CHECK_FALSE(server.has_stopped());
        stalled.room = MemoryClient::all;
        server.pass(2s);
        CHECK(stalled.received == pong);
        CHECK(server.has_stopped());
    }
}

TEST_CASE("a server with the longest durations serves and stops") {
    const auto threads = GENERATE(1U, 2U);
    resp::Options options = all_longest();
    options.threads = threads;
    RunningServer server{options, Ping{}};
    support::Client client = server.client();
    CHECK(client.ask(ping) == pong);
    server->stop();
    CHECK(client.rest().empty());
    client.close();
    server.join();
}

TEST_CASE("the shortest durations have their documented effect") {
    MemoryServer server{{.trim_interval = 0s,
                         .frame_deadline = 0ms,
                         .idle_timeout = 0ms,
                         .write_stall = 0ms,
                         .drain_deadline = 0ms,
                         .keepalive = 0s},
                        Ping{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.send(std::string{ping} + "*1\r\n");
    server.pass(1h);
    CHECK_FALSE(client.closed);  // zero disables each deadline
    server.stop();
    server.pass(1s);  // except that of a stop, which does not wait
    CHECK(client.closed);
    CHECK(server.has_stopped());
}

TEST_CASE("one millisecond closes at the next ticks") {
    MemoryServer server{{.frame_deadline = 1ms, .idle_timeout = 1ms, .write_stall = 1ms}, Ping{}};
    MemoryClient& idle = server.connect();
    MemoryClient& stalled = server.connect();
    MemoryClient& unfinished = server.connect();
    stalled.room = 0;
    stalled.send(ping);
    unfinished.send("*1\r\n");
    server.pass(400ms);
    CHECK(idle.closed);
    CHECK(stalled.closed);
    CHECK(unfinished.closed);
}

TEST_CASE("a negative duration is refused, and the error names the option") {
    constexpr auto ms = std::chrono::milliseconds::min();
    constexpr auto s = std::chrono::seconds::min();
    CHECK(refusal({.trim_interval = s}) == "trim_interval is negative");
    CHECK(refusal({.frame_deadline = ms}) == "frame_deadline is negative");
    CHECK(refusal({.idle_timeout = -1ms}) == "idle_timeout is negative");
    CHECK(refusal({.write_stall = ms}) == "write_stall is negative");
    CHECK(refusal({.drain_deadline = -1ms}) == "drain_deadline is negative");
    CHECK(refusal({.keepalive = -1s}) == "keepalive is negative");
}

TEST_CASE("the engine's durations are between zero and a century") {
    const resp::Options most = resp::detail::normalised(all_longest());
    CHECK(most.trim_interval == century);
    CHECK(most.frame_deadline == century);
    CHECK(most.idle_timeout == century);
    CHECK(most.write_stall == century);
    CHECK(most.drain_deadline == century);
    CHECK(most.keepalive == 32'767s);  // more is an error of Linux
    const resp::Options kept = resp::detail::normalised({.idle_timeout = 1ms, .keepalive = 1s});
    CHECK(kept.idle_timeout == 1ms);
    CHECK(kept.keepalive == 1s);
    // What the engine may do with them.
    const auto now = resp::detail::Clock::now();
    CHECK(now + most.frame_deadline + most.frame_deadline > now);
}

// ---- sizes

TEST_CASE("the largest sizes serve clients") {
    constexpr std::size_t most = SIZE_MAX;
    resp::Options options{.backlog = INT_MAX,
                          .max_connections = most,
                          .limits = {most, most, most, most, most},
                          .max_memory = most,
                          .connection_memory = most,
                          .max_reply = most,
                          .batch_output = most,
                          .max_pushes = most,
                          .frame_rate = most};
    RunningServer server{options, Ping{}};
    support::Client client = server.client();
    CHECK(client.ask(command("ECHO", std::string(100'000, 'x'))) == bulk(std::string(100'000, 'x')));
    CHECK(client.ask(ping) == pong);
}

TEST_CASE("the smallest sizes serve clients or are refused") {
    SECTION("a backlog of zero is the kernel's smallest") {
        RunningServer server{{.backlog = 0}, Ping{}};
        CHECK(server.client().ask(ping) == pong);
    }
    SECTION("a batch of no byte or one has one reply") {
        const auto n = GENERATE(0U, 1U);
        MemoryServer server{{.max_connections = 1,
                             .connection_memory = n,
                             .batch_output = n,
                             .max_pushes = n,
                             .frame_rate = n},
                            Ping{}};
        MemoryClient& client = server.connect();
        client.send(repeat(ping, 5));
        server.run();
        CHECK(client.received == repeat(pong, 5));
        CHECK(server.connect().ended);  // one client is the maximum
    }
    SECTION("limits of zero or one refuse a request of four bytes") {
        const auto n = GENERATE(0U, 1U);
        MemoryServer server{{.limits = {n, n, n, n, n}}, Ping{}};
        MemoryClient& client = server.connect();
        client.send(ping);
        server.pass(2s);
        CHECK(client.received.starts_with("-ERR Protocol error"));
        CHECK(client.closed);
    }
    SECTION("max_memory of one byte serves a client that reads its replies") {
        MemoryServer server{{.max_memory = 1}, Ping{}};
        MemoryClient& client = server.connect();
        client.send(repeat(ping, 5));
        server.pass(5s);
        CHECK(client.received == repeat(pong, 5));
        CHECK_FALSE(client.closed);
    }
}

TEST_CASE("a size that cannot be served is refused, and the error names the option") {
    CHECK(refusal({.backlog = -1}) == "backlog is negative");
    CHECK(refusal({.threads = 0}) == "threads is 0");
    CHECK(refusal({.threads = UINT_MAX}) == "threads is above 1024");
    CHECK(refusal({.max_connections = 0}) == "max_connections is 0");
    CHECK(refusal({.max_memory = 0}) == "max_memory is 0");
}

// ---- signals

TEST_CASE("a stop signal that cannot be handled is refused") {
    const auto text = [](int signal) {
        return "stop_signals contains " + std::to_string(signal) + ", a signal that cannot be handled";
    };
    for (const int signal : {SIGKILL, SIGSTOP, 0, -1, 32, 65, 1'000, INT_MAX}) {
        CHECK(refusal({.stop_signals = {SIGUSR1, signal}}) == text(signal));
    }
}

// ---- threads

#ifdef __GLIBC__
TEST_CASE("a thread that cannot start is an exception of run(), and the threads before it end") {
    const AddressSpaceFor two_threads{2};
    resp::Server server{{.port = 0, .threads = 8}, Ping{}};
    std::string text;
    try {
        server.run();
    } catch (const std::system_error& error) {
        text = error.what();
    }
    // Which one depends on what else the process maps meanwhile: a sanitizer maps more.
    const bool names_a_thread = text.size() > 20 && text[20] >= '2' && text[20] <= '8';
    CHECK(names_a_thread);
    if (names_a_thread) text[20] = 'K';
    CHECK(text == "cannot start thread K of 8: Resource temporarily unavailable");
    CHECK_FALSE(support::is_listening(server.local_endpoint()));
}
#endif

TEST_CASE("an exception of work on a thread leaves run(), and the other threads end") {
    struct Throwing {
        void on_open(resp::Connection connection) {
            asio::post(connection.executor(), [] { throw std::runtime_error{"thrown by posted work"}; });
        }
        void operator()(const resp::Request&, resp::Reply&) const {}
    };
    const auto clients = GENERATE(1, 2);  // the second is on the second thread
    resp::Server server{{.port = 0, .threads = 3}, Throwing{}};
    std::vector<support::Client> connected;
    for (int i = 0; i != clients; ++i) connected.emplace_back(server.local_endpoint());
    CHECK_THROWS_WITH(server.run(), "thrown by posted work");
    CHECK_FALSE(support::is_listening(server.local_endpoint()));
}
