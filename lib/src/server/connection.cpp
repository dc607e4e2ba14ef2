// The handle on a connection: each member first checks whether the connection still exists.
#include <libresp/server/connection.hpp>

#include "session.hpp"

namespace resp {

Endpoint Connection::peer() const {
    const auto session = session_.lock();
    return session ? session->peer() : Endpoint{};
}

Version Connection::version() const noexcept {
    const auto session = session_.lock();
    return session ? session->version() : Version::resp2;
}

bool Connection::is_open() const noexcept {
    const auto session = session_.lock();
    return session && session->is_open();
}

asio::any_io_executor Connection::executor() const {
    const auto session = session_.lock();
    return session ? session->executor() : asio::any_io_executor{};
}

bool Connection::send(std::string bytes) const {
    const auto session = session_.lock();
    if (!session || !session->is_open()) return false;
    session->send(std::move(bytes));
    return true;
}

void Connection::close() const {
    if (const auto session = session_.lock()) session->close();
}

namespace detail {

Adapter::~Adapter() = default;
AdapterFactory::~AdapterFactory() = default;

Awaitable Adapter::awaited() { co_return; }

}  // namespace detail
}  // namespace resp
