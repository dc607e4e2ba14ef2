// on_start() and the ServerHandle that it gets.
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

#include <optional>
#include <stdexcept>
#include <thread>

using resp::ServerHandle;
using support::Client;
using support::command;
using support::eventually;
using support::Ping;
using support::ping;
using support::pong;
using support::Record;
using support::RunningServer;

namespace {

/// Answers CLIENTS with the number of clients, and STOP after it has stopped the server.
struct Admin {
    void on_start(const ServerHandle& handle) {
        server = handle;
        started->add(handle);
    }
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        if (request.command().is("STOP")) server.stop();
        server.log(resp::LogLevel::info, "asked");
        reply.integer(static_cast<std::int64_t>(server.stats().connections));
    }
    ServerHandle server;
    std::shared_ptr<Record<ServerHandle>> started = std::make_shared<Record<ServerHandle>>();
};

struct Failing : Ping {
    void on_start(ServerHandle) { throw std::runtime_error{"not ready"}; }
};

void check_gone(const ServerHandle& server) {
    CHECK_FALSE(server.exists());
    CHECK(server.stats().accepted == 0);
    CHECK(server.options().port == 6379);
    CHECK(server.endpoints().empty());
    server.stop();
    server.log(resp::LogLevel::error, "nothing");
}

}  // namespace

TEST_CASE("a handler sees its server through the handle of on_start()") {
    const Admin handler;
    const auto lines = std::make_shared<Record<std::string>>();
    resp::Options options{.max_connections = 7};
    options.log.level = resp::LogLevel::info;
    options.log.sink = [lines](resp::LogLevel, std::string_view line) { lines->add(std::string{line}); };
    RunningServer server{options, handler};
    Client client = server.client();
    CHECK(client.ask(ping) == ":1\r\n");
    CHECK(server.client().ask(ping) == ":2\r\n");

    REQUIRE(handler.started->size() == 1);
    const ServerHandle handle = handler.started->items().front();
    CHECK(handle.exists());
    CHECK(handle.options().max_connections == 7);
    CHECK(handle.endpoints() == server->local_endpoints());
    CHECK(handle.stats().requests == 2);
    const auto all = lines->items();
    CHECK(std::count(all.begin(), all.end(), "asked") == 2);

    CHECK_FALSE(client.ask(command("STOP")).empty());
    server.join();
    CHECK(server.has_ended());
}

TEST_CASE("on_start() is called on the thread that runs the server, before it accepts a client") {
    struct Handler : Ping {
        void on_start(ServerHandle) { *thread = std::this_thread::get_id(); }
        std::shared_ptr<std::thread::id> thread = std::make_shared<std::thread::id>();
    };
    const Handler handler;
    asio::io_context context;
    resp::Server server{context.get_executor(), {.port = 0}, handler};
    CHECK(*handler.thread == std::thread::id{});
    server.start();
    CHECK(*handler.thread == std::this_thread::get_id());
    CHECK(server.stats().accepted == 0);
}

TEST_CASE("a handle may outlive its server") {
    const Admin handler;
    {
        RunningServer server{{}, handler};
        CHECK(server.client().ask(ping) == ":1\r\n");
    }
    check_gone(handler.started->items().front());
    check_gone(ServerHandle{});
}

TEST_CASE("a handle in the handler does not keep the server alive") {
    const auto owned = std::make_shared<int>();
    struct Handler : Admin {
        std::shared_ptr<int> part;
    };
    {
        RunningServer server{{}, Handler{{}, owned}};
        CHECK(server.client().ask(ping) == ":1\r\n");
    }
    CHECK(owned.use_count() == 1);
}

TEST_CASE("a handle is used by other threads while its server is destroyed") {
    for (int i = 0; i != 20; ++i) {
        const Admin handler;
        std::optional<RunningServer<Admin>> server{std::in_place, resp::Options{}, handler};
        REQUIRE(eventually([&] { return handler.started->size() == 1; }));
        const ServerHandle handle = handler.started->items().front();
        std::jthread user{[&] {
            while (handle.exists()) {
                static_cast<void>(handle.stats());
                static_cast<void>(handle.endpoints());
                static_cast<void>(handle.options());
                handle.log(resp::LogLevel::info, "line");
            }
        }};
        server.reset();
    }
}

TEST_CASE("run() throws what on_start() throws, and the server no longer listens") {
    resp::Server server{{.port = 0}, Failing{}};
    CHECK_THROWS_WITH(server.run(), "not ready");
    CHECK_FALSE(support::is_listening(server.local_endpoint()));
    CHECK_THROWS_AS(server.run(), std::logic_error);
}
