// Uses blocking sockets of Asio. Ctrl-C interrupts a connect or a send: it ends with EINTR. To receive, it first waits
// with wait_for().
#include "connection.hpp"

#include "wait.hpp"

#include <stdexcept>

void Connection::open() {
    connect();
    if (!settings_.user.empty()) {
        shake_hands({"AUTH", settings_.user, settings_.password});
    } else if (!settings_.password.empty()) {
        shake_hands({"AUTH", settings_.password});
    }
    if (settings_.resp3) shake_hands({"HELLO", "3"});
    if (settings_.database != 0) shake_hands({"SELECT", std::to_string(settings_.database)});
}

void Connection::connect() try {
    std::vector<asio::generic::stream_protocol::endpoint> endpoints;
    if (!settings_.path.empty()) {
        endpoints.emplace_back(asio::local::stream_protocol::endpoint{settings_.path});
    } else {
        asio::ip::tcp::resolver resolver{context_};
        for (const auto& found : resolver.resolve(settings_.host, settings_.port))
            endpoints.emplace_back(found.endpoint());
    }
    asio::connect(socket_, endpoints);
} catch (const asio::system_error& error) {
    throw_if_interrupted();
    const std::string name = settings_.path.empty() ? settings_.host + ":" + settings_.port : settings_.path;
    throw std::runtime_error{"cannot connect to " + name + ": " + error.code().message()};
}

void Connection::close() noexcept {
    socket_ = asio::generic::stream_protocol::socket{context_};
    decoder_.reset();
}

void Connection::shake_hands(const Words& command) {
    const resp::View reply = request(command);
    if (reply.is_error())
        throw std::runtime_error{command[0] + " failed: " + resp::escaped(reply.text(), 500)};
}

void Connection::send(const Words& command) try {
    std::string bytes;
    resp::Encoder out{bytes};
    out.array(command.size());
    for (const std::string& word : command) out.bulk_string(word);
    asio::write(socket_, asio::buffer(bytes));
} catch (const asio::system_error& error) {
    throw_if_interrupted();
    throw std::runtime_error{"cannot send: " + error.code().message()};
}

resp::View Connection::receive() {
    for (;;) {
        if (const auto frame = next()) return *frame;
        static_cast<void>(wait_for(-1, descriptor()));
        read();
    }
}

resp::View Connection::request(const Words& command) {
    send(command);
    for (;;) {
        const resp::View frame = receive();
        if (frame.type() != resp::Type::push) return frame;
    }
}

void Connection::read() {
    const std::span<char> room = decoder_.prepare(64 * 1024);
    asio::error_code error;
    decoder_.commit(socket_.read_some(asio::buffer(room.data(), room.size()), error));
    if (error == asio::error::eof) throw std::runtime_error{"the server closed the connection"};
    if (error && error != asio::error::interrupted)
        throw std::runtime_error{"cannot read: " + error.message()};
}

std::optional<resp::View> Connection::next() {
    const auto frame = decoder_.next();
    if (frame || !decoder_.error()) return frame;
    const resp::DecodeError& error = *decoder_.error();
    throw std::runtime_error{"bad reply at byte " + std::to_string(error.offset) + ": " + error.message()};
}
