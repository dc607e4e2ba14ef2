// The reply to a request: an Encoder with a few more functions.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/codec/value.hpp>

#include <cstddef>
#include <string>

namespace resp {

namespace detail {
struct Output;
}

/// Writes the reply to one request, in the connection's RESP version. A handler writes one value, or nothing
/// if the protocol expects no reply.
///
///     reply.array(2).bulk_string("key").integer(7);
///     reply.close().simple_string("OK");   // sends +OK, then closes the connection
///
/// set_version() changes the version of this reply and of all later replies and pushes of the connection.
///
/// A test can make one without a server: `std::string bytes; resp::Reply reply{bytes};`
class Reply : public Encoder {
public:
    explicit Reply(Buffer& out, Version resp_version = Version::resp3) noexcept
        : Encoder(out, resp_version), buffer_(&out), begin_(out.size()) {}
    explicit Reply(std::string& out, Version resp_version = Version::resp3) noexcept
        : Encoder(out, resp_version), string_(&out), begin_(out.size()) {}
    // The server would not see a close() or set_version() of a copy.
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;

    /// Writes any value; see encode() for its form in RESP2.
    Reply& value(View value) {
        encode(*this, value);
        return *this;
    }
    /// Closes the connection after this reply is sent. Later requests are dropped. The reply may be written
    /// before or after this call.
    Reply& close() noexcept {
        closing_ = true;
        return *this;
    }
    [[nodiscard]] bool closing() const noexcept { return closing_; }

    /// Whether nothing was written for this request yet.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Bytes written for this request. Without a server: bytes written since construction.
    [[nodiscard]] std::size_t size() const noexcept {
        return (buffer_ != nullptr ? buffer_->size() : string_->size()) - begin_;
    }

private:
    friend struct detail::Output;  // reuses it for the next request and the next connection

    const Buffer* buffer_ = nullptr;  // one of the two
    const std::string* string_ = nullptr;
    std::size_t begin_;  // where the reply to this request begins
    bool closing_ = false;
};

}  // namespace resp
