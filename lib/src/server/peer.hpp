// The address of a client, in a compact form: a server holds one per connection.
#pragma once

#include "asio.hpp"

#include <libresp/server/options.hpp>

namespace resp::detail {

struct Peer {
    asio::ip::tcp::endpoint tcp;
    bool is_unix = false;

    /// Empty for a client of a Unix socket.
    [[nodiscard]] Endpoint endpoint() const {
        if (is_unix) return {};
        return {tcp.address().to_string(), tcp.port(), {}};
    }
};

}  // namespace resp::detail
