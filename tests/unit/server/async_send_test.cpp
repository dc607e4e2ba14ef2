// async_send(): a producer keeps pace with its client, in bounded memory, and learns when the client is gone.
#include <libresp/server/asio.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/use_future.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"
#include "support/running_server.hpp"
#include "support/sizes.hpp"

#include <future>
#include <optional>
#include <thread>
#include <vector>

using resp::Connection;
using support::Client;
using support::command;
using support::eventually;
using support::kib;
using support::MemoryClient;
using support::MemoryServer;
using support::mib;
using support::noise;
using support::ping;
using support::PingOfKnown;
using support::pong;
using support::RunningServer;

namespace {

constexpr std::size_t mark = 256 * kib;  // Options::connection_memory

using Result = std::optional<std::error_code>;

/// A server with one client that does not read, and its handle.
struct Scene {
    explicit Scene(resp::Options options = {}) : server(std::in_place, std::move(options), handler) {
        client.room = 0;
        server->run();
    }
    [[nodiscard]] Connection handle() const { return handler.clients->items().front(); }
    /// Sends that many bytes. The result has a value when the send has completed.
    std::shared_ptr<Result> send(std::size_t size, std::uint32_t seed = 1) {
        const auto result = std::make_shared<Result>();
        async_send(handle(), noise(size, seed), [result](std::error_code ec) {
            CHECK_FALSE(result->has_value());
            *result = ec;
        });
        CHECK_FALSE(result->has_value());  // never inside the call
        return result;
    }
    void take(std::size_t bytes) {
        client.room = bytes;
        server->run();
    }

    PingOfKnown handler;
    std::optional<MemoryServer> server;
    MemoryClient& client = server->connect();
};

/// Sends parts, each when the one before has completed.
struct Producer : std::enable_shared_from_this<Producer> {
    Producer(Connection to, std::size_t parts, std::size_t size)
        : client(std::move(to)), left(parts), part(noise(size)) {}
    void go_on() {
        if (left-- == 0) return;
        async_send(client, part, [self = shared_from_this()](std::error_code ec) {
            REQUIRE_FALSE(ec);
            ++self->completed;
            self->go_on();
        });
    }
    Connection client;
    std::size_t left;
    std::string part;
    std::size_t completed = 0;
};

/// Answers PING at once. Answers anything else with PONG when async_send() to its client has completed.
struct SendsFirst {
    std::shared_ptr<std::vector<std::string>> ends = std::make_shared<std::vector<std::string>>();
    std::shared_ptr<int> frame = std::make_shared<int>();  // owned by each coroutine too

    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) const {
        const std::shared_ptr<int> of_frame = frame;
        const Connection client = request.connection();
        std::error_code ec;
        if (request.command().is("UNLESS")) {
            const bool stays =
                co_await resp::unless_gone(client, async_send(client, noise(2 * mark), asio::use_awaitable));
            ends->emplace_back(stays ? "stays" : "left");
        } else if (!request.command().is("PING")) {
            co_await async_send(client, noise(2 * mark), asio::redirect_error(asio::use_awaitable, ec));
            ends->push_back(ec.message());
        }
        reply.simple_string("PONG");
    }
};

}  // namespace

// ---- pacing

TEST_CASE("async_send() completes when its bytes are queued and few wait for the client") {
    Scene scene;
    const auto first = scene.send(mark);
    scene.server->run();
    CHECK(*first == std::error_code{});
    const auto second = scene.send(1, 2);
    scene.server->run();
    CHECK(*second == std::nullopt);
    scene.take(1);
    CHECK(*second == std::error_code{});
    scene.take(MemoryClient::all);
    CHECK((scene.client.received == noise(mark) + noise(1, 2)));
    CHECK(scene.server->memory() == 0);
}

TEST_CASE("a producer sends 100 MB to a slow reader in bounded memory and is never cut off") {
    constexpr std::size_t parts = 1'600;
    constexpr std::size_t size = 64 * kib;
    Scene scene{{.max_memory = 4 * mib, .max_pushes = 100 * kib}};
    const auto producer = std::make_shared<Producer>(scene.handle(), parts, size);
    producer->go_on();
    std::size_t most = 0;
    std::size_t matched = 0;
    while (producer->completed != parts) {
        const std::size_t before = producer->completed;
        for (int i = 0; i != 16; ++i) {
            scene.take(16 * kib);
            most = std::max<std::size_t>(most, scene.server->memory());
        }
        REQUIRE(producer->completed > before);
        // Only the last bytes are kept, so that the test itself takes little memory.
        for (; scene.client.received.size() >= size; ++matched) {
            REQUIRE((scene.client.received.compare(0, size, producer->part) == 0));
            scene.client.received.erase(0, size);
        }
    }
    CHECK(most >= mark);
    CHECK(most < mark + 2 * size);
    scene.take(MemoryClient::all);
    CHECK(matched + scene.client.received.size() / size == parts);
    CHECK(scene.server->memory() == 0);
    CHECK(scene.server->counters().cut_off.value() == 0);
}

