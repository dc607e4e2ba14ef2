// CLIENT: who is connected, and what a client says of itself.
#include "fixture.hpp"

#include "support/running_server.hpp"

using service_test::ServiceUnderTest;

namespace {

/// The number of the client `client`, in digits.
template <class Fixture>
std::string id_of(Fixture& test, std::size_t client) {
    const std::string reply = test.ask("CLIENT ID\r\n", client);
    return reply.substr(1, reply.size() - 3);
}

/// A service on loopback, for addresses.
struct ClientServer {
    resp::Commands<> commands;
    support::RunningServer<resp::Service<>> server{{}, resp::Service{commands}};
};

}  // namespace

TEST_CASE("CLIENT reports its errors with Redis' texts") {
    ServiceUnderTest test;
    CHECK(test.ask("CLIENT\r\n") == "-ERR wrong number of arguments for 'client' command\r\n");
    CHECK(test.ask("CLIENT FOO\r\n") == "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n");
    CHECK(test.ask("CLIENT ID x\r\n") == "-ERR wrong number of arguments for 'client|id' command\r\n");
    CHECK(test.ask("CLIENT SETNAME\r\n") ==
          "-ERR wrong number of arguments for 'client|setname' command\r\n");
    CHECK(test.ask("CLIENT NO-EVICT\r\n") ==
          "-ERR wrong number of arguments for 'client|no-evict' command\r\n");
    CHECK(test.ask("CLIENT NO-EVICT x\r\n") == "-ERR syntax error\r\n");
    CHECK(test.ask("CLIENT NO-TOUCH x\r\n") == "-ERR syntax error\r\n");
    CHECK(test.ask("CLIENT NO-EVICT on\r\nCLIENT NO-TOUCH OFF\r\n") == "+OK\r\n+OK\r\n");
}

TEST_CASE("CLIENT ID differs between clients and stays the same") {
    ServiceUnderTest test;
    const std::string id = id_of(test, 0);
    CHECK(id_of(test, 1) == std::to_string(std::stoull(id) + 1));
    CHECK(id_of(test, 0) == id);
}

TEST_CASE("CLIENT SETNAME sets a name that CLIENT GETNAME returns") {
    ServiceUnderTest test;
    CHECK(test.ask("CLIENT GETNAME\r\n") == "$-1\r\n");
    CHECK(test.ask("CLIENT SETNAME a~!\r\nCLIENT GETNAME\r\n") == "+OK\r\n$3\r\na~!\r\n");
    const std::string refused =
        "-ERR Client names cannot contain spaces, newlines or special characters.\r\n";
    CHECK(test.ask("CLIENT SETNAME \"a b\"\r\n") == refused);
    CHECK(test.ask("CLIENT SETNAME \"a\\n\"\r\n") == refused);
    CHECK(test.ask("CLIENT SETNAME \"\\x7f\"\r\n") == refused);
    CHECK(test.ask("CLIENT GETNAME\r\n") == "$3\r\na~!\r\n");
    CHECK(test.ask("CLIENT SETNAME \"\"\r\nCLIENT GETNAME\r\n") == "+OK\r\n$-1\r\n");
}

TEST_CASE("CLIENT SETINFO sets the name and the version of the client's library") {
    ServiceUnderTest test;
    CHECK(test.ask("CLIENT SETINFO LIB-NAME redis-py\r\nCLIENT SETINFO lib-ver 8.0\r\n") == "+OK\r\n+OK\r\n");
    CHECK(test.ask("CLIENT INFO\r\n").find(" lib-name=redis-py lib-ver=8.0\n") != std::string::npos);
    CHECK(test.ask("CLIENT SETINFO FOO x\r\n") == "-ERR Unrecognized option 'FOO'\r\n");
    CHECK(test.ask("CLIENT SETINFO LIB-NAME \"x y\"\r\n") ==
          "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n");
    CHECK(test.ask("CLIENT SETINFO LIB-VER \"x y\"\r\n") ==
          "-ERR lib-ver cannot contain spaces, newlines or special characters.\r\n");
    CHECK(test.ask("CLIENT SETINFO LIB-NAME \"\"\r\nCLIENT INFO\r\n").find(" lib-name= ") !=
          std::string::npos);
}

