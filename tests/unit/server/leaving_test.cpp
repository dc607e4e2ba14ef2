// A client leaves while its coroutine handler waits: what peer_state() and unless_gone() say, and what is
// cancelled.
#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/memory_transport.hpp"
#include "waiting.hpp"

#include <optional>

using resp::PeerState;
using support::command;
using support::MemoryClient;
using support::MemoryServer;
using support::ping;
using support::pong;
using support::Waits;
using namespace std::chrono_literals;

namespace {

using Ends = std::vector<std::string>;

/// A server with one client, whose handler waits.
struct LeavingScene {
    explicit LeavingScene(const std::string& request) {
        client.send(command(request));
        server.run();
        REQUIRE(handler.waiting() == 1);
    }
    void leave(bool resets) { resets ? client.fail() : client.finish(); }

    const Waits handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
};

}  // namespace

// ---- peer_state()

TEST_CASE("the peer state follows the client") {
    const Waits handler;
    std::optional<MemoryServer> server{std::in_place, resp::Options{}, handler};
    MemoryClient& client = server->connect();
    const auto state = [&] { return handler.client(0).peer_state(); };
    CHECK(state() == PeerState::open);
    SECTION("that ends its stream between requests, and has not read its replies") {
        client.room = 3;
        client.send(ping);
        client.finish();
        server->run();
        CHECK(state() == PeerState::half_closed);
        CHECK_FALSE(handler.client(0).is_open());
        client.room = MemoryClient::all;
        server->run();
        CHECK(client.received == pong);
        CHECK(state() == PeerState::gone);
    }
    SECTION("that ends its stream while its handler waits") {
        client.send(command("PAUSE"));
        client.finish();
        server->run();
        CHECK(state() == PeerState::half_closed);
        CHECK(handler.client(0).is_open());
        handler.open();
        server->run();
        CHECK(client.received == pong);
        CHECK(state() == PeerState::gone);
    }
    SECTION("that resets while its handler waits, also after its end of stream") {
        client.send(command("PAUSE"));
        server->run();
        const bool ended_before = GENERATE(false, true);
        if (ended_before) {
            client.finish();
            server->run();
        }
        client.fail();
        server->run();
        CHECK(state() == PeerState::gone);
        CHECK_FALSE(handler.client(0).is_open());
    }
    SECTION("that resets between requests") {
        client.fail();
        server->run();
        CHECK(state() == PeerState::gone);
    }
    SECTION("whose connection the server closes") {
        handler.client(0).close();
        server->run();
        CHECK(state() == PeerState::open);  // it still may send, but nothing is handled
        server->pass(2s);
        CHECK(state() == PeerState::gone);
    }
    SECTION("whose server is destroyed") {
        server.reset();
        CHECK(state() == PeerState::gone);
    }
    CHECK(resp::Connection{}.peer_state() == PeerState::gone);
}

// ---- unless_gone()

TEST_CASE("a wait of a client that stays ends by itself") {
    LeavingScene scene{"WAIT"};
    scene.handler.open();
    scene.server.run();
    CHECK(scene.handler.ends() == Ends{"true"});
    CHECK(scene.client.received == pong);
}

TEST_CASE("a wait does not begin if the client has left before") {
    LeavingScene scene{"LATE"};
    scene.leave(GENERATE(false, true));
    scene.server.run();
    CHECK(scene.handler.waiting() == 1);
    scene.handler.open();
    scene.server.run();
    CHECK(scene.handler.ends() == Ends{"paused", "false"});
    CHECK(scene.handler.waiting() == 0);
    CHECK(scene.client.received.empty());
    CHECK(scene.server.connections() == 0);
}

TEST_CASE("a wait ends when the client leaves") {
    LeavingScene scene{GENERATE("WAIT", "FAIL")};
    scene.leave(GENERATE(false, true));
    scene.server.run();
    CHECK(scene.handler.ends() == Ends{"false"});
    CHECK(scene.client.received.empty());
    CHECK(scene.client.closed);
    CHECK(scene.server.connections() == 0);
    CHECK(scene.server.memory() == 0);
    CHECK(scene.server.counters().handler_errors.value() == 0);
}

