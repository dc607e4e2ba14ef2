// A request of which one word streams: its bytes, from the socket's to pieces. It does no I/O.
//
//     bytes_   | taken | rest of the tokenizer | room |
//
//     word ──its last byte──► after ──the last word──► ended
#pragma once

#include "shared.hpp"

#include <libresp/codec/buffer.hpp>
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/value.hpp>
#include <libresp/server/incoming.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace resp::detail {

class Stream {
public:
    /// Takes the rest of the input from a decoder that has paused.
    Stream(Decoder& decoder, const Options& options, Session& session, void* turn);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// What the handler sees of it.
    [[nodiscard]] Incoming& incoming() noexcept { return incoming_; }
    [[nodiscard]] Command head() const noexcept { return Command{head_.view()}; }
    [[nodiscard]] std::string_view wire_before() const noexcept { return before_; }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t words_after() const noexcept { return words_after_; }

    /// The next piece of the word. Nothing: its end, an error, or more bytes are needed.
    [[nodiscard]] std::optional<Incoming::Piece> take();
    [[nodiscard]] bool word_has_ended() const noexcept { return phase_ != Phase::word; }
    /// Skips received bytes of the word, and keeps those of the words after it. Returns whether all have arrived.
    [[nodiscard]] bool keep_rest();
    /// The words after the word, when keep_rest() has returned true.
    [[nodiscard]] Command rest();
    /// Skips received bytes of the request.
    void skip();
    [[nodiscard]] bool has_ended() const noexcept { return phase_ == Phase::ended; }
    [[nodiscard]] const std::optional<DecodeError>& error() const noexcept { return error_; }

    /// Room to read into. It moves the bytes that were not taken.
    [[nodiscard]] std::span<char> room();
    /// `n` bytes were read into the room.
    void commit(std::size_t n);
    /// What was received after the request.
    [[nodiscard]] std::string_view unread() const noexcept;
    /// Of the first byte of that.
    [[nodiscard]] std::uint64_t offset() const noexcept { return tokenizer_.offset(); }

    /// A tick: the client has had `elapsed` to send. `waits`: somebody waits for its bytes.
    void tick(bool waits, Clock::duration elapsed) noexcept;
    /// Whether the client has kept its reader waiting for too long.
    [[nodiscard]] bool is_late() const noexcept;
    [[nodiscard]] std::size_t memory() const noexcept;

private:
    enum class Phase : unsigned char { word, after, ended };

    Stream(Decoder::Cut cut, std::uint64_t size, const Options& options, Session& session, void* turn);
    std::optional<Token> take_token(std::uint64_t most);

    const Options& options_;
    Incoming incoming_;
    Tokenizer tokenizer_;
    Buffer bytes_;
    std::string before_;
    Value head_;
    std::uint64_t size_;
    std::size_t words_after_;
    std::string rest_wire_;  // of the words after the word
    std::optional<Value> rest_;
    std::optional<DecodeError> error_;
    Phase phase_ = Phase::word;
    bool waited_ = false;           // at the last tick, and nothing has arrived since
    Clock::duration waited_for_{};  // less what the bytes that have arrived since have earned
};

}  // namespace resp::detail
