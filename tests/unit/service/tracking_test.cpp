// CLIENT TRACKING, CLIENT CACHING and keyspace notifications. See also tracking_property_test.cpp.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

#include <map>

using service_test::ServiceUnderTest;

namespace {

std::string invalidate(const std::string& key) {
    return ">2\r\n$10\r\ninvalidate\r\n*1\r\n$" + std::to_string(key.size()) + "\r\n" + key + "\r\n";
}
const std::string invalidate_all = ">2\r\n$10\r\ninvalidate\r\n_\r\n";
const std::string other_mode =
    " before disabling tracking for this client, and then re-enabling it with a different mode.\r\n";

/// Client 0 uses RESP3, client 1 changes keys.
struct TrackingFixture : ServiceUnderTest<> {
    TrackingFixture() {
        using resp::KeyEvent;
        commands.add("GET key", [](std::string_view) { return "v"; }, {.readonly = true});
        commands.add("MGET key [key ...]", [](resp::Words keys) { return keys.size(); }, {.readonly = true});
        commands.add("SET key value", [](std::string_view key, std::string_view, resp::Call& call) {
            call.changed(key, "set", KeyEvent::string);
            return resp::ok;
        });
        commands.add("DEL key", [](std::string_view key, resp::Call& call) {
            call.changed(key, "del");
            return 1;
        });
        commands.add("FLUSHALL", [this] {
            commands.keys().all_changed();
            return resp::ok;
        });
        commands.add("GETLATER key",
                     [this](std::string_view) -> asio::awaitable<std::string_view> {
                         asio::steady_timer timer{co_await asio::this_coro::executor};
                         timer.expires_at(std::chrono::steady_clock::time_point::max());
                         sleeper = &timer;
                         std::error_code ec;
                         auto wait = timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
                         co_await std::move(wait);
                         co_return "v";
                     },
                     {.readonly = true});
    }
    /// What client 0 receives if client 1 sends this.
    std::string heard(std::string_view request) {
        connect(0);
        const std::size_t before = clients[0]->received.size();
        ask(request, 1);
        return clients[0]->received.substr(before);
    }
    asio::steady_timer* sleeper = nullptr;
};

}  // namespace

TEST_CASE("a client hears once of the change of a key that it has read") {
    TrackingFixture test;
    CHECK(test.ask("HELLO 3\r\nCLIENT TRACKING ON\r\nGET a\r\n").ends_with("+OK\r\n$1\r\nv\r\n"));
    CHECK(test.heard("SET b 1\r\n").empty());
    CHECK(test.heard("SET a 1\r\nSET a 2\r\n") == invalidate("a"));
    CHECK(test.heard("SET a 1\r\n").empty());
    test.ask("MGET a b a c\r\n");
    CHECK(test.heard("SELECT 5\r\nSET c 1\r\nDEL a\r\n") ==
          invalidate("c") + invalidate("a"));  // in any database
    CHECK(test.ask("GET a\r\nSET a 1\r\n") == "$1\r\nv\r\n+OK\r\n" + invalidate("a"));
    test.ask("GET a\r\nCLIENT TRACKING OFF\r\n");
    CHECK(test.heard("SET a 1\r\n").empty());
}

TEST_CASE("CLIENT TRACKING ON again keeps what the client has read") {
    TrackingFixture test;
    test.ask("HELLO 3\r\nCLIENT TRACKING ON\r\nGET a\r\nCLIENT TRACKING ON NOLOOP\r\n");
    CHECK(test.heard("SET a 1\r\n") == invalidate("a"));
}

TEST_CASE("with NOLOOP a client does not hear that is its changes") {
    TrackingFixture test;
    test.ask("HELLO 3\r\nCLIENT TRACKING ON NOLOOP\r\n");
    CHECK(test.ask("GET a\r\nSET a 1\r\nPING\r\n") == "$1\r\nv\r\n+OK\r\n+PONG\r\n");
    CHECK(
        test.heard("SET a 1\r\n").empty());  // its own change has ended the tracking of the key, as in Redis
    test.ask("GET a\r\n");
    CHECK(test.heard("SET a 1\r\n") == invalidate("a"));
}

TEST_CASE("a flush invalidates everything with one push") {
    TrackingFixture test;
    test.ask("HELLO 3\r\nCLIENT TRACKING ON\r\nMGET a b c\r\n");
    CHECK(test.heard("FLUSHALL\r\n") == invalidate_all);
    CHECK(test.heard("SET a 1\r\nFLUSHALL\r\n").empty());  // it has nothing to forget
    test.ask("CLIENT TRACKING OFF\r\nCLIENT TRACKING ON BCAST PREFIX a PREFIX b\r\n");
    CHECK(test.heard("FLUSHALL\r\n") == invalidate_all);
}

