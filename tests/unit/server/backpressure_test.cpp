// Clients that send and never read: their queued output is limited, and other clients are not affected.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"
#include "support/sizes.hpp"

using support::bulk;
using support::Client;
using support::command;
using support::eventually;
using support::mib;
using support::noise;
using support::Ping;
using support::ping;
using support::pong;
using support::Record;
using support::RunningServer;

namespace {

const Client::Settings lazy{.receive_buffer = 16 * 1024};
/// More than the kernel buffers between server and client.
constexpr std::size_t kernel_room = 12 * mib;

/// Keeps the connection that sent SUBSCRIBE, so that the test can push to it.
struct Subscriber {
    std::shared_ptr<Record<resp::Connection>> connections = std::make_shared<Record<resp::Connection>>();

    void operator()(const resp::Request& request, resp::Reply& reply) {
        if (request.command().is("SUBSCRIBE")) connections->add(request.connection());
        reply.simple_string("PONG");
    }
};

}  // namespace

TEST_CASE("the server stops reading from a client that does not read, and sends everything when it does") {
    RunningServer server{{.max_memory = 8 * mib}, Ping{}};
    Client silent = server.client(lazy);
    const std::string value = noise(64 * 1024);
    const std::string request = command("ECHO", value);
    const std::string reply = bulk(value);
    constexpr std::size_t requests = 640;

    std::jthread sender{[&] {
        for (std::size_t i = 0; i != requests; ++i) silent.send(request);
    }};
    // The server stops reading at some point. Until then it serves other clients.
    Client other = server.client();
    std::uint64_t before = 0;
    std::uint64_t received = server.stats().bytes_received;
    bool all_answered = true;
    while (received != before && all_answered) {
        before = received;
        for (int i = 0; i != 300; ++i) all_answered &= other.ask(ping) == pong;
        received = server.stats().bytes_received;
        if (received - before <= 300 * ping.size()) break;
    }
    CHECK(all_answered);
    CHECK(received < kernel_room);

    bool same = true;
    for (std::size_t i = 0; i != requests; ++i) same &= silent.receive(reply.size()) == reply;
    sender.join();
    CHECK(same);
    CHECK(silent.available() == 0);
    CHECK(server.stats().requests >= requests);
}

TEST_CASE("one read full of requests for large replies does not fill memory") {
    struct Large {
        std::string value = noise(mib);
        void operator()(const resp::Request&, resp::Reply& reply) { reply.bulk_string(value); }
    };
    RunningServer server{{.max_memory = 16 * mib}, Large{}};
    Client silent = server.client(lazy);
    std::string requests;
    for (int i = 0; i != 100; ++i) requests += ping;
    silent.send(requests);
    // The server stops when memory is short. The number of requests shows how many replies were made.
    REQUIRE(eventually([&] { return server.stats().requests != 0; }));
    Client other = server.client();
    const std::string reply = bulk(noise(mib));
    for (int i = 0; i != 5; ++i) CHECK((other.ask(ping) == reply));
    CHECK(server.stats().memory <= 17 * mib);
    CHECK(server.stats().requests < 35);
    bool same = true;
    for (int i = 0; i != 100; ++i) same &= silent.receive(reply.size()) == reply;
    CHECK(same);
}

