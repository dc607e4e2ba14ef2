// The file of a Unix socket: who may create, use and remove it.
#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/running_server.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

using support::Client;
using support::Ping;
using support::ping;
using support::pong;
using support::refusal;
using support::RunningServer;
using namespace std::chrono_literals;

namespace {

using Server = resp::Server<Ping>;

/// A new directory, which is removed with all that is in it.
class Folder {
public:
    Folder() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string file(const char* name = "resp.sock") const { return path_ + "/" + name; }
    [[nodiscard]] std::string path() const { return path_; }
    [[nodiscard]] bool is_empty() const { return std::filesystem::is_empty(path_); }

private:
    std::string path_ = "/tmp/libresp-XXXXXX";
};

struct stat status(const std::string& path) {
    struct stat file{};
    REQUIRE(::lstat(path.c_str(), &file) == 0);
    return file;
}

resp::Options on(const std::string& path) { return {.addresses = {}, .unix_path = path}; }

std::string in_use(const std::string& path) {
    return "cannot listen on unix:" + path + ": Address already in use";
}

/// A socket of this process, without a server.
class Socket {
public:
    // It throws and does not call REQUIRE, which only one thread may do at a time.
    Socket() : number_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
        if (number_ < 0) throw std::system_error{errno, std::generic_category()};
    }
    Socket(Socket&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Socket& operator=(Socket&&) = delete;
    ~Socket() {
        if (number_ >= 0) ::close(number_);
    }
    int bind(const std::string& path) { return with_address(path, ::bind); }
    int connect(const std::string& path) { return with_address(path, ::connect); }
    int listen(int backlog) { return ::listen(number_, backlog); }

private:
    template <class Call>
    int with_address(const std::string& path, const Call& call) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        return call(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
    }
    int number_;
};

/// Locks a directory as a starting server does.
class Lock {
public:
    explicit Lock(const std::string& directory)
        : number_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        REQUIRE(::flock(number_, LOCK_EX) == 0);
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock() { ::close(number_); }

private:
    int number_;
};

/// A socket file as a crashed server leaves it.
void leave_stale(const std::string& path) {
    Socket left;
    REQUIRE(left.bind(path) == 0);
}

}  // namespace

// ---- who may create it

TEST_CASE("a stale Unix socket is replaced, and one in use is not") {
    const Folder folder;
    leave_stale(folder.file());
    RunningServer server{on(folder.file()), Ping{}};
    CHECK(server.client().ask(ping) == pong);
    CHECK(refusal(on(folder.file())) == in_use(folder.file()));
    CHECK(server.client().ask(ping) == pong);
}

TEST_CASE("a Unix socket whose owner does not accept is in use, and a new server does not wait") {
    const Folder folder;
    Socket owner;
    REQUIRE(owner.bind(folder.file()) == 0);
    REQUIRE(owner.listen(0) == 0);
    std::vector<Socket> clients(1);
    while (clients.back().connect(folder.file()) == 0) clients.emplace_back();
    const auto begun = std::chrono::steady_clock::now();
    CHECK(refusal(on(folder.file())) == in_use(folder.file()));
    CHECK(std::chrono::steady_clock::now() - begun < 1s);
}

TEST_CASE("a file that is not a stale socket is left alone") {
    const Folder folder;
    SECTION("a regular file") {
        ::close(::open(folder.file().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        CHECK(refusal(on(folder.file())) == in_use(folder.file()));
        CHECK(S_ISREG(status(folder.file()).st_mode));
    }
    SECTION("a link to a stale socket") {
        leave_stale(folder.file("stale"));
        REQUIRE(::symlink(folder.file("stale").c_str(), folder.file().c_str()) == 0);
        CHECK(refusal(on(folder.file())) == in_use(folder.file()));
        CHECK(S_ISLNK(status(folder.file()).st_mode));
        CHECK(S_ISSOCK(status(folder.file("stale")).st_mode));
    }
}

TEST_CASE("of three servers that start at once on one path, exactly one lives") {
    constexpr int rounds = 400;
    constexpr std::size_t servers = 3;
    const Folder folder;
    std::barrier<> step{servers};
    std::vector<std::string> results(servers);
    int living = 0;
    int wrong = 0;
    const auto start_and_stop = [&](std::size_t i) {
        for (int round = 0; round != rounds; ++round) {
            step.arrive_and_wait();
            std::optional<Server> server;
            results[i].clear();
            try {
                server.emplace(on(folder.file()), Ping{});
            } catch (const std::system_error& error) {
                results[i] = error.what();
            }
            step.arrive_and_wait();
            if (i == 0) {
                const auto alive = std::count(results.begin(), results.end(), "");
                const auto refused = std::count(results.begin(), results.end(), in_use(folder.file()));
                living += alive == 1 && refused == 2 && Socket{}.connect(folder.file()) == 0 ? 1 : 0;
            }
            step.arrive_and_wait();
            server.reset();
            step.arrive_and_wait();
            if (i != 0) continue;
            wrong += folder.is_empty() ? 0 : 1;
            if (round % 4 != 0) leave_stale(folder.file());  // a crash before the next round
        }
    };
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i != servers; ++i) threads.emplace_back(start_and_stop, i);
    }
    CHECK(living == rounds);
    CHECK(wrong == 0);
}

