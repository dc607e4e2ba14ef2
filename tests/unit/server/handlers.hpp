// Handlers and values for several tests of the server.
#pragma once

#include <libresp/server/handler.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace support {

/// Sends each value back.
struct Echo {
    void operator()(const resp::Request& request, resp::Reply& reply) const { reply.value(request.value()); }
};

/// Answers ECHO <word> with the word, and anything else with PONG.
struct Ping {
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        if (request.command().is("ECHO")) {
            reply.bulk_string(request.command()[1]);
        } else {
            reply.simple_string("PONG");
        }
    }
};

inline constexpr std::string_view ping = "*1\r\n$4\r\nPING\r\n";
inline constexpr std::string_view pong = "+PONG\r\n";

/// A list that the threads of a server write and the test reads.
template <class T>
class Record {
public:
    void add(T item) {
        const std::lock_guard lock{mutex_};
        items_.push_back(std::move(item));
    }
    [[nodiscard]] std::vector<T> items() const {
        const std::lock_guard lock{mutex_};
        return items_;
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock{mutex_};
        return items_.size();
    }

private:
    mutable std::mutex mutex_;
    std::vector<T> items_;
};

/// A Ping that keeps a handle on each client.
struct PingOfKnown : Ping {
    std::shared_ptr<Record<resp::Connection>> clients = std::make_shared<Record<resp::Connection>>();
    void on_open(const resp::Connection& connection) const { clients->add(connection); }
};

/// A Ping that records how its connections ended. QUIT closes the connection, THROW throws.
struct Noting {
    std::shared_ptr<Record<std::error_code>> ends = std::make_shared<Record<std::error_code>>();

    void on_close(std::error_code reason) const { ends->add(reason); }
    void operator()(const resp::Request& request, resp::Reply& reply) const {
        Ping{}(request, reply);
        if (request.command().is("QUIT")) reply.close();
        if (request.command().is("THROW")) throw std::runtime_error{"thrown"};
    }
};

/// Answers PING at once, and anything else when the test calls open(). All replies are PONG.
struct Gated {
    struct Gate {
        asio::io_context context;
        asio::steady_timer timer{context, asio::steady_timer::time_point::max()};
    };
    std::shared_ptr<Gate> gate = std::make_shared<Gate>();

    void open() const {
        gate->timer.cancel();
        gate->context.poll();
    }
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) const {
        std::error_code ignored;
        if (!request.command().is("PING")) {
            co_await gate->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        reply.simple_string("PONG");
    }
};

/// Bytes without a pattern: a missing, repeated or misplaced part makes a difference.
inline std::string noise(std::size_t size, std::uint32_t seed = 1) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        seed = seed * 1664525 + 1013904223;
        byte = static_cast<char>(seed >> 24);
    }
    return bytes;
}

/// `$<length>\r\n<bytes>\r\n`
inline std::string bulk(std::string_view bytes) {
    return "$" + std::to_string(bytes.size()) + "\r\n" + std::string{bytes} + "\r\n";
}

}  // namespace support
