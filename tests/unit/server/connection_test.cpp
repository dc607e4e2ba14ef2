// Connection: pushing to a client, and closing it, outside a request.
#include <libresp/codec/decoder.hpp>

#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

#include <optional>
#include <set>

using resp::Connection;
using support::bulk;
using support::Client;
using support::command;
using support::eventually;
using support::ping;
using support::Record;
using support::RunningServer;

namespace {

using Connections = std::shared_ptr<Record<Connection>>;

/// Answers HELLO 3 with a map and switches to RESP3. Answers anything else with [word, true]. Keeps handles.
struct Sharing {
    Connections connections = std::make_shared<Record<Connection>>();

    void on_open(const Connection& connection) { connections->add(connection); }
    void operator()(const resp::Request& request, resp::Reply& reply) {
        if (request.command().is("HELLO")) {
            reply.set_version(request.command()[1] == "3" ? resp::Version::resp3 : resp::Version::resp2);
            reply.map(1).bulk_string("proto").bulk_string(request.command()[1]);
        } else {
            reply.array(2).bulk_string(request.command()[1]).boolean(true);
        }
    }
    [[nodiscard]] Connection first() const {
        eventually([&] { return connections->size() != 0; });
        return connections->items().front();
    }
};

void tick(resp::Encoder& out, int source, int i) {
    out.push(3).bulk_string("tick").integer(source).integer(i);
}

}  // namespace

TEST_CASE("a push is written in the version that the client chose") {
    const Sharing handler;
    RunningServer server{{}, handler};
    Client client = server.client();
    const Connection connection = handler.first();
    const auto push = [&] { return connection.send([](resp::Encoder& out) { tick(out, 1, 2); }); };

    CHECK(connection.version() == resp::Version::resp2);
    REQUIRE(push() == resp::Sent::queued);
    CHECK(client.reply() == "*3\r\n$4\r\ntick\r\n:1\r\n:2\r\n");
    CHECK(client.ask("HELLO 3\r\n") == "%1\r\n$5\r\nproto\r\n$1\r\n3\r\n");
    CHECK(connection.version() == resp::Version::resp3);
    REQUIRE(push() == resp::Sent::queued);
    CHECK(client.reply() == ">3\r\n$4\r\ntick\r\n:1\r\n:2\r\n");
    CHECK(client.ask("ECHO a\r\n") == "*2\r\n$1\r\na\r\n#t\r\n");
    CHECK(client.ask("HELLO 2\r\n") == "*2\r\n$5\r\nproto\r\n$1\r\n2\r\n");
    CHECK(connection.version() == resp::Version::resp2);
    CHECK(client.ask("ECHO a\r\n") == "*2\r\n$1\r\na\r\n:1\r\n");
}

