// AUTH and HELLO with Commands::auth(): what a client may do before and after it.
#include "fixture.hpp"

#include <libresp/server/asio.hpp>

#include "support/running_server.hpp"

#include <chrono>

using resp::AuthRequest;
using resp::User;
using service_test::ServiceUnderTest;

namespace {

const std::string wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
const std::string missing = "-NOAUTH Authentication required.\r\n";
const std::string hello_first =
    "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
    "<user> "
    "<pass> option can be used to authenticate the client and select the RESP protocol version at the same "
    "time\r\n";

/// "default" may administer, "bob" may not.
std::optional<User> known_user(const AuthRequest& request) {
    using resp::equals_in_constant_time;
    if (request.user == "default" && equals_in_constant_time(request.password, "pw")) {
        return User{.name = "default", .admin = true};
    }
    if (request.user == "bob" && equals_in_constant_time(request.password, "pb")) return User{.name = "bob"};
    return std::nullopt;
}

void add_whoami(resp::Commands<>& commands) {
    commands.add("WHOAMI", [](resp::Call& call) { return call.client().user(); });
    commands.add("MANAGE", [] { return resp::ok; }, {.admin = true});
    commands.add("OPEN", [] { return resp::ok; }, {.noauth = true});
}

struct AuthFixture : ServiceUnderTest<> {
    AuthFixture() {
        add_whoami(commands);
        commands.auth(known_user);
        options.first_limits = resp::limits_before_auth();
    }
};

/// On loopback: a wrong password is answered after a time.
struct RunningAuth {
    explicit RunningAuth(bool waits = false) {
        add_whoami(commands);
        if (!waits) {
            commands.auth(known_user);
            return;
        }
        commands.auth([](const AuthRequest& request) -> asio::awaitable<std::optional<User>> {
            asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::milliseconds{1}};
            auto wait = timer.async_wait(asio::use_awaitable);
            co_await std::move(wait);
            co_return known_user(request);  // its texts are still valid
        });
    }
    support::Client client() { return server_of().client(); }
    support::RunningServer<resp::Service<>>& server_of() {
        if (!server) server.emplace(resp::Options{}, resp::Service{commands});
        return *server;
    }
    resp::Commands<> commands;
    std::optional<support::RunningServer<resp::Service<>>> server;  // made after the commands
};

}  // namespace

TEST_CASE("a client that is not authenticated may only use HELLO, AUTH, QUIT, RESET and noauth commands") {
    AuthFixture test;
    for (const char* request : {"PING\r\n", "ECHO x\r\n", "COMMAND\r\n", "CLIENT ID\r\n", "CLIENT HELP\r\n",
                                "MULTI\r\n", "SUBSCRIBE a\r\n", "WHOAMI\r\n", "CLIENT\r\n", "INFO\r\n"}) {
        CHECK(test.ask(request) == missing);
    }
    CHECK(test.ask("OPEN\r\n") == "+OK\r\n");
    CHECK(test.ask("RESET\r\n") == "+RESET\r\n");
    CHECK(test.ask("AUTH\r\n") == "-ERR wrong number of arguments for 'auth' command\r\n");
    CHECK(test.ask("AUTH a b c\r\n") == "-ERR syntax error\r\n");
    CHECK(test.ask("QUIT\r\n") == "+OK\r\n");
    CHECK(test.clients[0]->ended);
}

// Redis says which commands exist. A stranger need not know.
TEST_CASE("a client that is not authenticated does not learn whether a command exists") {
    AuthFixture test;
    CHECK(test.ask("NOPE\r\n") == missing);
    CHECK(test.ask("ECHO\r\n") == missing);
    CHECK(test.ask("CLIENT NOPE\r\n") == missing);
}

TEST_CASE("AUTH accepts a password, or a user and a password") {
    AuthFixture test;
    CHECK(test.ask("AUTH pw\r\nWHOAMI\r\n") == "+OK\r\n$7\r\ndefault\r\n");
    CHECK(test.ask("auth bob pb\r\nWHOAMI\r\n") == "+OK\r\n$3\r\nbob\r\n");
    CHECK(test.ask("CLIENT INFO\r\n").find(" user=bob ") != std::string::npos);
}

