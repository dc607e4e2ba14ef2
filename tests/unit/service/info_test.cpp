// INFO, and CONFIG GET, SET and RESETSTAT.
#include "fixture.hpp"

#include "support/running_server.hpp"

using service_test::ServiceUnderTest;

namespace {

/// The value of a line `name:value`; "none" if there is no such line.
std::string field(const std::string& info, const std::string& name) {
    const std::size_t at = info.find("\n" + name + ":");
    if (at == std::string::npos) return "none";
    const std::size_t begin = at + name.size() + 2;
    return info.substr(begin, info.find('\r', begin) - begin);
}

std::string set_failed(const std::string& name, const std::string& why) {
    return "-ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + why + "\r\n";
}

/// Two parameters that a client may set, and one that it may not.
struct ConfigFixture : ServiceUnderTest<> {
    ConfigFixture() {
        const auto setter = [this](std::string& value) {
            return [this, &value](std::string_view text) -> std::optional<std::string> {
                ++sets;
                if (text == "bad") return "argument must be an integer";
                value = text;
                return std::nullopt;
            };
        };
        commands.parameter("first", [this] { return first; }, setter(first));
        commands.parameter("second", [this] { return second; }, setter(second));
        commands.parameter("fixed", [] { return std::string{"7"}; });
    }
    std::string first = "1", second = "2";
    int sets = 0;
};

}  // namespace

TEST_CASE("INFO has the fields that redis-cli --stat and redis_exporter read") {
    resp::Commands commands;
    commands.section("Keyspace", [] { return "db0:keys=3,expires=0,avg_ttl=0\r\n"; });
    support::RunningServer server{{}, resp::Service{commands}};
    auto client = server.client(), other = server.client();
    CHECK(other.ask("PING\r\n") + client.ask("NOPE\r\n").substr(0, 4) == "+PONG\r\n-ERR");
    const std::string info = client.ask("INFO\r\n");
    CHECK(info.find("# Server\r\n") != std::string::npos);
    CHECK(field(info, "redis_version") == "7.4.0");
    CHECK(field(info, "redis_mode") == "standalone");
    CHECK(field(info, "loading") == "0");
    CHECK(field(info, "role") == "master");
    CHECK(field(info, "master_repl_offset") == "0");
    CHECK(field(info, "connected_clients") == "2");
    CHECK(field(info, "blocked_clients") == "0");
    CHECK(field(info, "total_connections_received") == "2");
    CHECK(field(info, "total_commands_processed") == "2");  // as in Redis, without those that are refused
    CHECK(field(info, "total_error_replies") == "1");
    CHECK(field(info, "used_memory") != "none");
    CHECK(std::stoull(field(info, "maxmemory")) == resp::Options{}.max_memory);
    CHECK(std::stoull(field(info, "total_net_input_bytes")) >= 18);
    CHECK(field(info, "tcp_port") == std::to_string(server->local_endpoint().port));
    for (const char* name : {"uptime_in_seconds", "process_id", "used_cpu_sys", "used_cpu_user", "maxclients",
                             "rejected_connections", "connected_slaves", "total_net_output_bytes"}) {
        CHECK(field(info, name) != "none");
    }
    CHECK(info.ends_with("\r\n\r\n# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\n\r\n"));
}

TEST_CASE("INFO shows the sections that the client wants") {
    ServiceUnderTest test;
    test.commands.section("Mine", [] { return "a:1\r\n"; });
    CHECK(test.ask("INFO persistence\r\n") == "$26\r\n# Persistence\r\nloading:0\r\n\r\n");
    CHECK(test.ask("INFO MINE Persistence\r\n") ==
          "$41\r\n# Persistence\r\nloading:0\r\n\r\n# Mine\r\na:1\r\n\r\n");
    CHECK(test.ask("INFO nope\r\n") == "$0\r\n\r\n");
    CHECK(test.ask("INFO default\r\n").find("# Commandstats") == std::string::npos);
    CHECK(test.ask("INFO\r\n").find("# Mine\r\na:1\r\n") != std::string::npos);
    CHECK(test.ask("INFO all\r\n").find("# Commandstats") != std::string::npos);
    CHECK(test.ask("INFO everything\r\n").find("# Commandstats") != std::string::npos);
    test.ask("HELLO 3\r\n");
    CHECK(test.ask("INFO persistence\r\n") == "=30\r\ntxt:# Persistence\r\nloading:0\r\n\r\n");
}

