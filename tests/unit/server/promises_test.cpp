// Numbers that SECURITY.md promises, with the default options: what is allowed at each bound, and what is not above
// it. Others are tested beside their subject: how many clients a thread accepts or serves in a row in
// fairness_test.cpp, the keepalive in sockets_test.cpp, log lines in log_test.cpp and logger_test.cpp, the lock of a
// directory in unix_test.cpp, and what a child inherits in descriptor_test.cpp. tests/docs/defaults_test.py compares
// the tables of defaults.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/describe.hpp"
#include "support/memory_transport.hpp"
#include "support/sizes.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>
#include <vector>

using resp::detail::BatchLimits;
using resp::detail::Descriptor;
using resp::detail::Output;
using resp::detail::Pieces;
using resp::detail::Worker;
using support::kib;
using support::MemoryClient;
using support::MemoryServer;
using support::mib;
using support::Ping;
using support::ping;
using support::PingOfKnown;
using support::repeat;
using namespace std::chrono_literals;

namespace {

/// GIVE <bytes> is answered with so many bytes.
void give_bytes(const resp::Request& request, resp::Reply& reply) {
    reply.wire(std::string(static_cast<std::size_t>(request.command().integer(1).value_or(0)), 'x'));
}
std::string asking_for(std::size_t bytes) { return support::command("GIVE", bytes); }

/// Receives a word of any length, and replies to other requests, piece by piece.
struct PieceByPiece {
    bool wants_stream(const resp::Command&, std::uint64_t) const { return true; }
    asio::awaitable<void> on_stream(resp::Incoming& incoming, resp::Reply& reply) const {
        while (const auto piece = co_await incoming.next()) {
        }
        reply.simple_string("OK");
    }
    asio::awaitable<void> operator()(const resp::Request&, resp::Reply& reply) const {
        for (int i = 0; i != 40; ++i) {
            reply.integer(i);
            co_await reply.drain();
        }
    }
};

/// An ECHO of exactly so many bytes, from 1,023 to 10,022.
std::string request_of(std::size_t bytes) {
    std::string request = support::command("ECHO", std::string(bytes - 23, 'x'));
    REQUIRE(request.size() == bytes);
    return request;
}

/// The requests that the first batch handles.
template <class Handler>
std::uint64_t first_batch(Handler handler, std::string_view requests) {
    MemoryServer server{{}, std::move(handler)};
    MemoryClient& client = server.connect();
    client.send(requests);
    REQUIRE(client.notify());
    return server.counters().requests.value();
}

/// Whether a batch is late when it has handled `requests`, a little more than `time` after its second one.
bool is_late_after(std::uint64_t requests, std::chrono::microseconds time) {
    BatchLimits limits;
    limits.begin(0, 0, 0, SIZE_MAX);
    CHECK_FALSE(limits.is_late(2));
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun <= time) {
    }
    return limits.is_late(requests);
}

/// Takes 300 objects from the worker, lets them grow, and gives them back. Returns how many bytes the worker keeps.
template <class Take, class Grow, class Memory>
std::size_t kept_by(Worker& worker, Take take, Grow grow, Memory memory) {
    std::vector<decltype(take())> taken;
    for (int i = 0; i != 300; ++i) {
        taken.push_back(take());
        grow(*taken.back(), i);
    }
    for (auto& each : taken) worker.give_back(std::move(each));
    // If the worker keeps none, it makes one, which holds almost no memory.
    std::size_t sum = 0;
    while (memory(*taken.emplace_back(take())) > kib) sum += memory(*taken.back());
    return sum;
}

}  // namespace

// ---- the work for one client before other clients are served

TEST_CASE("a batch ends after 64 KiB of input") {
    const std::string seven = repeat(request_of(8 * kib), 7);
    CHECK(first_batch(Ping{}, seven + request_of(8 * kib) + std::string{ping}) == 8);
    CHECK(first_batch(Ping{}, seven + request_of(8 * kib - 1) + std::string{ping}) == 9);
}