TEST_CASE("HELLO without AUTH is refused before authentication, after its other errors") {
    AuthFixture test;
    CHECK(test.ask("HELLO\r\n") == hello_first);
    CHECK(test.ask("HELLO 3\r\n") == hello_first);
    CHECK(test.ask("HELLO 2 SETNAME a\r\n") == hello_first);
    CHECK(test.ask("HELLO x\r\n") == "-ERR Protocol version is not an integer or out of range\r\n");
    CHECK(test.ask("HELLO 4\r\n") == "-NOPROTO unsupported protocol version\r\n");
    CHECK(test.ask("HELLO 3 AUTH default\r\n") == "-ERR Syntax error in HELLO option 'AUTH'\r\n");
    CHECK(test.ask("HELLO 3 AUTH default pw FOO\r\n") == "-ERR Syntax error in HELLO option 'FOO'\r\n");
    CHECK(test.ask("PING\r\n") == missing);
    CHECK(test.ask("HELLO 3 AUTH default pw SETNAME a\r\n").starts_with("%7\r\n"));
    CHECK(test.ask("CLIENT GETNAME\r\nWHOAMI\r\n") == "$1\r\na\r\n$7\r\ndefault\r\n");
    CHECK(test.ask("HELLO 2\r\n").starts_with("*14\r\n"));
}

TEST_CASE("RESET ends the authentication") {
    AuthFixture test;
    CHECK(test.ask("AUTH pw\r\nMANAGE\r\nRESET\r\nPING\r\n") == "+OK\r\n+OK\r\n+RESET\r\n" + missing);
    CHECK(test.ask("AUTH bob pb\r\nMANAGE\r\n") ==
          "+OK\r\n-NOPERM User bob has no permissions to run the 'manage' command\r\n");
}

TEST_CASE("only an administrator runs commands with the right to administer") {
    AuthFixture test;
    test.ask("AUTH bob pb\r\n");
    CHECK(test.ask("CONFIG GET save\r\n") ==
          "-NOPERM User bob has no permissions to run the 'config|get' command\r\n");
    CHECK(test.ask("CLIENT LIST\r\n") ==
          "-NOPERM User bob has no permissions to run the 'client|list' command\r\n");
    CHECK(test.ask("CLIENT KILL x\r\n") ==
          "-NOPERM User bob has no permissions to run the 'client|kill' command\r\n");
    CHECK(test.ask("CONFIG GET\r\n") == "-ERR wrong number of arguments for 'config|get' command\r\n");
    CHECK(test.ask("MULTI\r\nMANAGE\r\nEXEC\r\n") ==
          "+OK\r\n-NOPERM User bob has no permissions to run the 'manage' command\r\n"
          "-EXECABORT Transaction discarded because of previous errors.\r\n");
    CHECK(test.ask("AUTH pw\r\nMANAGE\r\n") == "+OK\r\n+OK\r\n");
    CHECK(test.ask("CLIENT KILL USER nobody\r\n") == ":0\r\n");
}

TEST_CASE(
    "before AUTH a request has at most 10 words, and AUTH lifts the limit for what follows it at once") {
    AuthFixture test;
    const std::string long_command =
        support::command("ECHO", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
    CHECK(test.ask(support::command("AUTH", "pw") + long_command) ==
          "+OK\r\n-ERR wrong number of arguments for 'echo' command\r\n");
    CHECK(test.ask(long_command, 1).starts_with("-ERR Protocol error"));
    CHECK(test.clients[1]->ended);
    CHECK(test.ask(support::command("AUTH", std::string(16 * 1024 + 1, 'x')), 2)
              .starts_with("-ERR Protocol error"));
    CHECK(test.clients[2]->ended);
}

TEST_CASE("RESET brings back the limits before AUTH") {
    AuthFixture test;
    const std::string long_command =
        support::command("ECHO", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
    CHECK(test.ask(support::command("AUTH", "pw") + support::command("RESET")) == "+OK\r\n+RESET\r\n");
    CHECK(test.ask(long_command).starts_with("-ERR Protocol error"));
    CHECK(test.clients[0]->ended);
}

TEST_CASE("two texts are compared in full") {
    using resp::equals_in_constant_time;
    CHECK(equals_in_constant_time("secret", "secret"));
    CHECK(equals_in_constant_time("", ""));
    CHECK_FALSE(equals_in_constant_time("secreT", "secret"));
    CHECK_FALSE(equals_in_constant_time("secretsecret", "secret"));
    CHECK_FALSE(equals_in_constant_time("secre", "secret"));
    CHECK_FALSE(equals_in_constant_time("", "secret"));
    CHECK_FALSE(equals_in_constant_time("secret", ""));
    CHECK_FALSE(equals_in_constant_time(std::string_view{"\0", 1}, ""));
}

TEST_CASE("each wrong password is answered later than the last one, at most a second later") {
    RunningAuth test;
    auto client = test.client();
    for (const int least : {100, 200, 400, 800, 1000, 1000}) {
        const auto begin = std::chrono::steady_clock::now();
        CHECK(client.ask("AUTH bob nope\r\n") == wrong);
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
        CHECK(took.count() >= least);
        CHECK(took.count() < least + 900);  // without a bound, the last one takes 3,200 ms
    }
    CHECK(client.ask("PING\r\n") == missing);
    CHECK(client.ask("AUTH bob pb\r\n") == "+OK\r\n");
    CHECK(client.ask("HELLO 3 AUTH bob nope SETNAME a\r\n") == wrong);
    // The client is still who it was.
    CHECK(client.ask("WHOAMI\r\n") == "$3\r\nbob\r\n");
    CHECK(client.ask("CLIENT GETNAME\r\n") == "$-1\r\n");
}

TEST_CASE("a new connection does not make wrong passwords faster") {
    RunningAuth test;
    for (const int least : {100, 200, 400}) {
        auto client = test.client();
        const auto begin = std::chrono::steady_clock::now();
        CHECK(client.ask("AUTH bob nope\r\n") == wrong);
        CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds{least});
    }
}

TEST_CASE("a client that ends its stream gets the answers to its wrong passwords no sooner") {
    RunningAuth test;
    auto client = test.client();
    const auto begin = std::chrono::steady_clock::now();
    client.send("AUTH bob nope\r\nAUTH bob nope\r\nAUTH bob nope\r\n");
    client.finish();
    for (int i = 0; i != 3; ++i) CHECK(client.reply() == wrong);
    CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds{700});
}

