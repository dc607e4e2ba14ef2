// epoll-echo PORT [THREADS]: the least that a server can do for its clients. For each thread one level-triggered
// epoll set, one recv and one send per readable event, no parsing. All connections of a thread share one buffer;
// one that the kernel does not take all of a reply from keeps the rest, and reads nothing until it is out.
// The first thread accepts for all, which take turns.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <string>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

int check(int result, const char* call) {
    if (result < 0) throw std::system_error{errno, std::system_category(), call};
    return result;
}

class EpollEcho {
public:
    void listen(std::uint16_t port) {
        listener_ = check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
        const int yes = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        check(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
        check(::listen(listener_, SOMAXCONN), "listen");
        watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
    }

    /// Another one, which gets its share of the connections.
    void share_with(const EpollEcho& other) { sharers_.push_back(&other); }

    void run() {
        std::array<epoll_event, 512> events;
        for (;;) {
            const int n = check(::epoll_wait(epoll_, events.data(), events.size(), -1), "epoll_wait");
            for (int i = 0; i < n; ++i) handle(events[static_cast<std::size_t>(i)]);
        }
    }

private:
    void watch(int operation, int fd, std::uint32_t events) const {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        check(::epoll_ctl(epoll_, operation, fd, &event), "epoll_ctl");
    }

    void handle(const epoll_event& event) {
        const int fd = event.data.fd;
        if (fd == listener_) return accept_all();
        const bool is_writable = (event.events & EPOLLOUT) != 0;
        if (is_writable ? flush(fd) : echo(fd)) return;
        unsent_.erase(fd);
        ::close(fd);
    }

    void accept_all() {
        for (;;) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            const int yes = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            sharers_[accepted_++ % sharers_.size()]->watch(EPOLL_CTL_ADD, fd, EPOLLIN);
        }
    }

    /// Bytes sent, 0 if the socket is full, -1 if it is broken.
    static ssize_t send_some(int fd, const char* data, std::size_t size) {
        const ssize_t n = ::send(fd, data, size, MSG_NOSIGNAL);
        return n < 0 && errno == EAGAIN ? 0 : n;
    }

    bool echo(int fd) {
        const ssize_t received = ::recv(fd, buffer_.data(), buffer_.size(), 0);
        if (received < 0 && errno == EAGAIN) return true;
        if (received <= 0) return false;
        const ssize_t sent = send_some(fd, buffer_.data(), static_cast<std::size_t>(received));
        if (sent < 0) return false;
        if (sent < received) {
            unsent_[fd].assign(buffer_.data() + sent, buffer_.data() + received);
            watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
        }
        return true;
    }

    bool flush(int fd) {
        std::string& rest = unsent_[fd];
        const ssize_t sent = send_some(fd, rest.data(), rest.size());
        if (sent < 0) return false;
        rest.erase(0, static_cast<std::size_t>(sent));
        if (rest.empty()) {
            unsent_.erase(fd);
            watch(EPOLL_CTL_MOD, fd, EPOLLIN);
        }
        return true;
    }

    int epoll_ = check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    int listener_ = -1;
    std::vector<const EpollEcho*> sharers_;
    std::size_t accepted_ = 0;
    std::array<char, 64 * 1024> buffer_;
    std::unordered_map<int, std::string> unsent_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) {
        std::fputs("usage: epoll-echo PORT [THREADS]\n", stderr);
        return 2;
    }
    try {
        std::deque<EpollEcho> threads(argc == 3 ? static_cast<std::size_t>(std::atoi(argv[2])) : 1);
        EpollEcho& first = threads.at(0);
        for (const EpollEcho& each : threads) first.share_with(each);
        first.listen(static_cast<std::uint16_t>(std::atoi(argv[1])));
        for (EpollEcho& each : threads) {
            if (&each != &first) std::thread{[&each] { each.run(); }}.detach();
        }
        first.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "epoll-echo: %s\n", error.what());
        return 1;
    }
}
