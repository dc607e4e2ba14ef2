// Replies are recognised by their first byte, so that no clock has to tell where the first one ends.
#include "peer.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace loadgen {

namespace {

constexpr std::string_view echo = "*2\r\n$4\r\nECHO\r\n";
constexpr int patience_ms = 5000;

void wait_for(int socket, short events) {
    pollfd ready{socket, events, 0};
    if (::poll(&ready, 1, patience_ms) == 0)
        throw std::runtime_error{"the first request is not answered in full"};
}

/// What has come is the beginning of one of the two replies; this is the whole of it.
std::string_view expected_reply(std::string_view received, std::string_view request) {
    return received.starts_with('$') ? request.substr(echo.size()) : request;
}

}  // namespace

int connect_to(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
        throw std::runtime_error{host + " is no IPv4 address"};
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) throw std::system_error{errno, std::system_category(), "socket"};
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        throw std::system_error{errno, std::system_category(), "connect"};
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return socket;
}

std::string echo_request(std::size_t size) {
    return fmt::format("{}${}\r\n{}\r\n", echo, size, std::string(size, 'x'));
}

std::size_t first_reply(int socket, std::string_view request) {
    std::string received;
    std::array<char, 64 * 1024> part;
    std::string_view unsent = request;
    while (received.empty() || received.size() < expected_reply(received, request).size()) {
        wait_for(socket, static_cast<short>(unsent.empty() ? POLLIN : POLLIN | POLLOUT));
        const auto sent = ::send(socket, unsent.data(), unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) unsent.remove_prefix(static_cast<std::size_t>(sent));
        const auto n = ::recv(socket, part.data(), part.size(), MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            throw std::runtime_error{"the server closes on the first request"};
        if (n > 0) received.append(part.data(), static_cast<std::size_t>(n));
    }
    if (received != expected_reply(received, request))
        throw std::runtime_error{"the first reply is neither the request nor its payload"};
    return received.size();
}

}  // namespace loadgen