TEST_CASE("CLIENT INFO shows subscriptions, the transaction and tracking of the client") {
    ServiceUnderTest test;
    const std::string info = test.ask("CLIENT INFO\r\n");
    CHECK(info.find(" flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 ") != std::string::npos);
    CHECK(info.find(" cmd=client|info user=default redir=-1 resp=2 lib-name= lib-ver=\n\r\n") !=
          std::string::npos);
    test.ask(
        "HELLO 3\r\nSUBSCRIBE a b\r\nPSUBSCRIBE p*\r\nSSUBSCRIBE s\r\nSELECT 4\r\nCLIENT TRACKING ON\r\n");
    const std::string verbatim = test.ask("CLIENT INFO\r\n");
    CHECK(verbatim.starts_with("="));
    CHECK(verbatim.find("\r\ntxt:id=") != std::string::npos);
    CHECK(verbatim.find(" flags=Pt db=4 sub=2 psub=1 ssub=1 multi=-1 ") != std::string::npos);
    CHECK(verbatim.find(" redir=0 resp=3 ") != std::string::npos);
    test.ask("UNSUBSCRIBE a\r\nCLIENT TRACKING OFF\r\nCLIENT TRACKING ON BCAST\r\n");
    test.ask("MULTI\r\nPING\r\nPING\r\n");
    CHECK(test.ask("CLIENT LIST\r\n", 1).find(" flags=PxtB db=4 sub=1 psub=1 ssub=1 multi=2 ") !=
          std::string::npos);
}

TEST_CASE("CLIENT LIST shows all clients, or those of a type or with some numbers") {
    ServiceUnderTest test;
    const std::string zero = id_of(test, 0), one = id_of(test, 1), two = id_of(test, 2);
    test.ask("SUBSCRIBE a\r\n", 2);
    const auto lists = [&](const std::string& words) {
        const std::string reply = test.ask("CLIENT LIST" + words + "\r\n");
        std::string ids;
        for (const auto& id : {zero, one, two}) {
            if (reply.find("id=" + id + " addr=") != std::string::npos) ids += id + " ";
        }
        return ids;
    };
    CHECK(lists("") == zero + " " + one + " " + two + " ");
    CHECK(lists(" TYPE normal") == zero + " " + one + " ");
    CHECK(lists(" type PUBSUB") == two + " ");
    for (const char* type : {"master", "replica", "slave"}) {
        CHECK(test.ask("CLIENT LIST TYPE " + std::string{type} + "\r\n") == "$0\r\n\r\n");
    }
    CHECK(lists(" ID " + one + " " + two + " 0 -1 999999999") == one + " " + two + " ");
    CHECK(test.ask("CLIENT LIST ID 0\r\n") == "$0\r\n\r\n");
    CHECK(test.ask("CLIENT LIST TYPE foo\r\n") == "-ERR Unknown client type 'foo'\r\n");
    CHECK(test.ask("CLIENT LIST ID x\r\n") == "-ERR Invalid client ID\r\n");
    for (const char* words : {"TYPE", "ID", "FOO", "FOO x"}) {
        CHECK(test.ask("CLIENT LIST " + std::string{words} + "\r\n") == "-ERR syntax error\r\n");
    }
}

TEST_CASE("a client that has left is not in CLIENT LIST") {
    ServiceUnderTest test;
    const std::string one = id_of(test, 1);
    test.clients[1]->finish();
    test.server->run();
    CHECK(test.ask("CLIENT LIST\r\n").find("id=" + one + " ") == std::string::npos);
}

TEST_CASE("CLIENT KILL with filters returns how many clients fit all of them") {
    ServiceUnderTest test;
    const std::string zero = id_of(test, 0), one = id_of(test, 1), two = id_of(test, 2);
    test.ask("SUBSCRIBE a\r\n", 2);
    CHECK(test.ask("CLIENT KILL ID 999999999\r\n") == ":0\r\n");
    CHECK(test.ask("CLIENT KILL ID " + zero + "\r\n") == ":0\r\n");  // SKIPME yes
    CHECK(test.ask("CLIENT KILL ID " + one + " TYPE pubsub\r\n") == ":0\r\n");
    CHECK(test.ask("CLIENT KILL ID " + one + " MAXAGE 9223372036854775807\r\n") == ":0\r\n");
    CHECK(test.ask("CLIENT KILL TYPE master\r\n") == ":0\r\n");
    CHECK(test.ask("CLIENT KILL ADDR 1.2.3.4:5 SKIPME no\r\n") == ":0\r\n");
    CHECK(test.ask("CLIENT KILL type PubSub user default\r\n") == ":1\r\n");
    CHECK(test.clients[2]->closed);
    CHECK(test.ask("CLIENT KILL ID " + one + "\r\n") == ":1\r\n");
    CHECK(test.clients[1]->closed);
    CHECK(test.ask("CLIENT KILL ID " + zero + " SKIPME no\r\nPING\r\n") == ":1\r\n");
    CHECK(test.clients[0]->ended);
}

