// Memory runs out at each single allocation in the life of a connection: at most one connection is lost,
// nothing leaks, and later clients are served.
#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/memory_transport.hpp"

#include <libresp/codec/command.hpp>

#include <asio/awaitable.hpp>

#include <cstdio>
#include <optional>

using support::command;
using support::FailingAllocation;
using support::MemoryClient;
using support::MemoryServer;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view ping_command = "*1\r\n$4\r\nPING\r\n";
constexpr std::string_view echoed_ping = "*1\r\n$4\r\nPING\r\n";  // the handler echoes

/// Sends each command back. PUSH pushes first, THROW throws after half a reply.
void answer(const resp::Request& request, resp::Reply& reply) {
    const resp::Command command = request.command();
    if (command.is("PUSH")) {
        request.connection().send([](resp::Encoder& out) { out.push(1).bulk_string(std::string(40, 'p')); });
    }
    if (command.is("THROW")) {
        reply.array(2).integer(1);
        throw std::runtime_error{"thrown"};
    }
    if (command.is("QUIT")) reply.close();
    reply.value(request.value());
}

struct Plain {
    void operator()(const resp::Request& request, resp::Reply& reply) const { answer(request, reply); }
};

/// Keeps a handle on the last client.
struct Known : Plain {
    static inline resp::Connection connection;
    static void on_open(const resp::Connection& opened) { connection = opened; }
};

// Used with one failure only: Asio 1.22 ends the process if it has no memory to begin an operation in a
// coroutine.
struct Waiting {
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) const {
        answer(request, reply);
        co_return;
    }
};

/// Some functions of the engine may throw std::bad_alloc to their caller.
template <class Action>
void attempt(const Action& action) {
    try {
        action();
    } catch (const std::bad_alloc&) {
    }
}

