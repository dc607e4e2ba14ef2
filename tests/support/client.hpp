// A blocking client on a loopback socket, for tests of servers. Each wait throws after a deadline. It uses
// plain sockets, so that a test does not need Asio and does not test Asio with itself.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/server/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace support {

/// The deadline of every wait. Far longer than any wait needs, even with sanitizers on a busy machine.
inline constexpr std::chrono::seconds patience{30};

/// Asks until the answer is true or the deadline has passed. Returns the last answer.
template <class Question>
bool eventually(Question question);

/// How a client sees a connection end: with FIN or with RST.
enum class End { orderly, reset };

class Client {
public:
    struct Settings {
        int receive_buffer = 0;  ///< in bytes; 0: the kernel's default
        std::string from{};      ///< its own address, such as "127.0.0.2"; empty: the kernel chooses it
    };

    explicit Client(const resp::Endpoint& server) : Client(server, Settings{}) {}
    Client(const resp::Endpoint& server, const Settings& settings);
    Client(Client&& other) noexcept;
    Client& operator=(Client&& other) noexcept;
    ~Client();

    /// Sends all of it. Throws if the server is gone.
    void send(std::string_view bytes);
    /// The same, but false if the server is gone.
    bool try_send(std::string_view bytes);
    /// Sends what the kernel accepts without waiting. Returns the number of bytes.
    std::size_t send_some(std::string_view bytes);
    /// Whether the kernel accepts more bytes within that time.
    bool writable_within(std::chrono::milliseconds time) const;
    /// Whether bytes or the end of the stream arrive within that time.
    bool readable_within(std::chrono::milliseconds time) const;

    /// Receives exactly `n` bytes. Throws if the stream ends earlier.
    std::string receive(std::size_t n);
    /// Receives the bytes of the next RESP value.
    std::string reply();
    /// Sends a request and receives the reply.
    std::string ask(std::string_view request);
    /// Receives all bytes until the end, and how the connection ended.
    std::string rest(End* end = nullptr);
    /// The bytes of one read, at most 64 KiB. Empty at an orderly end.
    std::string read_once();
    /// Bytes that have arrived and were not received by the test.
    std::size_t available() const;
    /// TCP segments with data that have arrived. On loopback a write of at most 64 KiB makes one.
    std::size_t segments() const;

    /// Ends its own stream (FIN). It may still receive.
    void finish();
    /// Closes with FIN.
    void close();
    /// Closes with RST.
    void reset();
    /// Its own address: the server's peer address.
    resp::Endpoint local() const;

private:
    int socket_ = -1;
    std::string unread_;  // bytes that were read and not returned yet
};

/// Whether a server accepts connections at that address.
bool is_listening(const resp::Endpoint& server);

/// `*2\r\n$4\r\nECHO\r\n$<length>\r\n<bytes>\r\n` and the like.
template <class... Words>
std::string command(const Words&... words) {
    std::string bytes;
    resp::Encoder{bytes}.command(words...);
    return bytes;
}

void pause_briefly();

template <class Question>
bool eventually(Question question) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!question()) {
        if (std::chrono::steady_clock::now() > deadline) return question();
        pause_briefly();
    }
    return true;
}

}  // namespace support