TEST_CASE("with BCAST a client hears of all keys with its prefixes") {
    TrackingFixture test;
    test.ask("HELLO 3\r\nCLIENT TRACKING ON BCAST PREFIX abc PREFIX x PREFIX aa\r\n");
    CHECK(test.heard(
              "SET abcd 1\r\nSET abc 1\r\nSET ab 1\r\nSET abd 1\r\nSET x 1\r\nSET y 1\r\nSET aa 1\r\n") ==
          invalidate("abcd") + invalidate("abc") + invalidate("x") + invalidate("aa"));
    CHECK(test.heard("SET abc 1\r\nSET abc 1\r\n") == invalidate("abc") + invalidate("abc"));
    test.ask("CLIENT TRACKING ON BCAST PREFIX y NOLOOP\r\n");  // one more
    CHECK(test.heard("SET y 1\r\n") == invalidate("y"));
    CHECK(test.ask("SET y 1\r\n") == "+OK\r\n");
    test.ask("CLIENT TRACKING OFF\r\nCLIENT TRACKING ON BCAST\r\n");
    CHECK(test.heard("SET anything 1\r\n") == invalidate("anything"));
    test.ask("RESET\r\n");
    CHECK(test.heard("SET anything 1\r\n").empty());
}

TEST_CASE("prefixes of many clients are found wherever they stand in the order") {
    TrackingFixture test;
    const std::string prefixes[] = {"\"\"", "a", "ab", "abc", "abca", "abcd", "abcde", "abd", "b", "aaaa"};
    for (std::size_t i = 0; i != std::size(prefixes); ++i) {
        test.ask("HELLO 3\r\nCLIENT TRACKING ON BCAST PREFIX " + prefixes[i] + "\r\n", i + 2);
    }
    for (const std::string key : {"abcd", "abcdef", "abcb", "abd", "ab", "aa", "aaaab", "c", "b", ""}) {
        CAPTURE(key);
        std::vector<std::size_t> before;
        for (const auto* client : test.clients) before.push_back(client->received.size());
        test.ask("SET \"" + key + "\" 1\r\n", 1);
        for (std::size_t i = 0; i != std::size(prefixes); ++i) {
            CAPTURE(prefixes[i]);
            const bool fits = i == 0 || key.starts_with(prefixes[i]);
            CHECK(test.clients[i + 2]->received.substr(before[i + 2]) == (fits ? invalidate(key) : ""));
        }
    }
}

TEST_CASE("with OPTIN a client hears of what it reads in the command after CLIENT CACHING YES") {
    TrackingFixture test;
    test.ask("HELLO 3\r\nCLIENT TRACKING ON OPTIN\r\n");
    const auto heard_after = [&](const char* requests) {
        test.ask(requests);
        return test.heard("SET a 1\r\nSET b 1\r\n");
    };
    const std::string both = invalidate("a") + invalidate("b");
    CHECK(heard_after("GET a\r\n").empty());
    CHECK(heard_after("CLIENT CACHING YES\r\nMGET a b\r\n") == both);
    CHECK(heard_after("CLIENT CACHING YES\r\nGET a\r\nGET b\r\n") == invalidate("a"));
    CHECK(heard_after("CLIENT CACHING YES\r\nPING\r\nGET a\r\n").empty());
    CHECK(heard_after("CLIENT CACHING YES\r\nNOPE\r\nGET a\r\n").empty());
    CHECK(heard_after("CLIENT CACHING YES\r\nCLIENT ID\r\nGET a\r\n") == invalidate("a"));
    CHECK(heard_after("CLIENT CACHING YES\r\nMULTI\r\nGET a\r\nGET b\r\nEXEC\r\n") == both);
    CHECK(heard_after("MULTI\r\nCLIENT CACHING YES\r\nGET a\r\nGET b\r\nEXEC\r\n") == both);
    CHECK(heard_after("MULTI\r\nCLIENT CACHING YES\r\nEXEC\r\nGET a\r\n").empty());
}

