// Connections to the upstream. A Link collects the requests of a turn, and sends them in one write.
#pragma once

#include <asio.hpp>
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

using Endpoints = asio::ip::tcp::resolver::results_type;
inline constexpr std::string_view upstream_is_down = "ERR upstream is down";
class Link : public std::enable_shared_from_this<Link> {
public:
    /// If it is held, it sends nothing before release().
    Link(const asio::any_io_executor& executor, const Endpoints& upstream, bool is_held)
        : is_held_(is_held), socket_(executor), upstream_(&upstream) {}
    /// Whether requests must wait for room(), because the upstream does not take those before them.
    [[nodiscard]] bool is_full() const noexcept { return pending_.size() > 256 * 1024; }
    asio::awaitable<void> room() {
        std::error_code ignored;
        co_await room_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    void append(std::string_view wire) { pending_.append(wire); }
    void append(const resp::Command& words) {
        for (const std::string_view word : words) resp::Encoder{pending_}.bulk_string(word);
    }
    void append(const resp::Request& request) {
        const std::string_view wire = request.value().wire();
        if (wire.front() == resp::wire::byte(resp::Type::array)) return append(wire);
        resp::Encoder{pending_}.array(request.command().size());  // it was sent inline
        append(request.command());
    }
    /// Sends what was appended, if the upstream is ready and has taken everything before it.
    void flush() {
        if (!is_connected_ || is_held_ || pending_.size() == 0 || sending_.size() != 0) return;
        std::swap(pending_, sending_);
        room_.cancel();
        asio::async_write(socket_, asio::buffer(sending_.data(), sending_.size()),
                          [self = shared_from_this()](const std::error_code&, std::size_t) {
                              self->sending_.clear();
                              self->flush();  // after an error, reading fails too
                          });
    }
    void release() {
        is_held_ = false;
        flush();
    }
    /// Connects, and passes on all bytes to a client. If one side is slow, nothing is read from the other.
    asio::awaitable<void> pass_on(std::shared_ptr<Link>, resp::Connection client) try {
        co_await connect();
        for (std::string room(64 * 1024, '\0');;) {
            const std::size_t n = co_await socket_.async_read_some(asio::buffer(room), asio::use_awaitable);
            // Nothing else is sent to this client now, so the bytes need not be whole values.
            co_await resp::async_send(client, room.substr(0, n), asio::use_awaitable);
        }
    } catch (const std::system_error&) {
        if (!is_connected_) client.send([](resp::Encoder& out) { out.simple_error(upstream_is_down); });
        close();
        client.close();  // its state in the upstream is lost
    }
    /// Closes the connection for good.
    void close() {
        is_closed_ = true;
        drop();
    }

protected:
    /// Throws std::system_error if the upstream does not answer within a second, or after close().
    asio::awaitable<void> connect() {
        asio::steady_timer limit{socket_.get_executor(), std::chrono::seconds{1}};
        limit.async_wait([self = shared_from_this()](const std::error_code& ec) {
            if (!ec) self->socket_.close();
        });
        co_await asio::async_connect(socket_, *upstream_, asio::use_awaitable);
        if (is_closed_) socket_.close();
        socket_.set_option(asio::ip::tcp::no_delay{true});  // throws if it is closed
        is_connected_ = true;
        flush();
    }
    /// Closes the connection, and drops what was not sent.
    void drop() {
        is_connected_ = false;
        pending_.clear();
        room_.cancel();
        socket_.close();
    }
    bool is_held_, is_connected_ = false, is_closed_ = false;
    asio::ip::tcp::socket socket_;

private:
    const Endpoints* upstream_;
    resp::Buffer pending_, sending_;
    asio::steady_timer room_{socket_.get_executor(), asio::steady_timer::time_point::max()};
};
