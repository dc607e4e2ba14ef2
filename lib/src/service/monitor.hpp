// The clients that have sent MONITOR.
#pragma once

#include <libresp/server/connection.hpp>
#include <libresp/service/call.hpp>

#include <mutex>
#include <vector>

namespace resp::detail {

class Monitors {
public:
    /// Returns how many there are then.
    std::size_t add(const Connection& client);
    std::size_t remove(const Connection& client) noexcept;
    /// Shows a command to all of them. They share the bytes.
    void tell(const Call& call);

private:
    std::mutex mutex_;
    std::vector<Connection> clients_;
};

}  // namespace resp::detail