TEST_CASE("with OPTOUT a client does not hear of what it reads after CLIENT CACHING NO") {
    TrackingFixture test;
    test.ask("HELLO 3\r\nCLIENT TRACKING ON OPTOUT\r\nGET b\r\nCLIENT CACHING NO\r\nGET a\r\nGET c\r\n");
    CHECK(test.heard("SET a 1\r\nSET b 1\r\nSET c 1\r\n") == invalidate("b") + invalidate("c"));
    test.ask("CLIENT CACHING NO\r\nSET z 1\r\nGET a\r\n");
    CHECK(test.heard("SET a 1\r\n") == invalidate("a"));
}

TEST_CASE("CLIENT TRACKING and CLIENT CACHING report their errors with Redis' texts") {
    TrackingFixture test;
    CHECK(test.ask("CLIENT CACHING YES\r\n") ==
          "-ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT "
          "mode enabled\r\n");
    test.ask("HELLO 3\r\n");
    const auto tracking = [&](const std::string& words) {
        return test.ask("CLIENT TRACKING " + words + "\r\n");
    };
    CHECK(test.ask("CLIENT TRACKING\r\n") ==
          "-ERR wrong number of arguments for 'client|tracking' command\r\n");
    for (const char* words : {"maybe", "ON FOO", "ON PREFIX", "ON REDIRECT"}) {
        CHECK(tracking(words) == "-ERR syntax error\r\n");
    }
    CHECK(tracking("ON PREFIX a") == "-ERR PREFIX option requires BCAST mode to be enabled\r\n");
    CHECK(tracking("ON BCAST OPTIN") == "-ERR OPTIN and OPTOUT are not compatible with BCAST\r\n");
    CHECK(tracking("ON OPTIN OPTOUT") == "-ERR You can't specify both OPTIN mode and OPTOUT mode\r\n");
    CHECK(tracking("ON REDIRECT 999999999") == "-ERR The client ID you want redirect to does not exist\r\n");
    for (const char* words : {"ON OPTIN", "ON", "ON OPTIN"}) CHECK(tracking(words) == "+OK\r\n");
    CHECK(tracking("ON OPTOUT") == "-ERR You can't switch OPTIN/OPTOUT mode" + other_mode);
    CHECK(tracking("ON BCAST") == "-ERR You can't switch BCAST mode on/off" + other_mode);
    CHECK(test.ask("CLIENT CACHING NO\r\n") ==
          "-ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.\r\n");
    CHECK(test.ask("CLIENT CACHING x\r\n") == "-ERR syntax error\r\n");
    for (const char* words : {"OFF", "OFF", "ON OPTOUT"}) CHECK(tracking(words) == "+OK\r\n");
    CHECK(test.ask("CLIENT CACHING YES\r\n") ==
          "-ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.\r\n");
}

TEST_CASE("prefixes of a client must not overlap") {
    TrackingFixture test;
    test.ask("HELLO 3\r\n");
    const auto bcast = [&](const std::string& words) {
        return test.ask("CLIENT TRACKING ON BCAST " + words + "\r\n");
    };
    const std::string end = ". Prefixes for a single client must not overlap.\r\n";
    CHECK(bcast("PREFIX a PREFIX ab") == "-ERR Prefix 'a' overlaps with another provided prefix 'ab'" + end);
    CHECK(bcast("PREFIX ab PREFIX a") == "-ERR Prefix 'ab' overlaps with another provided prefix 'a'" + end);
    CHECK(bcast("PREFIX a PREFIX a") == "-ERR Prefix 'a' overlaps with another provided prefix 'a'" + end);
    CHECK(bcast("PREFIX a PREFIX c") == "+OK\r\n");
    CHECK(bcast("PREFIX b PREFIX cd") == "-ERR Prefix 'cd' overlaps with an existing prefix 'c'" + end);
    CHECK(bcast("PREFIX \"\"") == "-ERR Prefix '' overlaps with an existing prefix 'a'" + end);
    CHECK(bcast("PREFIX b") == "+OK\r\n");
    CHECK(test.heard("SET b 1\r\nSET cd 1\r\nSET d 1\r\n") == invalidate("b") + invalidate("cd"));
    CHECK(test.ask("CLIENT TRACKING ON\r\n") == "-ERR You can't switch BCAST mode on/off" + other_mode);
}