TEST_CASE("CLIENT KILL reports its errors with Redis' texts") {
    ServiceUnderTest test;
    CHECK(test.ask("CLIENT KILL\r\n") == "-ERR wrong number of arguments for 'client|kill' command\r\n");
    CHECK(test.ask("CLIENT KILL 1.2.3.4:5\r\n") == "-ERR No such client\r\n");
    CHECK(test.ask("CLIENT KILL ID\r\n") == "-ERR No such client\r\n");  // the old form
    for (const char* id : {"x", "0", "-1", "99999999999999999999"}) {
        CHECK(test.ask("CLIENT KILL ID " + std::string{id} + "\r\n") ==
              "-ERR client-id should be greater than 0\r\n");
    }
    CHECK(test.ask("CLIENT KILL TYPE foo\r\n") == "-ERR Unknown client type 'foo'\r\n");
    CHECK(test.ask("CLIENT KILL USER nobody\r\n") == "-ERR No such user 'nobody'\r\n");
    CHECK(test.ask("CLIENT KILL MAXAGE x\r\n") == "-ERR maxage is not an integer or out of range\r\n");
    CHECK(test.ask("CLIENT KILL MAXAGE 0\r\n") == "-ERR maxage should be greater than 0\r\n");
    for (const char* words : {"FOO 1", "ID 1 FOO", "SKIPME maybe", "ID 1 SKIPME"}) {
        CHECK(test.ask("CLIENT KILL " + std::string{words} + "\r\n") == "-ERR syntax error\r\n");
    }
}

TEST_CASE("CLIENT KILL finds a client by its address, in both forms") {
    ClientServer test;
    auto killer = test.server.client(), first = test.server.client(), second = test.server.client();
    CHECK(first.ask("PING\r\n") + second.ask("PING\r\n") == "+PONG\r\n+PONG\r\n");
    CHECK(killer.ask("CLIENT KILL " + first.local().to_string() + "\r\n") == "+OK\r\n");
    CHECK(first.rest().empty());
    CHECK(killer.ask("CLIENT KILL ADDR " + second.local().to_string() + "\r\n") == ":1\r\n");
    CHECK(second.rest().empty());
    auto third = test.server.client();
    CHECK(third.ask("PING\r\n") == "+PONG\r\n");
    const std::string info = killer.ask("CLIENT INFO\r\n");
    const std::size_t begin = info.find(" laddr=") + 7;
    CHECK(killer.ask("CLIENT KILL LADDR " + info.substr(begin, info.find(' ', begin) - begin) + "\r\n") ==
          ":1\r\n");
    CHECK(third.rest().empty());
    // The client itself gets its reply first.
    killer.send("CLIENT KILL " + killer.local().to_string() + "\r\nPING\r\n");
    CHECK(killer.rest() == "+OK\r\n");
}

TEST_CASE("CLIENT REPLY drops replies, and errors too") {
    ServiceUnderTest test;
    CHECK(test.ask("CLIENT REPLY SKIP\r\n").empty());
    CHECK(test.ask("PING\r\n").empty());
    CHECK(test.ask("PING\r\n") == "+PONG\r\n");
    CHECK(test.ask("CLIENT REPLY SKIP\r\nNOPE\r\nECHO a\r\n") == "$1\r\na\r\n");
    CHECK(test.ask("CLIENT REPLY SKIP\r\nECHO\r\nECHO a\r\n") == "$1\r\na\r\n");
    CHECK(test.ask("CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO a\r\n") == "$1\r\na\r\n");
    CHECK(test.ask("CLIENT REPLY OFF\r\nPING\r\nNOPE\r\nECHO\r\nCLIENT REPLY SKIP\r\nPING\r\nCLIENT HELP\r\n")
              .empty());
    CHECK(test.ask("CLIENT REPLY ON\r\nPING\r\n") == "+OK\r\n+PONG\r\n");
    CHECK(test.ask("CLIENT REPLY\r\n") == "-ERR wrong number of arguments for 'client|reply' command\r\n");
    CHECK(test.ask("CLIENT REPLY ON x\r\n") ==
          "-ERR wrong number of arguments for 'client|reply' command\r\n");
    CHECK(test.ask("CLIENT REPLY foo\r\n") == "-ERR syntax error\r\n");
}

TEST_CASE("CLIENT HELP begins and ends as in Redis") {
    ServiceUnderTest test;
    const std::string help = test.ask("client help\r\n");
    CHECK(help.find("\r\n+CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n+ID\r\n") !=
          std::string::npos);
    CHECK(help.find("\r\n+SETNAME connection-name\r\n+    Sets the connection name.\r\n") !=
          std::string::npos);
    CHECK(help.ends_with("+HELP\r\n+    Print this help.\r\n"));
}

TEST_CASE("CLIENT HELP obeys transactions, CLIENT REPLY and the subscriber's mode") {
    ServiceUnderTest test;
    CHECK(test.ask("MULTI\r\nCLIENT HELP\r\nPING\r\n") == "+OK\r\n+QUEUED\r\n+QUEUED\r\n");
    const std::string result = test.ask("EXEC\r\n");
    CHECK(result.starts_with("*2\r\n*"));
    CHECK(result.ends_with("+    Print this help.\r\n+PONG\r\n"));
    CHECK(test.ask("CLIENT REPLY SKIP\r\nCLIENT HELP\r\nPING\r\n") == "+PONG\r\n");
    test.ask("SUBSCRIBE a\r\n");
    CHECK(test.ask("CLIENT HELP\r\n").starts_with("-ERR Can't execute 'client'"));
}
