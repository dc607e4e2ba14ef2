// Gives a server of the documentation a free port. The pages show fixed ports, which a test must not take.
//
// If the environment variable LIBRESP_DOCS_PORT holds the number of a descriptor, bind() asks for port 0 instead
// of the port in the program, and listen() writes "<port>\n" to that descriptor. Otherwise nothing changes.
// The functions replace those of the C library, so the quoted program needs no word about it.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

/// The descriptor that the test reads the port from, or -1.
int port_descriptor() {
    const char* const text = std::getenv("LIBRESP_DOCS_PORT");
    return text == nullptr ? -1 : std::atoi(text);
}

/// The port is at the same place in an IPv4 and an IPv6 address.
bool is_tcp(const sockaddr* address) {
    return address->sa_family == AF_INET || address->sa_family == AF_INET6;
}

}  // namespace

extern "C" int bind(int socket, const sockaddr* address, socklen_t size) noexcept {
    sockaddr_storage any_port{};
    if (port_descriptor() >= 0 && is_tcp(address) && size <= sizeof any_port) {
        std::memcpy(&any_port, address, size);
        reinterpret_cast<sockaddr_in*>(&any_port)->sin_port = 0;
        address = reinterpret_cast<const sockaddr*>(&any_port);
    }
    return static_cast<int>(::syscall(SYS_bind, socket, address, size));
}

extern "C" int listen(int socket, int backlog) noexcept {
    const auto result = static_cast<int>(::syscall(SYS_listen, socket, backlog));
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const taken = reinterpret_cast<sockaddr*>(&address);
    if (result == 0 && port_descriptor() >= 0 && ::getsockname(socket, taken, &size) == 0 && is_tcp(taken)) {
        ::dprintf(port_descriptor(), "%d\n", ntohs(reinterpret_cast<const sockaddr_in*>(taken)->sin_port));
    }
    return result;
}
