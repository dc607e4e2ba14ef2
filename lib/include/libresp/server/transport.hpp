// The byte stream between a server and one client. Write one to serve clients over something that is not a
// plain socket, for example encrypted, and install it with Options::wrap.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <cassert>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>

namespace resp {

/// What a server waits for on a stream, or what is possible there.
struct Interest {
    bool read = false;   ///< bytes, or the client's end of stream
    bool write = false;  ///< room for more bytes
    bool leave = false;  ///< the client's end of stream, even if bytes before it were not read
    bool gone = false;   ///< a reset: nothing can be sent any more
    friend bool operator==(const Interest&, const Interest&) = default;
};

/// One client's stream. Its destructor closes it. All calls come from one thread at a time. No call blocks: a
/// call that would have to wait reports `std::errc::operation_would_block`, and wait() asks for a
/// notification.
class Transport {
public:
    /// Gets the notifications of a transport: the server, or another transport that wraps this one.
    class Owner {
    public:
        /// What `ready` contains is possible now, or the next call reports an error.
        virtual void ready(Interest ready) noexcept = 0;

    protected:
        ~Owner() = default;
    };

    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport();

    /// Sets who is notified. The owner calls it once, before any other function, and lives longer than the
    /// transport.
    void attach(Owner& owner) noexcept {
        assert(owner_ == nullptr);
        owner_ = &owner;
    }

    /// Reads what has arrived, at most `room.size()` bytes. 0 without an error: the client's end of stream.
    virtual std::size_t read(std::span<char> room, std::error_code& ec) noexcept = 0;
    /// Sends bytes of the pieces, in order, from the front. Returns how many, which may be fewer than all.
    /// There is at least one piece, and none is empty. The pieces need not stay valid after the call.
    virtual std::size_t write(std::span<const std::string_view> pieces, std::error_code& ec) noexcept = 0;
    /// From now on, and until the next call, notifies the owner when a part of `interest` has become possible
    /// or has failed. It may repeat a notification. Returns the part that is possible without waiting for the
    /// stream below, such as bytes that were decrypted already: for that part no notification follows. Never
    /// notifies inside the call. Throws std::system_error or std::bad_alloc.
    virtual Interest wait(Interest interest) = 0;
    /// Ends the stream to the client after the bytes that were sent (FIN).
    virtual void finish() noexcept = 0;
    /// The number of sent bytes that the client's kernel has not acknowledged; on a Unix socket, that the
    /// client has not read.
    [[nodiscard]] virtual std::size_t unacknowledged() const noexcept = 0;

protected:
    /// Notifies the owner. The owner may destroy the transport before this returns.
    void notify(Interest ready) noexcept {
        assert(owner_ != nullptr);
        owner_->ready(ready);
    }

private:
    Owner* owner_ = nullptr;
};

}  // namespace resp