TEST_CASE("replies longer than batch_output do not stop a client that reads them at once") {
    struct Large {
        std::string value = noise(100'000);
        void operator()(const resp::Request&, resp::Reply& reply) { reply.bulk_string(value); }
    };
    RunningServer server{{}, Large{}};
    Client client = server.client();
    std::string requests;
    for (int i = 0; i != 50; ++i) requests += ping;
    client.send(requests);
    const std::string reply = bulk(noise(100'000));
    bool same = true;
    for (int i = 0; i != 50; ++i) same &= client.receive(reply.size()) == reply;
    CHECK(same);
}

TEST_CASE("a client that reads nothing for write_stall is closed") {
    RunningServer server{{.write_stall = std::chrono::milliseconds{300}}, Ping{}};
    Client silent = server.client(lazy);
    Client other = server.client();
    const std::string request = command("ECHO", noise(mib));
    std::jthread sender{[&] {
        for (int i = 0; i != 64 && silent.try_send(request); ++i) {
        }
    }};
    CHECK(eventually([&] { return server.stats().timeouts == 1 && server.stats().connections == 1; }));
    sender.join();
    CHECK(other.ask(ping) == pong);
}

TEST_CASE("a client that reads slowly is not closed") {
    RunningServer server{{.write_stall = std::chrono::milliseconds{1500}}, Ping{}};
    Client slow = server.client(lazy);
    const std::string value = noise(4 * mib);
    std::jthread sender{[&] { slow.send(command("ECHO", value)); }};
    const std::string reply = bulk(value);
    std::string got;
    const auto begun = std::chrono::steady_clock::now();
    // Longer than write_stall, which must not apply to the whole reply.
    while (std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{2200} && got.size() < mib) {
        got += slow.receive(1024);
        support::pause_briefly();
    }
    got += slow.receive(reply.size() - got.size());
    sender.join();
    CHECK((got == reply));
    CHECK(server.stats().timeouts == 0);
}

TEST_CASE("a subscriber that does not read is closed at max_pushes") {
    const Subscriber handler;
    RunningServer server{{.batch_output = 64 * 1024, .max_pushes = mib}, handler};
    Client silent = server.client(lazy);
    REQUIRE(silent.ask("SUBSCRIBE\r\n") == pong);
    Client other = server.client();
    const resp::Connection connection = handler.connections->items().front();
    const std::string push = bulk(noise(32 * 1024));
    std::size_t sent = 0;
    while (sent < 64 * mib && connection.send(push) == resp::Sent::queued) {
        sent += push.size();
        // After this reply the server has queued the push.
        REQUIRE(other.ask(ping) == pong);
    }
    CHECK(sent >= mib);
    CHECK(sent < 64 * mib);
    CHECK(eventually([&] { return server.stats().cut_off == 1 && server.stats().connections == 1; }));
    CHECK(other.ask(ping) == pong);
}

TEST_CASE("a subscriber that reads is not closed") {
    const Subscriber handler;
    RunningServer server{{.batch_output = 64 * 1024, .max_pushes = mib}, handler};
    Client client = server.client();
    REQUIRE(client.ask("SUBSCRIBE\r\n") == pong);
    const resp::Connection connection = handler.connections->items().front();
    const std::string push = bulk(noise(32 * 1024));
    bool same = true;
    for (int i = 0; i != 200; ++i) {
        REQUIRE(connection.send(push) == resp::Sent::queued);
        same &= client.receive(push.size()) == push;
    }
    CHECK(same);
    CHECK(server.stats().cut_off == 0);
}

TEST_CASE("pushes are sent to a client that pipelines without reading") {
    const Subscriber handler;
    RunningServer server{{.batch_output = 1024}, handler};
    Client client = server.client(lazy);
    REQUIRE(client.ask("SUBSCRIBE\r\n") == pong);
    const resp::Connection connection = handler.connections->items().front();
    constexpr std::size_t requests = 100'000;
    std::jthread sender{[&] {
        std::string batch;
        for (int i = 0; i != 1'000; ++i) batch += ping;
        for (std::size_t i = 0; i != requests / 1'000; ++i) client.send(batch);
    }};
    const std::string push = "*1\r\n$4\r\npush\r\n";
    for (int i = 0; i != 100; ++i) CHECK(connection.send(push) == resp::Sent::queued);
    std::string all = client.receive(requests * pong.size() + 100 * push.size());
    sender.join();
    int pushes = 0;
    for (std::size_t at = all.find(push); at != std::string::npos; at = all.find(push, at)) {
        all.erase(at, push.size());
        ++pushes;
    }
    CHECK(pushes == 100);
    std::string expected;
    for (std::size_t i = 0; i != requests; ++i) expected += pong;
    CHECK((all == expected));
}