TEST_CASE("a client that waits for its wrong password does not delay others") {
    RunningAuth test;
    auto slow = test.client();
    for (int i = 0; i != 3; ++i) CHECK(slow.ask("AUTH nope\r\n") == wrong);
    slow.send("AUTH nope\r\n");  // takes 800 ms
    auto other = test.client();
    const auto begin = std::chrono::steady_clock::now();
    CHECK(other.ask("AUTH pw\r\n") == "+OK\r\n");
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds{700});
    CHECK(slow.reply() == wrong);
}

TEST_CASE("a client may leave while it waits for its wrong password") {
    RunningAuth test;
    auto client = test.client();
    for (int i = 0; i != 3; ++i) CHECK(client.ask("AUTH nope\r\n") == wrong);
    client.send("AUTH nope\r\n");
    client.reset();
    CHECK(support::eventually([&] { return test.server->stats().connections == 0; }));
}

TEST_CASE("a coroutine may decide who a client is") {
    RunningAuth test{true};
    auto client = test.client();
    CHECK(client.ask("AUTH bob pb\r\n") == "+OK\r\n");
    CHECK(client.ask("WHOAMI\r\n") == "$3\r\nbob\r\n");
    CHECK(client.ask("AUTH default nope\r\n") == wrong);
    auto other = test.client();
    CHECK(other.ask("HELLO 3 AUTH default pw SETNAME a\r\n").starts_with("%7\r\n"));
    CHECK(other.ask("MANAGE\r\n") == "+OK\r\n");
    other.send("AUTH bob pb\r\nWHOAMI\r\n");  // pipelined: the second waits for the first
    CHECK(other.reply() == "+OK\r\n");
    CHECK(other.reply() == "$3\r\nbob\r\n");
}

TEST_CASE("AUTH and HELLO cannot be in a transaction if they ask Commands::auth()") {
    AuthFixture test;
    test.ask("AUTH pw\r\n");
    CHECK(test.ask("MULTI\r\nAUTH pw\r\nHELLO 3\r\nEXEC\r\n") ==
          "+OK\r\n-ERR Command not allowed inside a transaction\r\n-ERR Command not allowed inside a "
          "transaction\r\n"
          "-EXECABORT Transaction discarded because of previous errors.\r\n");
}

TEST_CASE("before() is not asked for HELLO, AUTH, QUIT and RESET") {
    AuthFixture test;
    test.commands.before([](resp::Call& call) -> std::optional<resp::Error> {
        return resp::error("ERR no " + std::string{call.name()});
    });
    CHECK(test.ask("AUTH pw\r\nHELLO\r\n").starts_with("+OK\r\n*14\r\n"));
    CHECK(test.ask("PING\r\n") == "-ERR no ping\r\n");
    CHECK(test.ask("RESET\r\nQUIT\r\n") == "+RESET\r\n+OK\r\n");
}