TEST_CASE("a wait ends when the server closes the connection") {
    LeavingScene scene{"WAIT"};
    SECTION("by close()") { scene.handler.client(0).close(); }
    SECTION("by force") { scene.server.abort(); }
    SECTION("at the drain deadline, not before") {
        scene.server.stop();
        scene.server.pass(4s);
        REQUIRE(scene.handler.waiting() == 1);
        scene.server.pass(2s);
        CHECK(scene.server.has_stopped());
    }
    scene.server.run();
    CHECK(scene.handler.ends() == Ends{"false"});
    scene.server.pass(2s);
    CHECK(scene.server.connections() == 0);
}

TEST_CASE("the result of a wait that has ended is not lost if the client leaves at that moment") {
    LeavingScene scene{"WAIT"};
    scene.handler.open();  // its completion is queued
    scene.leave(GENERATE(false, true));
    scene.client.notify();
    scene.server.run();
    CHECK(scene.handler.ends() == Ends{"true"});
    CHECK(scene.server.connections() == 0);
}

TEST_CASE("an exception of a wait leaves unless_gone(), but not after the client has left") {
    LeavingScene scene{"FAIL"};
    const bool leaves = GENERATE(false, true);
    scene.handler.open();
    if (leaves) {
        scene.client.fail();
        scene.client.notify();
    }
    scene.server.run();
    CHECK(scene.handler.ends() == Ends{leaves ? "false" : "thrown"});
    CHECK(scene.client.received == (leaves ? "" : "-ERR internal error\r\n"));
    CHECK(scene.server.counters().handler_errors.value() == (leaves ? 0 : 1));
}

TEST_CASE("a second wait of the same handler can be cancelled too") {
    LeavingScene scene{"LATE"};
    scene.handler.open();
    scene.server.run();
    REQUIRE(scene.handler.waiting() == 1);
    scene.leave(GENERATE(false, true));
    scene.server.run();
    CHECK(scene.handler.ends() == Ends{"paused", "false"});
    CHECK(scene.server.connections() == 0);
}

TEST_CASE("the handler of the next request can wait as well") {
    const Waits handler;
    MemoryServer server{{}, handler};
    MemoryClient& client = server.connect();
    client.send(command("WAIT") + command("PAUSE") + command("WAIT"));
    server.run();
    for (int i = 0; i != 2; ++i) {
        handler.open();
        server.run();
    }
    REQUIRE(handler.waiting() == 1);
    client.fail();
    server.run();
    CHECK(handler.ends() == Ends{"true", "paused", "false"});
    CHECK(server.connections() == 0);
}

// ---- handlers that do not ask

TEST_CASE("a handler that does not ask is not cancelled") {
    LeavingScene scene{"PAUSE"};
    SECTION("if the client ends its stream") { scene.client.finish(); }
    SECTION("if the client resets") { scene.client.fail(); }
    SECTION("if the program closes the connection") { scene.handler.client(0).close(); }
    SECTION("if the server closes it by force") { scene.server.abort(); }
    SECTION("if the server stops") { scene.server.stop(); }
    scene.server.pass(20s);
    CHECK(scene.handler.ends().empty());
    CHECK(scene.server.connections() == 1);
    scene.handler.open();
    scene.server.pass(2s);
    CHECK(scene.handler.ends() == Ends{"paused"});
    CHECK(scene.server.connections() == 0);
    CHECK(scene.server.memory() == 0);
}

TEST_CASE("only the wait in unless_gone() is cancelled, not what the handler awaits after it") {
    LeavingScene scene{"LATE"};
    scene.client.fail();
    scene.server.run();
    CHECK(scene.client.closed);
    CHECK(scene.server.connections() == 1);
    CHECK(scene.handler.ends().empty());
    scene.handler.open();
    scene.server.run();
    CHECK(scene.server.connections() == 0);
}