TEST_CASE("a producer on another thread sends 100 MB to a client that reads slowly") {
    const PingOfKnown handler;
    RunningServer server{{.max_pushes = mib}, handler};
    Client client = server.client();
    CHECK(client.ask(ping) == pong);
    const auto part = std::make_shared<const std::string>(noise(mib));
    std::atomic<std::uint64_t> most{0};
    std::jthread producer{[&] {
        const Connection to = handler.clients->items().front();
        for (int i = 0; i != 100; ++i) {
            async_send(to, part, asio::use_future).get();
            most = std::max<std::uint64_t>(most, server.stats().memory);
        }
    }};
    for (int i = 0; i != 100; ++i) {
        const bool same = client.receive(mib) == *part;
        REQUIRE(same);
    }
    producer.join();
    CHECK(most < mark + 2 * mib);
    CHECK(server.stats().cut_off == 0);
    CHECK(client.ask(ping) == pong);
}

TEST_CASE("several async_sends at once keep their order among each other and among pushes") {
    Scene scene;
    std::string expected;
    std::vector<std::shared_ptr<Result>> results;
    for (std::uint32_t i = 0; i != 20; ++i) {
        const std::size_t size = i == 0 ? 2 * mark : i % 3 == 0 ? 100 : 50 * kib;
        results.push_back(scene.send(size, i));
        CHECK(scene.handle().send("+push\r\n") == resp::Sent::queued);
        expected += noise(size, i) + "+push\r\n";
    }
    scene.server->run();
    for (const auto& result : results) CHECK(*result == std::nullopt);
    scene.take(MemoryClient::all);
    for (const auto& result : results) CHECK(*result == std::error_code{});
    CHECK((scene.client.received == expected));
}

TEST_CASE("connections that get the same string by async_send() share it") {
    Scene scene;
    MemoryClient& other = scene.server->connect();
    other.room = 0;
    scene.server->run();
    const auto bytes = std::make_shared<const std::string>(noise(mib));
    int completed = 0;
    for (const Connection& to : scene.handler.clients->items())
        async_send(to, bytes, [&](std::error_code) { ++completed; });
    CHECK(scene.server->memory() >= mib);
    CHECK(scene.server->memory() < mib + 10 * kib);
    scene.take(MemoryClient::all);
    CHECK(completed == 1);
    other.room = MemoryClient::all;
    scene.server->run();
    CHECK(completed == 2);
    CHECK((other.received == *bytes));
    CHECK(scene.server->memory() == 0);
}

TEST_CASE("async_send() follows the reply that a handler is writing, and waits for it") {
    struct Handler : support::Gated {
        PingOfKnown known;
        void on_open(const Connection& connection) const { known.on_open(connection); }
        asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) const {
            reply.array(1);
            co_await Gated::operator()(request, reply);
        }
    };
    const Handler handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send(command("WAIT"));
    server.run();
    Result result;
    async_send(handler.known.clients->items().front(), noise(2 * mark),
               [&](std::error_code ec) { result = ec; });
    server.run();
    CHECK(result == std::nullopt);
    handler.open();
    server.run();
    CHECK(result == std::error_code{});
    CHECK((client.received == "*1\r\n+PONG\r\n" + noise(2 * mark)));
}

TEST_CASE("a coroutine handler sends to its client before it replies") {
    const SendsFirst handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.room = mark - 1;
    client.send(command("SEND"));
    server.run();
    CHECK(handler.ends->empty());
    client.room = MemoryClient::all;
    server.run();
    CHECK(*handler.ends == std::vector{std::error_code{}.message()});
    CHECK((client.received == noise(2 * mark) + std::string{pong}));
}

// ---- errors

TEST_CASE("async_send() to a connection that is gone fails") {
    Scene scene;
    SECTION("and was closed by the program") { scene.handle().close(); }
    SECTION("and was reset") {
        scene.client.fail();
        scene.client.notify({.gone = true});
    }
    Result result;
    asio::io_context context;
    async_send(scene.handle(), noise(1),
               asio::bind_executor(context, [&](std::error_code ec) { result = ec; }));
    CHECK(result == std::nullopt);
    context.run();
    CHECK(result == std::make_error_code(std::errc::not_connected));
    scene.server->run();
    CHECK(scene.client.received.empty());
    CHECK(scene.server->memory() == 0);
}

TEST_CASE("async_send() to no client, or after its server is gone, fails without an executor") {
    Scene scene;
    const Connection client = GENERATE(true, false) ? scene.handle() : Connection{};
    scene.server.reset();
    std::promise<std::error_code> result;
    async_send(client, noise(1), [&](std::error_code ec) { result.set_value(ec); });
    CHECK(result.get_future().get() == std::errc::not_connected);
}