TEST_CASE("a server waits while another one is between bind() and listen()") {
    const Folder folder;
    std::optional<Lock> lock{folder.path()};
    Socket other;
    REQUIRE(other.bind(folder.file()) == 0);  // this looks like a stale file
    std::string result;
    std::atomic<bool> ended{false};
    std::jthread thread{[&] {
        result = refusal(on(folder.file()));
        ended = true;
    }};
    // Only the clock can show that nothing happens.
    for (int i = 0; i != 100 && !ended; ++i) support::pause_briefly();
    CHECK_FALSE(ended);
    REQUIRE(other.listen(1) == 0);
    lock.reset();
    thread.join();
    CHECK(result == in_use(folder.file()));
    CHECK(Socket{}.connect(folder.file()) == 0);
}

TEST_CASE("a stranger who locks the directory delays a server, but does not stop it") {
    const Folder folder;
    const Lock lock{folder.path()};
    const auto begun = std::chrono::steady_clock::now();
    RunningServer server{on(folder.file()), Ping{}};
    const auto waited = std::chrono::steady_clock::now() - begun;
    CHECK(waited >= 2s);
    CHECK(waited < 3s);
    CHECK(server.client().ask(ping) == pong);
}

TEST_CASE("the error for a Unix socket names its path") {
    CHECK(refusal(on("/nonexistent/resp.sock")) ==
          "cannot listen on unix:/nonexistent/resp.sock: No such file or directory");
    const std::string longest = "/tmp/" + std::string(102, 'x');
    CHECK(refusal(on(longest)) == "none");
    CHECK(refusal(on(longest + "x")) == "cannot listen on unix:" + longest + "x: File name too long");
    CHECK(refusal(on(std::string("\0abstract", 9))) == "unix_path contains a zero byte");
    CHECK(refusal(on(std::string("/tmp/a\0b", 8))) == "unix_path contains a zero byte");
}

// ---- who may use it

TEST_CASE("a Unix socket has the permissions of the options, whatever the umask") {
    const Folder folder;
    const mode_t umask_before = ::umask(077);
    resp::Options options = on(folder.file());
    SECTION("the mode") {
        options.unix_permissions.mode = 0666;
        const Server server{options, Ping{}};
        CHECK((status(folder.file()).st_mode & 07777) == 0666);
    }
    SECTION("the group, by number") {
        options.unix_permissions.group = std::to_string(::getegid());
        const Server server{options, Ping{}};
        CHECK(status(folder.file()).st_gid == ::getegid());
        CHECK((status(folder.file()).st_mode & 07777) == 0700);  // the umask decides
    }
    SECTION("another group, by name, if the process may set it") {
        if (::geteuid() != 0) return;
        options.unix_permissions = {.mode = 0660, .group = "daemon"};
        const Server server{options, Ping{}};
        CHECK(status(folder.file()).st_gid == 1);
        CHECK((status(folder.file()).st_mode & 07777) == 0660);
    }
    ::umask(umask_before);
}

TEST_CASE("no client can connect to a Unix socket before it has its permissions") {
    const Folder folder;
    resp::Options options = on(folder.file());
    options.unix_permissions.mode = 0604;  // no umask leads to it
    constexpr int rounds = 200;
    std::atomic<int> started{0};
    std::atomic<int> connected{0};
    std::atomic<int> early{0};
    std::jthread stranger{[&] {
        for (int round = 1; round <= rounds; ++round) {
            while (started != round) std::this_thread::yield();
            struct stat file{};
            while (Socket{}.connect(folder.file()) != 0) std::this_thread::yield();
            if (::lstat(folder.file().c_str(), &file) != 0 || (file.st_mode & 0777) != 0604) ++early;
            ++connected;
        }
    }};
    for (int round = 1; round <= rounds; ++round) {
        started = round;
        const Server server{options, Ping{}};
        while (connected != round) std::this_thread::yield();
    }
    stranger.join();
    CHECK(early == 0);
}

TEST_CASE("permissions that cannot be set are refused, and no file is left") {
    const Folder folder;
    resp::Options options = on(folder.file());
    SECTION("a mode with other bits") {
        options.unix_permissions.mode = 01777;
        CHECK(refusal(options) == "unix_permissions.mode is above 0777");
    }
    SECTION("an unknown group") {
        options.unix_permissions.group = "no such group";
        CHECK(refusal(options) == "unix_permissions.group: there is no group \"no such group\"");
    }
    SECTION("a group that the process is not in") {
        if (::geteuid() == 0) return;
        options.unix_permissions.group = "0";
        CHECK(refusal(options) == "cannot listen on unix:" + folder.file() + ": Operation not permitted");
    }
    CHECK(folder.is_empty());
}

// ---- who removes it

TEST_CASE("a server on a Unix socket removes the file at its end") {
    const Folder folder;
    {
        RunningServer server{on(folder.file()), Ping{}};
        CHECK(server->local_endpoint().path == folder.file());
        Client client = server.client();
        CHECK(client.ask(ping) == pong);
        client.finish();
        CHECK(client.rest().empty());
        CHECK_FALSE(folder.is_empty());
    }
    CHECK(folder.is_empty());
}

TEST_CASE("a stop leaves the file of another server alone") {
    const Folder folder;
    std::optional<RunningServer<Ping>> first{std::in_place, on(folder.file()), Ping{}};
    REQUIRE(::unlink(folder.file().c_str()) == 0);  // as a program does that cleans /tmp
    RunningServer second{on(folder.file()), Ping{}};
    first.reset();
    CHECK(second.client().ask(ping) == pong);
}
