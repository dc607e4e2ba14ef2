// File descriptors: a child inherits none, a server closes all of them, and running out of them is temporary.
#include "handlers.hpp"
#include "server/shared.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"
#include "support/sanitized.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>

using support::Client;
using support::command;
using support::eventually;
using support::Ping;
using support::ping;
using support::pong;
using support::RunningServer;

namespace {

/// Open descriptors, without the one that lists them.
std::set<int> descriptors() {
    std::set<int> numbers;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (const dirent* const entry = ::readdir(folder)) {
        const int number = std::atoi(entry->d_name);
        if (entry->d_name[0] != '.' && number != ::dirfd(folder)) numbers.insert(number);
    }
    ::closedir(folder);
    return numbers;
}

// These read /proc: for TSan, a system call on the descriptor races with the server's close().

bool is_socket(int descriptor) {
    const std::filesystem::path link = "/proc/self/fd/" + std::to_string(descriptor);
    std::error_code ignored;
    return std::filesystem::read_symlink(link, ignored).string().starts_with("socket:");
}

bool closes_on_exec(int descriptor) {
    std::ifstream info{"/proc/self/fdinfo/" + std::to_string(descriptor)};
    std::string word;
    while (info >> word && word != "flags:") {
    }
    unsigned flags = 0;
    info >> std::oct >> flags;
    return (flags & O_CLOEXEC) != 0;
}

int inheritable_listener() {
    const int number = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(::listen(number, 1) == 0);  // on a free port
    return number;
}

/// Two ends. A child inherits the first one.
std::pair<int, int> inheritable_pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    REQUIRE(::fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0);
    return {ends[0], ends[1]};
}

/// Until the end of the scope, the process may open `n` more descriptors.
class FewDescriptors {
public:
    explicit FewDescriptors(int n) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(*descriptors().rbegin() + 1 + n);
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("a child process inherits no socket of the server") {
    const std::set<int> before = descriptors();
    const std::string path = support::socket_path("inherit");
    // The program opens these two, as sockets that a child would inherit.
    const int listening = inheritable_listener();
    const auto [adopted, other_end] = inheritable_pair();
    RunningServer server{{.addresses = {"-127.0.0.1"}, .unix_path = path, .listen_descriptors = {listening}},
                         Ping{}};
    server->adopt(adopted);
    Client tcp{server->local_endpoints().at(1)};
    Client unix_client{{.path = path}};
    REQUIRE(tcp.ask(ping) == pong);
    REQUIRE(unix_client.ask(ping) == pong);
    REQUIRE(eventually([&] { return server.stats().connections == 3; }));
    int sockets = 0;
    for (const int descriptor : descriptors()) {
        if (before.contains(descriptor) || !is_socket(descriptor)) continue;
        ++sockets;
        CAPTURE(descriptor);
        CHECK(closes_on_exec(descriptor));
    }
    CHECK(sockets == 9);  // three listeners, and both ends of three connections
    ::close(other_end);
}

TEST_CASE("no connection and no descriptor is left after 500 clients") {
    RunningServer server{{.threads = 2, .reads = resp::Reads::anything}, Ping{}};
    REQUIRE(server.client().ask(ping) == pong);
    REQUIRE(eventually([&] { return server.stats().connections == 0; }));
    const std::set<int> before = descriptors();
    const std::string request = command("ECHO", "some words");
    for (int i = 0; i != 500; ++i) {
        Client client = server.client();
        const auto cut = static_cast<std::size_t>(i) % request.size();
        switch (i % 5) {
            case 0: client.ask(request); break;
            case 1: client.send(request.substr(0, cut)); break;
            case 2:
                client.send(request + request.substr(0, cut));
                client.reset();
                break;
            case 3:
                client.send(request);
                client.finish();
                client.reply();
                client.reset();
                break;
            default: client.reset(); break;
        }
    }
    CHECK(eventually([&] { return server.stats().accepted == 501; }));
    CHECK(eventually([&] { return server.stats().connections == 0; }));
    CHECK(eventually([&] { return descriptors() == before; }));
    CHECK(server.stats().memory == 0);
    CHECK(server.client().ask(ping) == pong);
}

TEST_CASE("a destroyed server leaves no descriptor") {
    {
        RunningServer warm_up{{}, Ping{}};
    }
    const std::set<int> before = descriptors();
    {
        RunningServer server{{.addresses = {"127.0.0.1", "127.0.0.2"}, .threads = 3}, Ping{}};
        Client client = server.client();
        REQUIRE(client.ask(ping) == pong);
    }
    CHECK(descriptors() == before);
}

TEST_CASE("a server opens no more descriptors than it keeps for itself") {
    const auto threads = GENERATE(1U, 8U);
    CAPTURE(threads);
    const std::string path = support::socket_path("reserved");
    const resp::Options options{.addresses = {"127.0.0.1", "127.0.0.2"},
                                .unix_path = path,
                                .threads = threads,
                                .stop_signals = {SIGUSR1}};
    const std::size_t before = descriptors().size();
    RunningServer server{options, Ping{}};
    Client client = server.client();
    REQUIRE(client.ask(ping) == pong);
    const std::size_t opened = descriptors().size() - before - 2;  // without both ends of the client
    // Besides these it keeps three for standard input, output and error, one refused client for each thread, and
    // a margin of 32.
    CHECK(opened + 3 + threads + 32 <= resp::detail::reserved_descriptors(options));
    CHECK(opened >= 4 * threads);
}

// Not under UBSan: it opens a pipe to check an object, and reports the object as bad if that fails.
#ifndef LIBRESP_ASAN
TEST_CASE("a server without free descriptors waits, and continues when one is free") {
    RunningServer server{{}, Ping{}};
    std::vector<Client> clients;
    clients.push_back(server.client());
    REQUIRE(clients.back().ask(ping) == pong);
    bool exhausted = false;
    bool heard_anything = true;
    bool first_lives = false;
    bool next_is_served = false;
    double seconds_of_cpu = 0;
    std::uint64_t errors = 0;
    {
        // The clients use descriptors of the same process. So the kernel accepts clients that the server
        // cannot. No CHECK in this scope: the sanitizers need a descriptor to check an object.
        const FewDescriptors few{7};
        try {
            while (true) clients.push_back(server.client());
        } catch (const std::system_error&) {
        }
        exhausted = eventually([&] { return server.stats().accept_errors != 0; });
        const std::clock_t begun = std::clock();
        errors = server.stats().accept_errors;
        heard_anything = clients.back().readable_within(std::chrono::milliseconds{500});
        seconds_of_cpu = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
        errors = server.stats().accept_errors - errors;
        first_lives = clients.front().ask(ping) == pong;
        // This frees two descriptors, one at each end of the connection.
        clients.erase(clients.begin());
        next_is_served = clients.front().ask(ping) == pong;
    }
    CHECK(exhausted);
    CHECK_FALSE(heard_anything);
    CHECK(seconds_of_cpu < 0.25);
    CHECK(errors <= 10);
    CHECK(first_lives);
    CHECK(next_is_served);
    for (Client& client : clients) CHECK(client.ask(ping) == pong);
    CHECK(server.client().ask(ping) == pong);
}
#endif
