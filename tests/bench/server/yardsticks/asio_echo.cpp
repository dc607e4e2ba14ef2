// asio-echo coroutine|send-at-once PORT: echo servers of a few lines on bare Asio, one thread, no parsing.
//
//     coroutine      as its examples have it: co_await async_read_some, co_await async_write
//     send-at-once   async_read_some, then a write that does not wait: only what the kernel does not take is
//                    left to async_write. What a server on Asio can hope for.
//
// "asio-echo version" prints Asio's.
#include <asio.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

using asio::ip::tcp;

using Buffer = std::array<char, 64 * 1024>;

asio::awaitable<void> echo_by_coroutine(tcp::socket socket) {
    const auto buffer = std::make_unique_for_overwrite<Buffer>();  // its untouched pages cost nothing
    std::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    for (;;) {
        const std::size_t n = co_await socket.async_read_some(asio::buffer(*buffer), token);
        if (ec) co_return;
        co_await asio::async_write(socket, asio::buffer(buffer->data(), n), token);
        if (ec) co_return;
    }
}

class Connection;
using Owned = std::unique_ptr<Connection>;  // by the operation under way

class Connection {
public:
    explicit Connection(tcp::socket socket) : socket_(std::move(socket)) { socket_.non_blocking(true); }

    static void read(Owned owned) {
        Connection& self = *owned;
        self.socket_.async_read_some(asio::buffer(self.buffer_),
                                     [owned = std::move(owned)](std::error_code ec, std::size_t n) mutable {
                                         if (!ec) echo(std::move(owned), n);
                                     });
    }

private:
    static void echo(Owned owned, std::size_t n) {
        Connection& self = *owned;
        std::error_code ec;
        const std::size_t sent = self.socket_.write_some(asio::buffer(self.buffer_.data(), n), ec);
        if (ec && ec != asio::error::would_block) return;
        if (sent == n) return read(std::move(owned));
        asio::async_write(self.socket_, asio::buffer(self.buffer_.data() + sent, n - sent),
                          [owned = std::move(owned)](std::error_code failed, std::size_t) mutable {
                              if (!failed) read(std::move(owned));
                          });
    }

    tcp::socket socket_;
    Buffer buffer_;
};

asio::awaitable<void> accept_all(tcp::acceptor& acceptor, bool send_at_once) {
    for (;;) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        socket.set_option(tcp::no_delay(true));
        if (send_at_once) {
            Connection::read(std::make_unique<Connection>(std::move(socket)));
        } else {
            co_spawn(acceptor.get_executor(), echo_by_coroutine(std::move(socket)), asio::detached);
        }
    }
}

void serve(bool send_at_once, std::uint16_t port) {
    asio::io_context context{1};  // one thread runs it
    tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), port}};
    co_spawn(context, accept_all(acceptor, send_at_once), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
    });
    context.run();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && argv[1] == std::string_view{"version"}) {
        std::printf("Asio %d.%d.%d\n", ASIO_VERSION / 100'000, ASIO_VERSION / 100 % 1000, ASIO_VERSION % 100);
        return 0;
    }
    const std::string_view variant = argc == 3 ? argv[1] : "";
    if (variant != "coroutine" && variant != "send-at-once") {
        std::fputs("usage: asio-echo coroutine|send-at-once PORT, or asio-echo version\n", stderr);
        return 2;
    }
    try {
        serve(variant == "send-at-once", static_cast<std::uint16_t>(std::atoi(argv[2])));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "asio-echo: %s\n", error.what());
        return 1;
    }
}
