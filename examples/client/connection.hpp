// A connection to a server: sends commands, and receives one frame at a time. A frame is a reply or a push.
#pragma once

#include <libresp/codec.hpp>

#include <asio.hpp>

#include <optional>
#include <string>
#include <vector>

using Words = std::vector<std::string>;

struct Settings {
    std::string host = "127.0.0.1";
    std::string port = "6379";
    std::string path;  ///< of a Unix socket, instead of host and port
    std::string user;
    std::string password;
    unsigned database = 0;
    bool resp3 = false;
};

/// Its functions throw an exception with a text for the user, or Interrupted. Then close() it: a reply may be missing.
class Connection {
public:
    explicit Connection(const Settings& settings) : settings_(settings) {}

    /// Connects, and sends AUTH, HELLO and SELECT as the settings say. The connection must be closed.
    void open();
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
    /// For wait_for(); -1 if it is closed.
    [[nodiscard]] int descriptor() noexcept { return is_open() ? socket_.native_handle() : -1; }

    void send(const Words& command);
    /// Waits for the next frame. It is valid until the next call.
    [[nodiscard]] resp::View receive();
    /// The same for a reply: skips pushes.
    [[nodiscard]] resp::View request(const Words& command);

    /// Reads what was sent, without waiting for a whole frame. next() then returns the frames in it.
    void read();
    [[nodiscard]] std::optional<resp::View> next();

private:
    void connect();
    void shake_hands(const Words& command);

    // A reply of this size takes at most seven times as much memory, with its index.
    static constexpr std::size_t max_reply = 64 * 1024 * 1024;

    Settings settings_;
    asio::io_context context_;
    asio::generic::stream_protocol::socket socket_{context_};
    resp::Decoder decoder_{{.max_bulk = max_reply, .max_frame = max_reply}};
};
