// A blocking client on a loopback socket, for tests of servers: each wait has a deadline, after which
// it throws. Plain sockets, so that a test need not compile Asio and does not test it with itself.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/server/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace support {

/// Far above what anything takes, sanitizers and a busy machine included.
inline constexpr std::chrono::seconds patience{30};

/// Asks until the answer is yes, or patience is at its end. Returns the last answer.
template <class Question>
bool eventually(Question question);

/// What a client sees at the end of a connection.
enum class End { orderly, reset };

class Client {
public:
    /// Bytes that the kernel keeps for a client that does not read; 0: what the kernel likes.
    struct Settings {
        int receive_buffer = 0;
    };

    explicit Client(const resp::Endpoint& server) : Client(server, Settings{}) {}
    Client(const resp::Endpoint& server, Settings settings);
    Client(Client&& other) noexcept;
    Client& operator=(Client&& other) noexcept;
    ~Client();

    /// Sends all of it. Throws if the server is gone.
    void send(std::string_view bytes);
    /// The same, but false if the server is gone.
    bool try_send(std::string_view bytes);
    /// Sends what the kernel takes without waiting; bytes taken.
    std::size_t send_some(std::string_view bytes);
    /// Whether the kernel takes more bytes within that time.
    bool writable_within(std::chrono::milliseconds time) const;
    /// Whether something comes, the end included, within that time.
    bool readable_within(std::chrono::milliseconds time) const;

    /// Exactly `n` bytes. Throws where they end before that.
    std::string receive(std::size_t n);
    /// The next RESP value, as the bytes that it came in.
    std::string reply();
    /// Sends a request and reads the reply to it.
    std::string ask(std::string_view request);
    /// All bytes until the end, and which one it was.
    std::string rest(End* end = nullptr);
    /// What one read gives, at most 64 KiB; nothing at an orderly end.
    std::string read_once();
    /// Bytes that have come and were not asked for.
    std::size_t available() const;
    /// TCP segments with data that have come. On loopback a write of at most 64 KiB makes one.
    std::size_t segments() const;

    /// The end of what it sends (FIN); it may still read.
    void finish();
    /// Closes with FIN.
    void close();
    /// Closes with RST.
    void reset();
    /// Its own address, which the server sees as its peer.
    resp::Endpoint local() const;

private:
    int socket_ = -1;
    std::string unread_;  // what was read beyond what was asked for
};

/// Whether somebody accepts connections there.
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
