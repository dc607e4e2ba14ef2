// The yardstick of streams.py: bare epoll and one buffer, which parses nothing. A client sends one line:
//
//     IN bytes     so many bytes follow, which the loop reads and copies; then it sends +OK
//     OUT bytes    the loop sends so many bytes, which it copies to its buffer first
//
// Prints `Listening on 127.0.0.1:<port>`.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr std::size_t piece = 64 * 1024;

void check(bool ok, const char* what) {
    if (ok) return;
    std::perror(what);
    std::exit(1);
}

int listen_on_free_port() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    check(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
    check(::listen(listener, 16) == 0, "listen");
    check(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
    std::printf("Listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return listener;
}

class Client {
public:
    Client(int poller, int socket) : poller_(poller), socket_(socket) {}

    /// Handles one client to its end.
    void serve() {
        watch(EPOLLIN);
        char word[8];
        unsigned long long bytes = 0;
        char line[64] = {};
        for (std::size_t at = 0; at + 1 < sizeof line; ++at) {
            if (!read_some(line + at, 1)) return;
            if (line[at] == '\n') break;
        }
        if (std::sscanf(line, "%7s %llu", word, &bytes) != 2) return;
        std::strcmp(word, "IN") == 0 ? take(bytes) : give(bytes);
    }

private:
    void take(std::uint64_t left) {
        while (left != 0) {
            const std::size_t n = read_some(buffer_.data(), std::min<std::uint64_t>(left, piece));
            if (n == 0) return;
            std::memcpy(copy_.data(), buffer_.data(), n);
            left -= n;
        }
        send_all("+OK\r\n", 5);
    }
    void give(std::uint64_t left) {
        watch(EPOLLOUT);
        while (left != 0) {
            const std::size_t n = std::min<std::uint64_t>(left, piece);
            std::memcpy(buffer_.data(), copy_.data(), n);
            if (!send_all(buffer_.data(), n)) return;
            left -= n;
        }
    }
    std::size_t read_some(char* to, std::size_t most) {
        for (;;) {
            const ssize_t n = ::recv(socket_, to, most, MSG_DONTWAIT);
            if (n >= 0) return static_cast<std::size_t>(n);
            if (errno != EAGAIN) return 0;
            wait();
        }
    }
    bool send_all(const char* from, std::size_t size) {
        while (size != 0) {
            const ssize_t n = ::send(socket_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n < 0 && errno != EAGAIN) return false;
            if (n < 0) {
                wait();
                continue;
            }
            from += n;
            size -= static_cast<std::size_t>(n);
        }
        return true;
    }
    void watch(std::uint32_t events) {
        epoll_event event{.events = events, .data = {}};
        check(::epoll_ctl(poller_, watched_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket_, &event) == 0,
              "epoll_ctl");
        watched_ = true;
    }
    void wait() const {
        epoll_event event;
        static_cast<void>(::epoll_wait(poller_, &event, 1, -1));
    }

    int poller_;
    int socket_;
    bool watched_ = false;
    std::vector<char> buffer_ = std::vector<char>(piece);
    std::vector<char> copy_ = std::vector<char>(piece);
};

}  // namespace

int main() {
    std::signal(SIGTERM, [](int) { std::_Exit(0); });
    const int listener = listen_on_free_port();
    for (;;) {
        const int socket = ::accept(listener, nullptr, nullptr);
        if (socket < 0) continue;
        const int poller = ::epoll_create1(0);
        check(poller >= 0, "epoll_create1");
        Client{poller, socket}.serve();
        ::close(poller);
        ::close(socket);
    }
}
