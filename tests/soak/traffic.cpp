// traffic: keeps a server that echoes busy with values of many sizes, checks every byte that comes back, and comes
// and goes meanwhile.
//
//     traffic --port 6379 --seconds 60                  as many requests as are answered
//     traffic --port 6379 --seconds 60 --rate 5000      so many a second
//
// Each second it prints one line: `second 1 requests 5000 bytes 478000000 errors 0 connections 100`, in total so far.
// An error is a wrong byte or an end that nobody asked for.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::uint16_t port = 0;
    std::size_t connections = 50;
    double rate = 0;
    double seconds = 10;
    double churn = 0.01;
    std::size_t least = 16;
    std::size_t most = 1024 * 1024;
    std::uint64_t seed = 1;
};

int connect_to(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) throw std::system_error{errno, std::system_category(), "socket"};
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        throw std::system_error{errno, std::system_category(), "connect"};
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return socket;
}

/// Bulk strings, as many of 16 to 32 bytes as of 32 to 64, and so on: made once, sent often.
std::vector<std::string> make_requests(const Options& options, std::mt19937_64& random) {
    constexpr int how_many = 512;
    std::uniform_real_distribution<double> exponent{std::log2(options.least), std::log2(options.most)};
    std::vector<std::string> requests;
    for (int i = 0; i != how_many; ++i) {
        const auto size = static_cast<std::size_t>(std::exp2(exponent(random)));
        std::string value(size, '\0');
        for (char& c : value) c = static_cast<char>(random());
        requests.push_back(fmt::format("${}\r\n{}\r\n", size, value));
    }
    return requests;
}

/// One connection with at most one request on its way.
struct Client {
    int socket = -1;
    std::string_view request{};  // empty: it waits for its turn
    std::size_t sent = 0;
    std::size_t received = 0;
    bool waits_to_send = false;
};

class Traffic {
public:
    explicit Traffic(const Options& options)
        : options_(options),
          random_(options.seed),
          requests_(make_requests(options, random_)),
          clients_(options.connections),
          poll_(::epoll_create1(EPOLL_CLOEXEC)) {
        for (Client& client : clients_) open(client);
    }

    void run() {
        auto next_line = begun_ + std::chrono::seconds{1};
        for (auto now = begun_; now < begun_ + seconds(options_.seconds); now = Clock::now()) {
            begin_requests(now);
            handle_events();
            if (now < next_line) continue;
            print_line(now);
            next_line += std::chrono::seconds{1};
        }
        print_line(Clock::now());
    }

private:
    static Clock::duration seconds(double n) {
        return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{n});
    }

    void print_line(Clock::time_point now) const {
        fmt::print("second {:.1f} requests {} bytes {} errors {} connections {}\n",
                   std::chrono::duration<double>{now - begun_}.count(), answered_, bytes_, errors_,
                   connections_);
        std::fflush(stdout);
    }

    void open(Client& client) {
        client = {.socket = connect_to(options_.port)};
        epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, client.socket, &event);
        idle_.push_back(&client);
        ++connections_;
    }

    /// By a FIN and by a RST in turn.
    void close(Client& client) const {
        if (connections_ % 2 == 0) {
            const linger reset{1, 0};
            ::setsockopt(client.socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
        ::close(client.socket);
    }

    /// Lets those clients ask that are due; without a rate all that can.
    void begin_requests(Clock::time_point now) {
        const double elapsed = std::chrono::duration<double>{now - begun_}.count();
        const auto due = static_cast<std::uint64_t>(elapsed * options_.rate);
        // What all connections together could not send in time is not made up for.
        if (options_.rate > 0 && due > begun_requests_ + clients_.size())
            begun_requests_ = due - clients_.size();
        while (!idle_.empty() && (options_.rate <= 0 || begun_requests_ < due)) {
            std::uniform_int_distribution<std::size_t> any{0, idle_.size() - 1};
            std::swap(idle_[any(random_)], idle_.back());
            Client& client = *idle_.back();
            idle_.pop_back();
            ++begun_requests_;
            client.request =
                requests_[std::uniform_int_distribution<std::size_t>{0, requests_.size() - 1}(random_)];
            client.sent = client.received = 0;
            send(client);
        }
    }

    void handle_events() {
        epoll_event events[64];
        const int n = ::epoll_wait(poll_, events, 64, 1);
        for (int i = 0; i < n; ++i) {
            Client& client = *static_cast<Client*>(events[i].data.ptr);
            if ((events[i].events & EPOLLOUT) != 0) send(client);
            if ((events[i].events & ~std::uint32_t{EPOLLOUT}) != 0) receive(client);
        }
    }

    void send(Client& client) {
        const std::string_view unsent = client.request.substr(client.sent);
        const auto n = ::send(client.socket, unsent.data(), unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) client.sent += static_cast<std::size_t>(n);
        const bool waits = client.sent != client.request.size();  // an error shows when it is read
        if (waits == client.waits_to_send) return;
        client.waits_to_send = waits;
        epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
        if (waits) event.events |= EPOLLOUT;
        ::epoll_ctl(poll_, EPOLL_CTL_MOD, client.socket, &event);
    }

    void receive(Client& client) {
        const auto n = ::recv(client.socket, room_.data(), room_.size(), MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) return;
        const std::string_view reply{room_.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
        if (reply.empty() || client.request.substr(client.received, reply.size()) != reply) {
            ++errors_;
            close(client);
            open(client);
            return;
        }
        client.received += reply.size();
        bytes_ += reply.size();
        if (client.received == client.request.size()) finish(client);
    }

    /// It may have been the last request of its connection.
    void finish(Client& client) {
        ++answered_;
        client.request = {};
        if (std::bernoulli_distribution{options_.churn}(random_)) {
            close(client);
            open(client);
        } else {
            idle_.push_back(&client);
        }
    }

    Options options_;
    std::mt19937_64 random_;
    std::vector<std::string> requests_;
    std::vector<Client> clients_;
    std::vector<Client*> idle_;
    int poll_;
    std::string room_ = std::string(256 * 1024, '\0');
    Clock::time_point begun_ = Clock::now();
    std::uint64_t begun_requests_ = 0;
    std::uint64_t answered_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t errors_ = 0;
    std::uint64_t connections_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Keeps a server that echoes busy, and checks it", "traffic"};
    Options options;
    app.add_option("--port", options.port, "TCP port")->required();
    app.add_option("--connections", options.connections, "Connections")->capture_default_str();
    app.add_option("--rate", options.rate, "Requests a second; 0: as many as are answered");
    app.add_option("--seconds", options.seconds, "How long")->capture_default_str();
    app.add_option("--churn", options.churn, "Share of the requests that are a connection's last")
        ->capture_default_str();
    app.add_option("--least", options.least, "Bytes of the smallest value")->capture_default_str();
    app.add_option("--most", options.most, "Bytes of the largest value")->capture_default_str();
    app.add_option("--seed", options.seed, "Of all that is random")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        Traffic{options}.run();
    } catch (const std::exception& error) {
        fmt::print(stderr, "traffic: {}\n", error.what());
        return 1;
    }
}