/// One line per client: the pieces that it sends.
const std::vector<std::vector<std::string>>& conversations() {
    static const std::vector<std::vector<std::string>> all = {
        {std::string{ping_command} + std::string{ping_command}, "*1\r\n$4\r", "\nPUSH\r\n",
         "SET 'a \\' b' \"\\x41\"\r\n"},
        {command("SET", std::string(200'000, 'v')).substr(0, 100'000), std::string(50'000, 'v'),
         std::string(50'000, 'v') + command(std::string(300'000, 'w'))},
        {"*300\r\n",
         [] {
             std::string words;
             for (int i = 0; i != 300; ++i) words += "$1\r\na\r\n";
             return words;
         }() +
             command("GET", "a"),
         command("QUIT")},
        {command("THROW"), std::string{ping_command}},
        {std::string{ping_command} + "*1\r\n:1\r\n", std::string{ping_command}},
        {command("PUSH"), command("GET"), command("PUSH")},
    };
    return all;
}

class Scenario {
public:
    Scenario() : server_(options(), Plain{}), bystander_(&connect()) {}

    /// All clients connect, send their pieces, and end.
    void speak() {
        for (const std::vector<std::string>& pieces : conversations_) {
            MemoryClient* client = nullptr;
            attempt([&] { client = &connect(); });
            if (client == nullptr) {
                hear(nullptr);
                continue;
            }
            for (const std::string& piece : pieces) {
                send(*client, piece);
                step();
            }
            client->finish();
            step();
            hear(client);
        }
    }
    /// Requires that at most one client received something else than in another run.
    void require_one_lost(const Scenario& other) const {
        REQUIRE(heard_.size() == other.heard_.size());
        std::size_t lost = 0;
        for (std::size_t i = 0; i != heard_.size(); ++i) lost += heard_[i] != other.heard_[i] ? 1 : 0;
        REQUIRE(lost <= 1);
    }
    void stop() {
        attempt([&] { server_.stop(); });
        step();
    }

    /// Requires that an old and a new client are served.
    void require_served() {
        MemoryClient& next = connect();
        for (MemoryClient* const client : {bystander_, &next}) {
            client->send(ping_command);
            server_.run();
            REQUIRE(client->received == echoed_ping);
            client->finish();
        }
        require_gone();
    }
    void require_gone() {
        REQUIRE_FALSE(escaped_);
        server_.pass(11s);
        REQUIRE(server_.connections() == 0);
        REQUIRE(server_.memory() == 0);
    }
    void require_stopped() {
        require_gone();
        REQUIRE(server_.has_stopped());
    }

private:
    static resp::Options options() {
        resp::Options options;
        options.log = {.level = resp::LogLevel::debug, .sink = [](resp::LogLevel, std::string_view) {}};
        return options;
    }
    MemoryClient& connect() {
        MemoryClient& client = server_.connect();
        const support::SparedAllocation spared;  // memory of the client, not of the server
        client.received.reserve(700'000);
        return client;
    }
    void hear(const MemoryClient* client) {
        const support::SparedAllocation spared;
        heard_.push_back(client != nullptr ? client->received : std::string{});
    }
    static void send(MemoryClient& client, const std::string& bytes) {
        const support::SparedAllocation spared;
        client.send(bytes);
    }
    void step() {
        try {
            server_.run();
        } catch (const std::bad_alloc&) {
            escaped_ = true;  // it would end the thread of a real server
        }
    }

    const std::vector<std::vector<std::string>>& conversations_ = conversations();
    MemoryServer server_;
    MemoryClient* bystander_;
    std::vector<std::string> heard_;  // what each client received
    bool escaped_ = false;
};

/// Runs it again and again: in run n, allocation n fails. Ends when a run has fewer allocations. Returns
/// their number.
template <class Run, class Check>
std::size_t fail_each(const Run& run, const Check& check) {
    for (std::size_t n = 1;; ++n) {
        CAPTURE(n);
        const std::ptrdiff_t before = support::live_allocations();
        bool failed = false;
        {
            Scenario scenario;
            {
                const FailingAllocation failing{n};
                run(scenario);
                failed = FailingAllocation::has_failed();
            }
            check(scenario);
        }
        const std::ptrdiff_t leaked = support::live_allocations() - before;
        if (n > 1) REQUIRE(leaked == 0);  // the first run may allocate static objects
        if (!failed) return n - 1;
    }
}

}  // namespace

TEST_CASE("the allocator fails at the given allocation") {
    const std::string large(10'000, 'a');
    resp::Buffer buffer;
    bool early = false;
    bool thrown = false;
    {
        const FailingAllocation failing{2};
        buffer.append("a");
        early = FailingAllocation::has_failed();
        try {
            buffer.append(large);
        } catch (const std::bad_alloc&) {
            thrown = true;
        }
    }
    CHECK_FALSE(early);
    CHECK(thrown);
    CHECK(buffer.view() == "a");
}

TEST_CASE("when memory runs out at any allocation, at most one connection is lost") {
    Scenario healthy;
    healthy.speak();
    const auto check = [&](Scenario& scenario) {
        scenario.require_one_lost(healthy);
        scenario.require_served();
    };
    const std::size_t n = fail_each([](Scenario& scenario) { scenario.speak(); }, check);
    std::printf("traffic: %zu allocations failed, one a run\n", n);
    CHECK(n > 10);  // TSan has its own operator new, so there are fewer than elsewhere
}

TEST_CASE("a push without memory throws, and does not count as queued") {
    const std::string push(900, 'p');
    MemoryServer server{{.batch_output = 100, .max_pushes = 1'000}, Known{}};
    MemoryClient& client = server.connect();
    client.room = 0;
    for (int i = 0; i != 3; ++i) {
        std::string bytes = push;
        bool told = false;
        bool failed = false;
        {
            const FailingAllocation failing{1};
            try {
                Known::connection.send(std::move(bytes));
            } catch (const std::bad_alloc&) {
                told = true;
            }
            failed = FailingAllocation::has_failed();
        }
        CHECK(told == failed);
        if (!failed) return;  // TSan has its own operator new
    }
    REQUIRE(Known::connection.send(push) == resp::Sent::queued);
    client.room = MemoryClient::all;
    server.run();
    CHECK(client.received == push);
    CHECK_FALSE(client.closed);
}

TEST_CASE("without memory to post a flush, a connection with a coroutine handler ends") {
    MemoryServer server{{}, Waiting{}};
    MemoryClient& client = server.connect();
    client.room = 2;
    client.send(ping_command);
    server.run();
    REQUIRE(client.received.size() == 2);
    client.send(ping_command);
    client.room = MemoryClient::all;
    bool failed = false;
    {
        const FailingAllocation failing{1};
        client.notify({.read = true});
        failed = FailingAllocation::has_failed();
    }
    server.run();
    client.finish();
    server.run();
    if (!failed) return;  // TSan has its own operator new
    CHECK(client.closed);
    CHECK(server.connections() == 0);
    CHECK(server.memory() == 0);
}

TEST_CASE("a close() without memory takes effect at the next tick") {
    MemoryServer server{{}, Known{}};
    MemoryClient& client = server.connect();
    REQUIRE(Known::connection.send("+push\r\n") == resp::Sent::queued);
    {
        const FailingAllocation failing{1};
        Known::connection.close();
    }
    CHECK_FALSE(Known::connection.is_open());
    server.tick(200ms);
    server.run();
    CHECK(client.received == "+push\r\n");  // it was queued before the close()
    CHECK(client.ended);
    server.pass(2s);
    CHECK(client.closed);
}

TEST_CASE("when memory runs out before or during a stop, the server still stops") {
    const auto speak_and_stop = [](Scenario& scenario) {
        scenario.speak();
        scenario.stop();
    };
    const std::size_t n = fail_each(speak_and_stop, [](Scenario& scenario) { scenario.require_stopped(); });
    std::printf("traffic and a stop: %zu allocations failed, one a run\n", n);
    CHECK(n > 10);  // TSan has its own operator new, so there are fewer than elsewhere
}