TEST_CASE("async_send() of bytes for which max_memory has no room fails, and the connection stays") {
    Scene scene{{.max_memory = mib}};
    const auto result = scene.send(2 * mib);
    scene.server->run();
    CHECK(*result == std::make_error_code(std::errc::not_enough_memory));
    CHECK(scene.server->memory() == 0);
    scene.client.send(ping);
    scene.take(MemoryClient::all);
    CHECK(scene.client.received == pong);
}

TEST_CASE("a wait for room fails when the connection ends") {
    Scene scene;
    const auto first = scene.send(2 * mark);
    const auto second = scene.send(1);
    scene.server->run();
    SECTION("because the client resets it") {
        scene.client.fail();
        scene.client.notify({.write = true});
    }
    SECTION("because the client reads nothing") { scene.server->pass(std::chrono::minutes{2}); }
    SECTION("because the server is stopped by force") { scene.server->abort(); }
    SECTION("because the server stops and the drain deadline passes") {
        scene.server->stop();
        scene.server->pass(std::chrono::seconds{10});
        CHECK(scene.server->has_stopped());
    }
    scene.server->run();
    CHECK(*first == std::make_error_code(std::errc::not_connected));
    CHECK(*second == std::make_error_code(std::errc::not_connected));
    CHECK(scene.server->memory() == 0);
}

TEST_CASE("a connection that closes sends the bytes of async_send() first") {
    Scene scene;
    const auto result = scene.send(2 * mark);
    scene.handle().close();
    scene.server->run();
    CHECK(*result == std::nullopt);
    scene.take(MemoryClient::all);
    CHECK(*result == std::error_code{});
    CHECK((scene.client.received == noise(2 * mark)));
}

TEST_CASE("a handler that waits for room learns that its client has reset the connection") {
    const SendsFirst handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.send(command("SEND"));
    server.run();
    client.fail();
    client.notify({.gone = true});
    server.run();
    CHECK(*handler.ends == std::vector{std::make_error_code(std::errc::not_connected).message()});
    CHECK(server.connections() == 0);
}

// ---- cancellation

TEST_CASE("a cancelled async_send() stops waiting, and its bytes stay queued") {
    Scene scene;
    asio::cancellation_signal signal;
    Result result;
    async_send(scene.handle(), noise(2 * mark),
               asio::bind_cancellation_slot(signal.slot(), [&](std::error_code ec) { result = ec; }));
    const bool queued = GENERATE(true, false);
    if (queued) scene.server->run();
    signal.emit(asio::cancellation_type::total);  // cannot be granted: the bytes are queued
    scene.server->run();
    CHECK(result == std::nullopt);
    signal.emit(asio::cancellation_type::terminal);
    CHECK(result == std::nullopt);
    scene.server->run();
    CHECK(result == std::error_code{asio::error::operation_aborted});
    signal.emit(asio::cancellation_type::terminal);  // does nothing
    scene.take(MemoryClient::all);
    CHECK((scene.client.received == noise(2 * mark)));
}

TEST_CASE("unless_gone() ends an async_send()") {
    const SendsFirst handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.room = 0;
    client.send(command("UNLESS"));
    server.run();
    client.finish();
    server.run();
    CHECK(*handler.ends == std::vector<std::string>{"left"});
}

// ---- the context is destroyed

TEST_CASE("the completion handler of an async_send() is destroyed with the server") {
    const auto owned = std::make_shared<int>();
    std::optional<Scene> scene{std::in_place};
    async_send(scene->handle(), noise(2 * mark), [owned](std::error_code) { FAIL("was called"); });
    if (GENERATE(true, false)) scene->server->run();
    CHECK(owned.use_count() == 2);
    scene.reset();
    CHECK(owned.use_count() == 1);
}

TEST_CASE("a coroutine handler that waits for room is destroyed with the server") {
    const SendsFirst handler;
    {
        MemoryServer server{{}, handler};
        MemoryClient& client = server.connect();
        client.room = 0;
        client.send(command("SEND"));
        server.run();
        CHECK(handler.frame.use_count() > 3);
    }
    CHECK(handler.frame.use_count() == 1);
    CHECK(handler.ends->empty());
}

TEST_CASE("a coroutine handler that waits for room is destroyed with the context of an embedded server") {
    const SendsFirst handler;
    std::optional<asio::io_context> context{std::in_place};
    std::optional<resp::Server<SendsFirst>> server{std::in_place, context->get_executor(),
                                                   resp::Options{.port = 0}, handler};
    server->start();
    Client client{server->local_endpoint(), {.receive_buffer = 4096}};
    for (int i = 0; i != 30; ++i) client.send(command("SEND"));  // more than the socket buffers take
    const auto begun = [&] { return handler.frame.use_count(); };
    for (long before = 0; before != begun() || handler.ends->empty();) {
        before = begun();
        context->run_for(std::chrono::milliseconds{100});
    }
    CHECK(handler.ends->size() < 30);
    server.reset();
    context.reset();
    CHECK(handler.frame.use_count() == 1);
}