TEST_CASE("CLIENT TRACKINGINFO and CLIENT GETREDIR describe the mode") {
    TrackingFixture test;
    CHECK(test.ask("CLIENT TRACKINGINFO\r\n") ==
          "*6\r\n$5\r\nflags\r\n*1\r\n$3\r\noff\r\n$8\r\nredirect\r\n:-1\r\n$8\r\nprefixes\r\n*0\r\n");
    test.ask("HELLO 3\r\n");
    CHECK(test.ask("CLIENT GETREDIR\r\nCLIENT TRACKING ON OPTIN NOLOOP\r\nCLIENT GETREDIR\r\n") ==
          ":-1\r\n+OK\r\n:0\r\n");
    CHECK(
        test.ask("CLIENT CACHING YES\r\nCLIENT TRACKINGINFO\r\n") ==
        "+OK\r\n%3\r\n$5\r\nflags\r\n~4\r\n$2\r\non\r\n$5\r\noptin\r\n$11\r\ncaching-yes\r\n$6\r\nnoloop\r\n"
        "$8\r\nredirect\r\n:0\r\n$8\r\nprefixes\r\n*0\r\n");
    test.ask("CLIENT TRACKING OFF\r\nCLIENT TRACKING ON OPTOUT\r\nCLIENT CACHING NO\r\n");
    CHECK(test.ask("CLIENT TRACKINGINFO\r\n").find("$6\r\noptout\r\n$10\r\ncaching-no\r\n") !=
          std::string::npos);
    test.ask("CLIENT TRACKING OFF\r\nCLIENT TRACKING ON BCAST PREFIX b PREFIX a\r\n");
    CHECK(test.ask("CLIENT TRACKINGINFO\r\n") ==
          "%3\r\n$5\r\nflags\r\n~2\r\n$2\r\non\r\n$5\r\nbcast\r\n$8\r\nredirect\r\n:0\r\n"
          "$8\r\nprefixes\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
}

// Redis accepts it and sends nothing: the client would read old values.
TEST_CASE("CLIENT TRACKING needs RESP3") {
    TrackingFixture test;
    CHECK(test.ask("CLIENT TRACKING ON\r\n") ==
          "-ERR CLIENT TRACKING needs RESP3 or REDIRECT: use HELLO 3 first\r\n");
    test.ask("HELLO 3\r\nCLIENT TRACKING ON\r\nGET a\r\nHELLO 2\r\n");
    CHECK(test.heard("SET a 1\r\nFLUSHALL\r\n").empty());  // RESP2 has no pushes
}

TEST_CASE("REDIRECT sends the invalidations to another client, in its version of RESP") {
    TrackingFixture test;
    const auto id = [&](std::size_t client) {
        const std::string reply = test.ask("CLIENT ID\r\n", client);
        return reply.substr(1, reply.find('\r') - 1);
    };
    const std::string target = id(0);
    CHECK(test.ask("CLIENT TRACKING ON REDIRECT " + target + " REDIRECT 0\r\n", 2) ==
          "-ERR A client can only redirect to a single other client\r\n");
    const std::string track = "CLIENT TRACKING ON REDIRECT " + target + "\r\nGET a\r\n";
    CHECK(test.ask(track, 2) == "+OK\r\n$1\r\nv\r\n");  // in RESP2
    CHECK(test.ask("CLIENT GETREDIR\r\n", 2) == ":" + target + "\r\n");
    CHECK(test.ask("CLIENT INFO\r\n", 2).find("redir=" + target) != std::string::npos);
    CHECK(test.heard("SET a 1\r\n").empty());  // it has not subscribed
    test.ask("SUBSCRIBE __redis__:invalidate\r\n", 0);
    test.ask("GET a\r\n", 2);
    CHECK(test.heard("SET a 1\r\n") ==
          "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n");
    test.ask("GET a\r\n", 2);
    CHECK(test.heard("FLUSHALL\r\n") == "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*-1\r\n");
    test.ask("RESET\r\nHELLO 3\r\n", 0);
    test.ask("GET b\r\n", 2);
    CHECK(test.heard("SET b 1\r\n") == invalidate("b"));
}

TEST_CASE("REDIRECT to the client of another user needs the right to administer") {
    TrackingFixture test;
    test.commands.auth([](const resp::AuthRequest& request) -> std::optional<resp::User> {
        return resp::User{.name = std::string{request.user}, .admin = request.user == "admin"};
    });
    test.ask("AUTH ann pw\r\n", 0);
    const std::string reply = test.ask("CLIENT ID\r\n", 0);
    const std::string track = "CLIENT TRACKING ON REDIRECT " + reply.substr(1);
    const std::string unknown = "-ERR The client ID you want redirect to does not exist\r\n";
    CHECK(test.ask("AUTH bob pw\r\n" + track, 1) == "+OK\r\n" + unknown);
    CHECK(test.ask("AUTH ann pw\r\n" + track, 2) == "+OK\r\n+OK\r\n");
    CHECK(test.ask("AUTH admin pw\r\n" + track, 3) == "+OK\r\n+OK\r\n");
}

TEST_CASE("a client hears that the client to which it redirects has left") {
    TrackingFixture test;
    const std::string reply = test.ask("CLIENT ID\r\n", 2);
    const std::string id = reply.substr(1, reply.find('\r') - 1);
    test.ask("HELLO 3\r\nCLIENT TRACKING ON REDIRECT " + id + "\r\nGET a\r\n");
    test.clients[2]->fail();
    test.clients[2]->notify();
    test.server->run();
    CHECK(test.heard("SET a 1\r\n") == ">2\r\n$21\r\ntracking-redir-broken\r\n:" + id + "\r\n");
    CHECK(test.ask("CLIENT TRACKINGINFO\r\n").find("broken_redirect") != std::string::npos);
}

TEST_CASE("a client hears of a change while its coroutine reads once more after the reply") {
    TrackingFixture test;
    test.ask("HELLO 3\r\nCLIENT TRACKING ON\r\nGETLATER a\r\n");
    CHECK(test.heard("SET a 1\r\n") == invalidate("a"));
    const std::size_t before = test.clients[0]->received.size();
    test.sleeper->cancel();
    test.server->run();
    // The value may be from before the change, and the client may have kept it.
    CHECK(test.clients[0]->received.substr(before) == "$1\r\nv\r\n" + invalidate("a"));
}

TEST_CASE("notify-keyspace-events publishes changes by key and by event") {
    TrackingFixture test;
    test.ask("HELLO 3\r\nPSUBSCRIBE __key*\r\n");
    const auto event = [](const std::string& channel, const std::string& text) {
        return ">4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$" + std::to_string(channel.size()) + "\r\n" +
               channel + "\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    };
    CHECK(test.heard("SET a 1\r\n").empty());
    CHECK(test.heard("CONFIG SET notify-keyspace-events KEA\r\nSELECT 3\r\nSET a 1\r\n") ==
          event("__keyspace@3__:a", "set") + event("__keyevent@3__:set", "a"));
    CHECK(test.heard("CONFIG SET notify-keyspace-events K$\r\nSET a 1\r\nDEL a\r\n") ==
          event("__keyspace@3__:a", "set"));
    CHECK(test.heard("CONFIG SET notify-keyspace-events Eg\r\nSET a 1\r\nDEL a\r\n") ==
          event("__keyevent@3__:del", "a"));
    CHECK(test.heard("CONFIG SET notify-keyspace-events \"\"\r\nSET a 1\r\nDEL a\r\n").empty());
}

TEST_CASE("the event of a new key is published, and the change that follows is told once") {
    TrackingFixture test;
    test.commands.add("ADD key", [](std::string_view key, resp::Call& call) {
        call.changed(key, "new", resp::KeyEvent::created);
        call.changed(key, "add", resp::KeyEvent::generic);
        return resp::ok;
    });
    test.ask("HELLO 3\r\nCLIENT TRACKING ON BCAST\r\n");
    CHECK(test.heard("ADD a\r\n") == invalidate("a"));
    test.ask("CLIENT TRACKING OFF\r\nSUBSCRIBE __keyevent@0__:new\r\n");
    const std::string message = ">3\r\n$7\r\nmessage\r\n$18\r\n__keyevent@0__:new\r\n$1\r\na\r\n";
    CHECK(test.heard("CONFIG SET notify-keyspace-events En\r\nADD a\r\n") == message);
}

TEST_CASE("notify-keyspace-events is shown as Redis shows it") {
    TrackingFixture test;
    const std::pair<const char*, const char*> texts[] = {{"KEA", "AKE"},       {"Kg$", "g$K"},
                                                         {"Eng$xe", "g$xenE"}, {"Kg$lszhxetd", "AK"},
                                                         {"g", "g"},           {"KEm", "KEm"}};
    for (const auto& [given, shown] : texts) {
        CHECK(test.ask("CONFIG SET notify-keyspace-events " + std::string{given} + "\r\n") == "+OK\r\n");
        CHECK(test.ask("CONFIG GET notify-keyspace-events\r\n")
                  .ends_with("\r\n" + std::string{shown} + "\r\n"));
    }
    CHECK(test.ask("CONFIG SET notify-keyspace-events Kq\r\n") ==
          "-ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event "
          "class "
          "character. Use 'Ag$lshzxeKEtmdn'.\r\n");
}
