// The addresses of a client, in a compact form.
#pragma once

#include "asio.hpp"

#include <libresp/server/options.hpp>

#include <cstdint>

namespace resp::detail {

struct Peer {
    static constexpr std::uint16_t no_listener = UINT16_MAX;

    asio::ip::tcp::endpoint tcp;
    bool is_unix = false;
    std::uint16_t listener =
        no_listener;  // index in Shared::endpoints; none if the program has adopted the socket
    asio::ip::tcp::endpoint local{};  // the address that the client has connected to; port 0: not TCP

    /// Empty for a client of a Unix socket.
    [[nodiscard]] Endpoint endpoint() const {
        if (is_unix) return {};
        return {tcp.address().to_string(), tcp.port(), {}};
    }
};

}  // namespace resp::detail
