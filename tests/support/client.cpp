// The blocking client.
#include "client.hpp"

#include "pieces.hpp"

#include <libresp/codec/decoder.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace support {

namespace {

constexpr int patience_ms = std::chrono::milliseconds{patience}.count();

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

Address address_of(const resp::Endpoint& server) {
    Address address;
    if (server.address.empty()) {
        auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
        local.sun_family = AF_UNIX;
        server.path.copy(local.sun_path, sizeof local.sun_path - 1);
        address.size = sizeof local;
    } else if (server.address.find(':') != std::string::npos) {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(server.port);
        ::inet_pton(AF_INET6, server.address.c_str(), &v6.sin6_addr);
        address.size = sizeof v6;
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(server.port);
        ::inet_pton(AF_INET, server.address.c_str(), &v4.sin_addr);
        address.size = sizeof v4;
    }
    return address;
}

[[noreturn]] void fail(const char* what) {
    throw std::system_error{errno, std::generic_category(), std::string{"client: "} + what};
}

/// Whether the event happens in time.
bool wait_for(int socket, short event, int milliseconds) {
    pollfd one{socket, event, 0};
    int n = 0;
    do n = ::poll(&one, 1, milliseconds);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

}  // namespace

void pause_briefly() { std::this_thread::sleep_for(std::chrono::milliseconds{1}); }

bool is_listening(const resp::Endpoint& server) try {
    const Client client{server};
    return true;
} catch (const std::system_error&) {
    return false;
}

Client::Client(const resp::Endpoint& server, const Settings& settings) {
    const Address address = address_of(server);
    socket_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) fail("socket");
    if (settings.receive_buffer != 0) {
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &settings.receive_buffer,
                     sizeof settings.receive_buffer);
    }
    const Address own = settings.from.empty() ? Address{} : address_of({settings.from, 0, {}});
    if (own.size != 0 && ::bind(socket_, reinterpret_cast<const sockaddr*>(&own.storage), own.size) != 0)
        fail("bind");
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) {
        const int error = errno;
        ::close(std::exchange(socket_, -1));
        errno = error;
        fail("connect");
    }
    const int on = 1;
    if (address.storage.ss_family != AF_UNIX) ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
}

Client::Client(Client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), unread_(std::move(other.unread_)) {}

Client& Client::operator=(Client&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(unread_, other.unread_);
    return *this;
}

Client::~Client() { close(); }

// ---- sending

std::size_t Client::send_some(std::string_view bytes) {
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EAGAIN && errno != EINTR) fail("send");
    return 0;
}

bool Client::writable_within(std::chrono::milliseconds time) const {
    return wait_for(socket_, POLLOUT, static_cast<int>(time.count()));
}

bool Client::readable_within(std::chrono::milliseconds time) const {
    return wait_for(socket_, POLLIN, static_cast<int>(time.count()));
}

void Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t n = send_some(bytes);
        bytes.remove_prefix(n);
        if (n == 0 && !writable_within(patience)) throw std::runtime_error{"client: cannot send in time"};
    }
}

bool Client::try_send(std::string_view bytes) {
    try {
        send(bytes);
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

// ---- receiving

std::string Client::read_once() {
    if (!unread_.empty()) return std::exchange(unread_, {});
    char bytes[64 * 1024];
    while (true) {
        if (!wait_for(socket_, POLLIN, patience_ms))
            throw std::runtime_error{"client: nothing comes in time"};
        const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (n < 0) fail("receive");
        return {bytes, static_cast<std::size_t>(n)};
    }
}

std::string Client::receive(std::size_t n) {
    std::string bytes;
    while (bytes.size() < n) {
        const std::string more = read_once();
        if (more.empty()) throw std::runtime_error{"client: the end comes after \"" + bytes + '"'};
        bytes += more;
    }
    unread_ = bytes.substr(n);
    bytes.resize(n);
    return bytes;
}

std::string Client::reply() {
    resp::Decoder decoder;
    while (true) {
        const std::string more = read_once();
        if (more.empty()) throw std::runtime_error{"client: the end comes instead of a reply"};
        support::receive(decoder, more);
        if (const auto frame = decoder.next()) {
            unread_ = more.substr(more.size() - decoder.pending());
            return std::string{frame->wire()};
        }
        if (decoder.error()) throw std::runtime_error{"client: no RESP comes: " + decoder.error()->message()};
    }
}

std::string Client::ask(std::string_view request) {
    send(request);
    return reply();
}

std::string Client::rest(End* end) {
    std::string bytes;
    if (end != nullptr) *end = End::orderly;
    try {
        for (std::string more = read_once(); !more.empty(); more = read_once()) bytes += more;
    } catch (const std::system_error&) {
        if (end == nullptr) throw;
        *end = End::reset;
    }
    return bytes;
}

std::size_t Client::available() const {
    int n = 0;
    ::ioctl(socket_, FIONREAD, &n);
    return static_cast<std::size_t>(n) + unread_.size();
}

std::size_t Client::segments() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) fail("TCP_INFO");
    return info.tcpi_data_segs_in;
}

// ---- ending

void Client::finish() { ::shutdown(socket_, SHUT_WR); }

void Client::close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void Client::reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

resp::Endpoint Client::local() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        return {::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size()), ntohs(v6.sin6_port), {}};
    }
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return {::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size()), ntohs(v4.sin_port), {}};
}

}  // namespace support