TEST_CASE("a batch ends after more than 256 KiB of replies") {
    CHECK(first_batch(give_bytes, asking_for(256 * kib) + asking_for(1) + asking_for(1)) == 2);
    CHECK(first_batch(give_bytes, asking_for(256 * kib + 1) + asking_for(1) + asking_for(1)) == 1);
}

TEST_CASE("a batch ends after 1 ms, which is checked every 16 requests") {
    CHECK(is_late_after(16, 1ms));
    CHECK(is_late_after(32, 1ms));
    CHECK_FALSE(is_late_after(15, 1ms));
    CHECK_FALSE(is_late_after(17, 1ms));
    // Only a busy machine makes it late here.
    CHECK(support::eventually([] { return !is_late_after(16, 900us); }));
}

TEST_CASE("a value that streams has 4 reads or drains before other clients are served") {
    MemoryServer server{{}, PieceByPiece{}};
    MemoryClient& client = server.connect();
    const auto calls = [&] { return client.reads + client.writes; };
    SECTION("reads") {
        client.send("*2\r\n$3\r\nPUT\r\n$2000000\r\n");
        for (int i = 0; i != 40; ++i) client.send(std::string(1'000, 'x'));
    }
    SECTION("drains") { client.send(ping); }
    REQUIRE(client.notify());
    std::vector<std::size_t> in_a_row;
    for (std::size_t before = calls(); server.run_posted(); before = calls())
        in_a_row.push_back(calls() - before);
    REQUIRE(in_a_row.size() > 8);
    CHECK(*std::max_element(in_a_row.begin(), in_a_row.end()) == 4);
    CHECK(std::count(in_a_row.begin(), in_a_row.end(), 4) >= 8);
}

// ---- memory

TEST_CASE("a reply may exceed max_reply by 320 KiB, and not by more") {
    const auto reply_to = [](const std::string& request) {
        MemoryServer server{{.max_reply = 1'000}, give_bytes};
        MemoryClient& client = server.connect();
        client.send(request);
        server.run();
        return client.received;
    };
    CHECK((reply_to(asking_for(1'000 + 320 * kib)) == std::string(1'000 + 320 * kib, 'x')));
    CHECK(reply_to(asking_for(1'001 + 320 * kib)).substr(0, 100) == "-ERR internal error\r\n");
}

TEST_CASE("input exceeds max_memory by at most the growth of one receive buffer, which doubles") {
    const auto clients = GENERATE(1U, 4U);
    constexpr std::uint64_t most = 3 * mib;
    const PingOfKnown handler;
    MemoryServer server{{.max_memory = most}, handler};
    std::vector<MemoryClient*> all;
    for (unsigned i = 0; i != clients; ++i) all.push_back(&server.connect());
    for (MemoryClient* client : all) client->send("*2\r\n$4\r\nECHO\r\n$8000000\r\n");
    for (int i = 0; i != 80; ++i) {
        for (MemoryClient* client : all) client->send(std::string(100'000, 'x'));
    }
    const auto largest = [&] {
        std::size_t bytes = 0;
        for (const resp::Connection& client : handler.clients->items())
            bytes = std::max(bytes, client.held());
        return bytes;
    };
    std::uint64_t highest = 0;
    for (bool goes_on = true; goes_on;) {
        const std::uint64_t before = server.memory();
        const std::size_t buffer = largest();
        goes_on = server.step();
        highest = std::max(highest, server.memory());
        if (server.memory() <= before) continue;
        REQUIRE(before <= most);
        // The first buffer has up to 128 KiB. A later one may have 32 KiB more than double.
        REQUIRE(server.memory() - before <= std::max(buffer + 32 * kib, 128 * kib));
    }
    CHECK(highest > most / 4 * 3);
}

TEST_CASE("a thread keeps at most 40 MiB of buffers, and at most 3/64 of max_memory") {
    const auto [memory, least, most] = GENERATE(table<std::size_t, std::size_t, std::size_t>({
        {1024 * mib, 35 * mib, 40 * mib},
        {64 * 1024 * mib, 35 * mib, 40 * mib},
        {64 * mib, 3 * mib - 32 * kib, 3 * mib},
    }));
    MemoryServer server{{.max_memory = memory}, Ping{}};
    Worker& worker = server.worker();
    const std::size_t decoders = kept_by(
        worker, [&] { return worker.take_decoder(0); },
        [](resp::Decoder& decoder, int) { static_cast<void>(decoder.prepare(mib)); },
        [](const resp::Decoder& decoder) { return decoder.memory(); });
    const std::size_t outputs = kept_by(
        worker, [&] { return worker.take_output(); },
        [](Output& output, int i) {
            static_cast<void>(output.bytes.prepare(i % 2 == 0 ? Output::most_kept : mib));
        },
        [](const Output& output) { return output.bytes.capacity(); });
    const std::size_t queues = kept_by(
        worker, [&] { return worker.take_pieces(); },
        [](Pieces& pieces, int) {
            while (pieces.memory() < 16 * kib) static_cast<void>(pieces.add_hole({}));
            pieces.keep_first(0);
        },
        [](const Pieces& pieces) { return pieces.memory(); });
    CHECK(decoders + outputs + queues >= least);
    CHECK(decoders + outputs + queues <= most);
}

// ---- signals

namespace {

/// Counts SIGPIPE, which would end the process.
class PipeSignals {
public:
    PipeSignals() {
        count_ = 0;
        struct sigaction counting{};
        counting.sa_handler = [](int) { count_ = count_ + 1; };
        ::sigaction(SIGPIPE, &counting, &before_);
    }
    PipeSignals(const PipeSignals&) = delete;
    PipeSignals& operator=(const PipeSignals&) = delete;
    ~PipeSignals() { ::sigaction(SIGPIPE, &before_, nullptr); }
    [[nodiscard]] static int count() { return count_; }

private:
    static inline volatile std::sig_atomic_t count_ = 0;
    struct sigaction before_{};
};

/// The server's end of a connection, and that of its client.
std::pair<Descriptor, Descriptor> socket_pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    return {Descriptor{ends[0]}, Descriptor{ends[1]}};
}

}  // namespace

TEST_CASE("writing to a client that has left raises no SIGPIPE") {
    const PipeSignals signals;
    asio::io_context context{1};
    SECTION("one piece or several") {
        const auto pieces = GENERATE(1U, 2U);
        const auto owner = std::make_shared<int>();
        resp::detail::Poller poller{context.get_executor(), owner};
        resp::detail::SocketTransport transport{socket_pair().first, poller};
        const std::vector<std::string_view> bytes(pieces, "reply");
        std::error_code ec;
        CHECK(transport.write(bytes, ec) == 0);
        CHECK(ec == std::errc::broken_pipe);
    }
    SECTION("one of many that are refused") {
        const auto shared = std::make_shared<resp::detail::Shared>(
            resp::Options{}, std::make_unique<resp::detail::HandlerFactory<Ping>>(Ping{}));
        const auto worker = std::make_shared<Worker>(shared, context.get_executor());
        worker->open();
        std::vector<Descriptor> stay;
        for (std::size_t i = 0; i <= resp::detail::most_lingering; ++i) {
            auto ends = socket_pair();
            if (i != resp::detail::most_lingering) {
                stay.push_back(std::move(ends.second));
            } else {
                ::close(ends.second.release());
            }
            worker->refuse(std::move(ends.first), {.tcp = {}, .is_unix = true}, "-ERR refused\r\n");
        }
        worker->abort();
        worker->dispose();
    }
    CHECK(PipeSignals::count() == 0);
}
