// The stream of bytes between the engine and one client. This is all that the engine knows of a
// client: a TCP socket, a Unix socket and the script of a test are the same to it.
#pragma once

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

/// One client's stream. Destroying it closes it. Nothing in it waits: where a call would have to, it
/// says `std::errc::operation_would_block`, and wait() asks to be told.
class Transport {
public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport();

    /// Whom it tells that it is ready. Once, before anything else.
    void attach(Session& session) noexcept { session_ = &session; }

    /// Reads what has come, at most as much as there is room. 0 without an error: the client's end.
    virtual std::size_t read(std::span<char> room, std::error_code& ec) noexcept = 0;
    /// Sends the bytes, or the beginning of them.
    virtual std::size_t write(std::string_view bytes, std::error_code& ec) noexcept = 0;
    /// From now on, and until it is asked for something else, tells whenever what is asked for has
    /// become possible or has failed. Throws std::system_error or std::bad_alloc.
    virtual void wait(Interest interest) = 0;
    /// Ends the stream to the client, behind what was sent.
    virtual void finish() noexcept = 0;
    /// Bytes that were sent and of which it is not known that the client's kernel has them; of a Unix
    /// socket, that the client has read them.
    [[nodiscard]] virtual std::size_t unacknowledged() const noexcept = 0;

protected:
    void tell(Interest ready) noexcept;

private:
    Session* session_ = nullptr;
};

}  // namespace resp::detail
