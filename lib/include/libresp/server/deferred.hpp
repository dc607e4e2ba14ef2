// A reply that is written later.
#pragma once

#include <libresp/codec/buffer.hpp>
#include <libresp/codec/encoder.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace resp {

class Reply;
namespace detail {
class Session;
}

/// The place of a reply that does not exist yet; see Reply::defer(). The client's later requests are handled
/// meanwhile, and their replies wait for this one, because replies keep the order of their requests.
///
///     void operator()(const resp::Request& request, resp::Reply& reply) {
///         upstream.ask(request.value().wire(), [later = reply.defer()](std::string_view answer) mutable {
///             std::move(later).wire(answer);
///         });
///     }
///
/// Answer it once, from any thread, with reply() or wire(). Replies that are answered together on the
/// connection's own thread leave in one write. If it is destroyed without an answer, the client gets
/// `-ERR internal error`, which counts in Stats::handler_errors. It may outlive the connection and the server.
class Deferred {
public:
    /// Refers to no reply.
    Deferred() = default;
    Deferred(Deferred&& other) noexcept = default;
    Deferred& operator=(Deferred&& other) noexcept {
        if (this == &other) return *this;
        drop();
        session_ = std::move(other.session_);
        hole_ = other.hole_;
        version_ = other.version_;
        return *this;
    }
    ~Deferred() { drop(); }

    /// Whether it still has to be answered.
    explicit operator bool() const noexcept { return session_ != nullptr; }
    /// The RESP version of the reply: that of the connection when the request was handled.
    [[nodiscard]] Version version() const noexcept { return version_; }

    /// Answers with what `write` writes: one value. Returns false if the client does not get it: it is gone, or
    /// the reply's deadline has passed. On another thread than the connection's, it may return true in the second
    /// case, because it does not wait for that thread. If `write` throws, this function throws the same, and the
    /// client gets `-ERR internal error` when the Deferred is destroyed.
    template <std::invocable<Encoder&> Write>
    bool reply(Write&& write) && {
        if (session_ == nullptr) return false;
        Buffer& bytes = scratch();
        Encoder out{bytes, version_};
        std::forward<Write>(write)(out);
        return std::move(*this).wire(bytes.view());
    }
    /// Answers with one value that is encoded already.
    bool wire(std::string_view bytes) &&;

private:
    friend class Reply;
    friend class detail::Session;
    Deferred(std::shared_ptr<detail::Session> session, std::uint64_t hole, Version version) noexcept
        : session_(std::move(session)), hole_(hole), version_(version) {}
    /// An empty buffer of this thread.
    [[nodiscard]] static Buffer& scratch() noexcept;
    void drop() noexcept;

    std::shared_ptr<detail::Session> session_;
    std::uint64_t hole_ = 0;
    Version version_ = Version::resp2;
};

}  // namespace resp