TEST_CASE("pushes from other threads keep their order and never split a reply") {
    const Sharing handler;
    RunningServer server{{}, handler};
    Client client = server.client();
    client.ask("HELLO 3\r\n");
    const Connection connection = handler.first();
    constexpr int requests = 2'000;
    constexpr int pushes = 1'000;
    constexpr int sources = 3;

    std::vector<std::thread> threads;
    threads.emplace_back([&] {
        for (int i = 0; i != requests; ++i) client.send(command("ECHO", i));
    });
    for (int source = 0; source != sources; ++source) {
        threads.emplace_back([&, source] {
            for (int i = 0; i != pushes; ++i)
                connection.send([&](resp::Encoder& out) { tick(out, source, i); });
        });
    }
    int next_reply = 0;
    int next_push[sources] = {};
    bool in_order = true;
    resp::Decoder decoder;
    for (int seen = 0; seen != requests + sources * pushes && in_order;) {
        const std::string bytes = client.read_once();
        decoder.feed(bytes);
        for (auto frame = decoder.next(); frame; frame = decoder.next(), ++seen) {
            if (frame->type() == resp::Type::push) {
                in_order &= (*frame)[2].integer() == next_push[(*frame)[1].integer()]++;
            } else {
                in_order &=
                    frame->type() == resp::Type::array && (*frame)[0].text() == std::to_string(next_reply++);
            }
        }
        in_order &= !decoder.error().has_value() && !bytes.empty();
        decoder.release();
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(in_order);
    CHECK(next_reply == requests);
    for (const int n : next_push) CHECK(n == pushes);
}

TEST_CASE("a push is sent while a coroutine handler waits") {
    struct Waiting {
        std::shared_ptr<std::atomic<bool>> go_on = std::make_shared<std::atomic<bool>>(false);
        std::shared_ptr<std::atomic<bool>> waits = std::make_shared<std::atomic<bool>>(false);
        std::shared_ptr<Record<asio::any_io_executor>> executors =
            std::make_shared<Record<asio::any_io_executor>>();
        Connections connections = std::make_shared<Record<Connection>>();

        /// Lets the handler continue after the actions that the connection has posted.
        void end_wait() const {
            asio::post(executors->items().front(), [go_on = go_on] { *go_on = true; });
        }

        asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
            connections->add(request.connection());
            executors->add(co_await asio::this_coro::executor);
            reply.set_version(resp::Version::resp3);
            if (request.command().is("PART")) reply.array(2).integer(1);
            *waits = true;
            asio::steady_timer timer{executors->items().front()};
            while (!*go_on) {
                timer.expires_after(std::chrono::milliseconds{1});
                co_await timer.async_wait(asio::use_awaitable);
            }
            if (!request.command().is("PART")) reply.array(2).integer(1);
            reply.integer(2);
        }
    };
    const Waiting handler;
    RunningServer server{{}, handler};
    Client client = server.client();
    const std::string push = ">1\r\n+p\r\n";
    SECTION("at once if the handler has written nothing") {
        client.send("WHOLE\r\n");
        REQUIRE(eventually([&] { return handler.waits->load(); }));
        CHECK(handler.connections->items().front().send(push) == resp::Sent::queued);
        CHECK(client.reply() == push);
        CHECK(handler.connections->items().front().send(push) == resp::Sent::queued);
        CHECK(client.reply() == push);
        handler.end_wait();
        CHECK(client.reply() == "*2\r\n:1\r\n:2\r\n");
    }
    SECTION("after the reply that the handler has begun") {
        client.send("PART\r\nPART\r\n");
        REQUIRE(eventually([&] { return handler.waits->load(); }));
        for (int i = 0; i != 3; ++i)
            CHECK(handler.connections->items().front().send(push) == resp::Sent::queued);
        handler.end_wait();
        CHECK(client.reply() == "*2\r\n:1\r\n:2\r\n");
        for (int i = 0; i != 3; ++i) CHECK(client.reply() == push);
        CHECK(client.reply() == "*2\r\n:1\r\n:2\r\n");
    }
    SECTION("even if the connection is closed meanwhile") {
        client.send("PART\r\nPART\r\n");
        REQUIRE(eventually([&] { return handler.waits->load(); }));
        CHECK(handler.connections->items().front().send(push) == resp::Sent::queued);
        handler.connections->items().front().close();
        REQUIRE(eventually([&] { return !handler.connections->items().front().is_open(); }));
        handler.end_wait();
        CHECK(client.rest() == "*2\r\n:1\r\n:2\r\n" + push);
    }
}

TEST_CASE("close() sends the queued output first") {
    const Sharing handler;
    RunningServer server{{}, handler};
    Client client = server.client({.receive_buffer = 4096});
    const Connection connection = handler.first();
    const std::string value = bulk(support::noise(4'000'000));
    REQUIRE(connection.send(value) == resp::Sent::queued);
    connection.close();
    CHECK((client.rest() == value));
    client.close();
    CHECK(eventually([&] { return server.stats().connections == 0; }));
}

TEST_CASE("requests after a close() are dropped") {
    const Sharing handler;
    RunningServer server{{}, handler};
    Client client = server.client();
    handler.first().close();
    CHECK(client.rest().empty());
    client.try_send(ping);
    client.close();
    REQUIRE(eventually([&] { return server.stats().connections == 0; }));
    CHECK(server.stats().requests == 0);
}

