// The byte stream between the engine and one client. The engine knows nothing else of a client, so a TCP
// socket, a Unix socket and the script of a test look the same to it.
#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>

namespace resp::detail {

class Session;

/// What a session waits for.
struct Interest {
    bool read = false;
    bool write = false;
    friend bool operator==(const Interest&, const Interest&) = default;
};

/// One client's stream. Its destructor closes it. No call blocks: a call that would have to wait reports
/// `std::errc::operation_would_block`, and wait() asks for a notification.
class Transport {
public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport();

    /// Sets the session that is notified. Called once, before any other function.
    void attach(Session& session) noexcept {
        assert(session_ == nullptr);
        session_ = &session;
    }

    /// Reads what has arrived, at most `room.size()` bytes. 0 without an error: the client's end of stream.
    virtual std::size_t read(std::span<char> room, std::error_code& ec) noexcept = 0;
    /// Sends some of the bytes, from the front. Returns how many.
    virtual std::size_t write(std::string_view bytes, std::error_code& ec) noexcept = 0;
    /// From now on, and until the next call, notifies the session whenever a read or write that it waits for
    /// has become possible or has failed. Throws std::system_error or std::bad_alloc.
    virtual void wait(Interest interest) = 0;
    /// Ends the stream to the client after the bytes that were sent (FIN).
    virtual void finish() noexcept = 0;
    /// The number of sent bytes that the client's kernel has not acknowledged; on a Unix socket, that the
    /// client has not read.
    [[nodiscard]] virtual std::size_t unacknowledged() const noexcept = 0;

protected:
    void notify(Interest ready) noexcept;

private:
    Session* session_ = nullptr;
};

}  // namespace resp::detail
