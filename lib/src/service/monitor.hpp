// The clients that have sent MONITOR.
#pragma once

#include <libresp/server/connection.hpp>
#include <libresp/service/call.hpp>

#include <mutex>
#include <vector>

namespace resp::detail {

class Monitors {
public:
    void add(const Connection& client);
    void remove(const Connection& client) noexcept;
    [[nodiscard]] bool empty() const noexcept;
    /// Shows a command to all of them. They share the bytes.
    void tell(const Call& call);

private:
    mutable std::mutex mutex_;
    std::vector<Connection> clients_;
};

}  // namespace resp::detail
