// The work that is counted: handlers, and loops around the decoder and the encoder. These functions are outside
// of the namespace driver, so run.py counts them.
#pragma once

#include <libresp/codec/decoder.hpp>
#include <libresp/codec/encoder.hpp>
#include <libresp/server/asio.hpp>
#include <libresp/server/handler.hpp>
#include <libresp/service.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace work {

/// Sends each value back.
struct Echo {
    void operator()(const resp::Request& request, resp::Reply& reply) const { reply.value(request.value()); }
};

/// The same, with the right to wait, which it never uses.
struct OutcomeEcho {
    bool waits(const resp::Request&) const { return false; }
    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) const {
        reply.value(request.value());
        return {};
    }
};

/// The same as a coroutine, which never waits.
struct CoroutineEcho {
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) const {
        reply.value(request.value());
        co_return;
    }
};

/// Replies OK, whatever the request.
struct Ok {
    void operator()(const resp::Request&, resp::Reply& reply) const { reply.simple_string("OK"); }
};

/// The same, with the right to wait, which it never uses.
struct OutcomeOk {
    bool waits(const resp::Request&) const { return false; }
    resp::Outcome operator()(const resp::Request&, resp::Reply& reply) const {
        reply.simple_string("OK");
        return {};
    }
};

/// A service whose commands GET and SET reply OK, whatever their words.
[[nodiscard]] resp::Service<> service();

/// Takes every frame that is complete. Returns how many.
std::size_t take_frames(resp::Decoder& decoder);
/// The same, of bytes that are only lent.
std::size_t take_frames(resp::Decoder& decoder, std::span<const char> lent);

/// Encodes `SET key:000001 <16 bytes>`.
void encode_command(resp::Encoder& out);
/// Encodes one frame of each kind that a server often replies: OK, an integer, a string, a null, an error, an
/// array of ten strings. These are 6 frames.
void encode_replies(resp::Encoder& out);
inline constexpr std::size_t replies = 6;

}  // namespace work