TEST_CASE("INFO commandstats counts calls, refusals and failures, and CONFIG RESETSTAT forgets them") {
    ServiceUnderTest test;
    test.commands.add("FAIL", [] { return resp::error("ERR no"); });
    test.ask("PING\r\nPING\r\nPING a b\r\nFAIL\r\nCLIENT ID\r\nMULTI\r\nPING\r\nEXEC\r\n");
    const std::string info = test.ask("INFO commandstats\r\n");
    const auto counts = [&](const std::string& command) {  // without the times
        const std::string all = field(info, "cmdstat_" + command);
        return all.substr(0, all.find(",usec=")) + all.substr(all.find(",rejected_calls"));
    };
    CHECK(counts("ping") == "calls=3,rejected_calls=1,failed_calls=0");
    CHECK(counts("fail") == "calls=1,rejected_calls=0,failed_calls=1");
    CHECK(counts("client|id") == "calls=1,rejected_calls=0,failed_calls=0");
    CHECK(field(info, "cmdstat_echo") == "none");
    CHECK(field(test.ask("INFO stats\r\n"), "total_error_replies") == "2");
    CHECK(test.ask("CONFIG RESETSTAT\r\n") == "+OK\r\n");
    const std::string later = test.ask("INFO stats commandstats\r\n");
    CHECK(field(later, "total_error_replies") == "0");
    CHECK(field(later, "cmdstat_ping") == "none");
    CHECK(test.ask("CONFIG RESETSTAT x\r\n") ==
          "-ERR wrong number of arguments for 'config|resetstat' command\r\n");
}

TEST_CASE("CONFIG GET shows each parameter that fits a pattern once") {
    ConfigFixture test;
    CHECK(test.ask("CONFIG GET f*\r\n") == "*4\r\n$5\r\nfirst\r\n$1\r\n1\r\n$5\r\nfixed\r\n$1\r\n7\r\n");
    CHECK(test.ask("CONFIG GET FIRST *con? fi?st\r\n") ==
          "*4\r\n$5\r\nfirst\r\n$1\r\n1\r\n$6\r\nsecond\r\n$1\r\n2\r\n");
    CHECK(test.ask("CONFIG GET nope\r\n") == "*0\r\n");
    CHECK(test.ask("CONFIG GET databases\r\n") == "*2\r\n$9\r\ndatabases\r\n$2\r\n16\r\n");
    CHECK(test.ask("CONFIG GET save\r\nCONFIG GET appendonly\r\n") ==
          "*2\r\n$4\r\nsave\r\n$0\r\n\r\n*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n");  // redis-benchmark asks
    test.ask("HELLO 3\r\n");
    CHECK(test.ask("CONFIG GET first\r\n") == "%1\r\n$5\r\nfirst\r\n$1\r\n1\r\n");
    CHECK(test.ask("CONFIG GET\r\n") == "-ERR wrong number of arguments for 'config|get' command\r\n");
    CHECK(test.ask("CONFIG FOO\r\n") == "-ERR unknown subcommand 'FOO'. Try CONFIG HELP.\r\n");
    CHECK(test.ask("CONFIG\r\n") == "-ERR wrong number of arguments for 'config' command\r\n");
}

TEST_CASE("CONFIG SET sets parameters of the program") {
    ConfigFixture test;
    CHECK(test.ask("CONFIG SET FIRST 5 second 6\r\n") == "+OK\r\n");
    CHECK(test.first + test.second == "56");
    CHECK(test.ask("CONFIG SET first bad\r\n") == set_failed("first", "argument must be an integer"));
    CHECK(test.first == "5");
}

TEST_CASE("CONFIG SET accepts the value that a parameter of the library has, and no other one") {
    ConfigFixture test;
    CHECK(test.ask("CONFIG SET save '' APPENDONLY no timeout 0\r\n") == "+OK\r\n");
    CHECK(test.ask("CONFIG SET appendonly yes\r\n") ==
          set_failed("appendonly", "can't set immutable config"));
}

TEST_CASE("CONFIG SET checks all names before it sets the first value") {
    ConfigFixture test;
    CHECK(test.ask("CONFIG SET first 5 nope 1\r\n") ==
          "-ERR Unknown option or number of arguments for CONFIG SET - 'nope'\r\n");
    CHECK(test.ask("CONFIG SET first 5 fixed 1\r\n") == set_failed("fixed", "can't set immutable config"));
    CHECK(test.ask("CONFIG SET fixed 5 nope 1\r\n") == set_failed("fixed", "can't set immutable config"));
    CHECK(test.ask("CONFIG SET first 5 FIRST 6\r\n") == set_failed("FIRST", "duplicate parameter"));
    CHECK(test.ask("CONFIG SET first\r\n") == "-ERR wrong number of arguments for 'config|set' command\r\n");
    CHECK(test.ask("CONFIG SET first 5 second\r\n") ==
          "-ERR wrong number of arguments for 'config|set' command\r\n");
    CHECK(test.sets == 0);
}

TEST_CASE("CONFIG SET with a wrong value gives the others their old values again") {
    ConfigFixture test;
    CHECK(test.ask("CONFIG SET first 5 second bad\r\n") ==
          set_failed("second", "argument must be an integer"));
    CHECK(test.first + test.second == "12");
}

TEST_CASE("a parameter of the program replaces one of the library") {
    ServiceUnderTest test;
    test.commands.parameter("save", [] { return std::string{"60 1"}; });
    test.commands.parameter("notify-keyspace-events", [] { return std::string{"mine"}; });
    CHECK(test.ask("CONFIG GET save\r\n") == "*2\r\n$4\r\nsave\r\n$4\r\n60 1\r\n");
    CHECK(test.ask("CONFIG GET notify*\r\n") == "*2\r\n$22\r\nnotify-keyspace-events\r\n$4\r\nmine\r\n");
}
