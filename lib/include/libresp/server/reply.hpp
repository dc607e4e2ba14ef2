// The reply to a request: an Encoder with a few more verbs.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/codec/value.hpp>

namespace resp {

namespace detail {
struct Output;
}

/// Writes the reply to a request, in the connection's RESP version: an Encoder with a few verbs more.
/// A handler writes one value, or none where the protocol wants none.
class Reply : public Encoder {
public:
    using Encoder::Encoder;
    Reply(const Reply&) = delete;  // what a copy is told, nobody hears
    Reply& operator=(const Reply&) = delete;

    /// Any value; see encode() for how it reads in RESP2.
    Reply& value(View value) {
        encode(*this, value);
        return *this;
    }
    /// Closes the connection after this reply is sent; requests behind this one are dropped.
    void close() noexcept { closing_ = true; }
    [[nodiscard]] bool closing() const noexcept { return closing_; }

private:
    friend struct detail::Output;  // which uses it for one connection after another
    bool closing_ = false;
};

}  // namespace resp