TEST_CASE("a handle does nothing after its connection is gone") {
    const Sharing handler;
    Connection connection;
    CHECK(connection.id() == 0);
    CHECK(connection.send("+x\r\n") == resp::Sent::gone);
    {
        RunningServer server{{}, handler};
        Client client = server.client();
        connection = handler.first();
        CHECK(connection.is_open());
        CHECK(connection.peer() == client.local());
        client.close();
        REQUIRE(eventually([&] { return !connection.is_open() && server.stats().connections == 0; }));
        CHECK(connection.send("+x\r\n") == resp::Sent::gone);
        REQUIRE(eventually([&] { return connection.peer() == resp::Endpoint{}; }));
        connection.close();
    }
    CHECK_FALSE(connection.is_open());
    CHECK(connection.send("+x\r\n") == resp::Sent::gone);
    CHECK(connection.send([](resp::Encoder& out) { out.integer(1); }) == resp::Sent::gone);
    CHECK(connection.version() == resp::Version::resp2);
    CHECK(connection.peer() == resp::Endpoint{});
    CHECK(connection.id() != 0);
    connection.close();
}

TEST_CASE("on_open() can start a timer on the connection's executor") {
    // Shared by the handler and the wait: a wait that has expired still completes after the handler is gone.
    struct Timer {
        asio::steady_timer timer;
        int greetings = 0;  // changed without a lock: the wait completes where the handler runs
    };
    struct Greeting {
        std::shared_ptr<Timer> state;

        void on_open(Connection connection) {
            const asio::steady_timer::duration soon = std::chrono::milliseconds{1};
            state = std::make_shared<Timer>(asio::steady_timer{connection.executor(), soon});
            state->timer.async_wait([state = state, connection](std::error_code ec) {
                if (ec) return;
                ++state->greetings;
                connection.send("+hello\r\n");
            });
        }
        void on_close(std::error_code) { state->timer.cancel(); }
        void operator()(const resp::Request&, resp::Reply& reply) { reply.integer(state->greetings); }
    };
    RunningServer server{{.threads = 2}, Greeting{}};
    for (int i = 0; i != 4; ++i) {
        Client client = server.client();
        CHECK(client.reply() == "+hello\r\n");
        CHECK(client.ask(ping) == ":1\r\n");
    }
}

TEST_CASE("the executor of a connection is empty when the connection is gone") {
    CHECK_FALSE(Connection{}.executor());
    Connection connection;
    {
        const Sharing handler;
        RunningServer server{{}, handler};
        Client client = server.client();
        connection = handler.first();
        CHECK(connection.executor());
        client.close();
        CHECK(eventually([&] { return !connection.executor(); }));
    }
    CHECK_FALSE(connection.executor());
}

TEST_CASE("any thread may ask for the executor while the server is destroyed") {
    for (int i = 0; i != 20; ++i) {
        const Sharing handler;
        std::optional<RunningServer<Sharing>> server;
        server.emplace(resp::Options{}, handler);
        Client client = server->client();
        const Connection connection = handler.first();
        std::atomic<bool> asks{true};
        std::jthread asker{[&] {
            while (asks) static_cast<void>(connection.executor());
        }};
        server.reset();
        asks = false;
        CHECK_FALSE(connection.executor());
    }
}

TEST_CASE("each connection has its own number") {
    const Sharing handler;
    RunningServer server{{.threads = 2}, handler};
    std::vector<Client> clients;
    for (int i = 0; i != 50; ++i) clients.push_back(server.client());
    REQUIRE(eventually([&] { return handler.connections->size() == 50; }));
    std::set<std::uint64_t> ids;
    for (const Connection& connection : handler.connections->items()) ids.insert(connection.id());
    CHECK(ids.size() == 50);
    CHECK(*ids.begin() >= 1);
}

TEST_CASE("another server of the process does not reuse a number") {
    std::set<std::uint64_t> ids;
    for (int i = 0; i != 3; ++i) {
        const Sharing handler;
        RunningServer server{{}, handler};
        Client client = server.client();
        ids.insert(handler.first().id());
    }
    CHECK(ids.size() == 3);
}
