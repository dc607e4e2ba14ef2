// A service at whichever allocation memory runs out: nothing of a client is left when it has gone.
#include "failing_allocator.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"
#include "support/service_insides.hpp"

#include <libresp/server/asio.hpp>
#include <libresp/service.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using support::FailingAllocation;
using support::MemoryClient;
using support::MemoryServer;

namespace {

/// A list server with two clients. The names in it are longer than a std::string keeps in itself.
struct Lists {
    Lists() {
        commands.add("RPUSH key element",
                     [this](std::string_view key, std::string_view element, resp::Call& call) {
                         lists[std::string{key}].emplace_back(element);
                         call.changed(key, "rpush");
                         return resp::ok;
                     });
        commands.add("LLEN key", [this](std::string_view key) { return lists[std::string{key}].size(); },
                     {.readonly = true});
        commands.add_blocking("BLPOP key [key ...] timeout",
                              [this](resp::Words keys, double) -> std::optional<std::string> {
                                  auto& list = lists[std::string{keys[0]}];
                                  if (list.empty()) return std::nullopt;
                                  std::string element = std::move(list.front());
                                  list.pop_front();
                                  return element;
                              });
        commands.add("TOUCH key", [this](std::string_view key, resp::Call& call) {
            const FailingAllocation failing{fails_at};
            try {
                call.changed(key, "touch");
            } catch (const std::bad_alloc&) {
            }
            failed = FailingAllocation::has_failed();
        });
        commands.add("WAIT key [key ...] timeout", [this](resp::Call& call) {
            const FailingAllocation failing{fails_at};
            try {
                const resp::detail::Blocking blocking{call};
            } catch (const std::bad_alloc&) {
            }
            failed = FailingAllocation::has_failed();
        });
        server.emplace(resp::Options{}, resp::Service{commands});
        first = &server->connect();
        second = &server->connect();
    }
    std::size_t fails_at = 0;  // the allocation that fails in TOUCH and WAIT
    bool failed = true;

    /// Acts while the n-th allocation fails. Returns whether it did.
    template <class Act>
    bool without_memory(std::size_t n, const Act& act) {
        const FailingAllocation failing{n};
        act();
        return FailingAllocation::has_failed();
    }
    std::string ask(MemoryClient& client, std::string_view bytes) {
        const std::size_t before = client.received.size();
        client.send(bytes);
        server->run();
        return client.received.substr(before);
    }

    /// What is left of the clients after the second one has left too. Null: nothing.
    const char* left() {
        second->finish();
        server->run();
        CHECK(server->memory() == 0);
        return support::left_of_clients(commands);
    }

    std::map<std::string, std::deque<std::string>> lists;
    resp::Commands<> commands;
    std::optional<MemoryServer> server;
    MemoryClient* first = nullptr;
    MemoryClient* second = nullptr;
};

}  // namespace

TEST_CASE("a client that leaves without memory leaves nothing in the service") {
    bool failed = true;
    for (std::size_t n = 1; failed; ++n) {
        CAPTURE(n);
        Lists test;
        test.ask(*test.first,
                 "HELLO 3\r\nSUBSCRIBE a-channel-with-a-long-name another-channel-with-a-long-name\r\n"
                 "PSUBSCRIBE a-pattern-with-a-long-name\r\nSSUBSCRIBE a-shard-channel-with-a-long-name\r\n"
                 "CLIENT TRACKING ON\r\nLLEN a-key-with-a-rather-long-name\r\n"
                 "WATCH a-key-with-a-rather-long-name\r\nMULTI\r\nLLEN a-key-with-a-rather-long-name\r\n");
        failed = test.without_memory(n, [&] {
            test.first->fail();
            test.server->run();
        });
        test.server->pass(std::chrono::seconds{1});
        CHECK(test.first->closed);
        CHECK(test.ask(*test.second, "PUBSUB CHANNELS\r\nPUBSUB NUMPAT\r\nPUBSUB SHARDCHANNELS\r\n") ==
              "*0\r\n:0\r\n*0\r\n");
        CHECK(test.ask(*test.second, "INFO clients\r\n").find("connected_clients:1\r\n") !=
              std::string::npos);
        CHECK(test.server->memory() == 0);
    }
}

TEST_CASE("a command that cannot wait without memory does not keep others from being woken") {
    bool failed = true;
    for (std::size_t n = 1; failed; ++n) {
        CAPTURE(n);
        Lists test;
        test.fails_at = n;
        CHECK(
            test.ask(*test.first, "WAIT a-key-with-a-rather-long-name and-another-one-with-a-long-name 0\r\n")
                .empty());
        failed = test.failed;
        CHECK(test.server->memory() == 0);
        CHECK(test.ask(*test.second, "BLPOP a-key-with-a-rather-long-name 0\r\n").empty());
        CHECK(test.ask(*test.first, "RPUSH a-key-with-a-rather-long-name x\r\n") == "+OK\r\n");
        CHECK(test.second->received == "$1\r\nx\r\n");
    }
}

TEST_CASE("a change that cannot wake a client without memory does not keep the next change from it") {
    bool failed = true;
    for (std::size_t n = 1; failed; ++n) {
        CAPTURE(n);
        Lists test;
        test.fails_at = n;
        CHECK(test.ask(*test.second, "BLPOP a-key-with-a-rather-long-name 0\r\n").empty());
        CHECK(test.ask(*test.first, "TOUCH a-key-with-a-rather-long-name\r\n").empty());
        failed = test.failed;
        CHECK(test.ask(*test.first, "RPUSH a-key-with-a-rather-long-name x\r\n") == "+OK\r\n");
        CHECK(test.second->received == "$1\r\nx\r\n");
    }
}

TEST_CASE("a client that fails without memory leaves nothing in the service") {
    const auto* const command =
        GENERATE("SUBSCRIBE a-channel-with-a-long-name\r\n", "PSUBSCRIBE a-pattern-with-a-long-name\r\n",
                 "CLIENT TRACKING ON BCAST PREFIX a-prefix-with-a-long-name\r\n",
                 "WATCH a-key-with-a-rather-long-name\r\n", "LLEN a-key-with-a-rather-long-name\r\n");
    CAPTURE(command);
    bool failed = true;
    for (std::size_t n = 1; failed; ++n) {
        CAPTURE(n);
        Lists test;
        test.ask(*test.first, "HELLO 3\r\nCLIENT TRACKING ON\r\n");
        if (std::string_view{command}.starts_with("CLIENT")) test.ask(*test.first, "CLIENT TRACKING OFF\r\n");
        test.first->send(command);
        failed = test.without_memory(n, [&] { test.server->run(); });
        test.first->finish();
        test.server->pass(std::chrono::seconds{2});
        CHECK(test.first->closed);
        CHECK(test.left() == nullptr);
    }
}
