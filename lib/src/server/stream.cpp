// See stream.hpp.
#include "stream.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace resp::detail {

namespace {

// The room for a read.
constexpr std::size_t room_size = 128 * 1024;

/// Some words as a command. `wire` are their bytes.
Value command_of(std::size_t words, std::string_view wire) {
    std::string bytes;
    Encoder{bytes}.array(words).wire(wire);
    // They were received within the limits.
    constexpr Limits none{.max_bulk = SIZE_MAX, .max_elements = SIZE_MAX, .max_frame = SIZE_MAX};
    Parsed parsed = parse(bytes, none);
    assert(parsed);
    return *std::move(parsed);
}

/// The bytes of a command after its first line.
std::string_view words_of(std::string_view command) noexcept {
    return command.substr(command.find(wire::lf) + 1);
}

}  // namespace

Stream::Stream(Decoder& decoder, const Options& options, Session& session, void* turn)
    : Stream(decoder.cut(), decoder.paused(), options, session, turn) {}

Stream::Stream(Decoder::Cut cut, std::uint64_t size, const Options& options, Session& session, void* turn)
    : options_(options),
      incoming_(session, turn),
      tokenizer_(std::move(cut.rest)),
      before_(cut.before),
      head_(command_of(cut.words_before, words_of(cut.before))),
      size_(size),
      words_after_(cut.words_left - 1) {
    static_cast<void>(bytes_.prepare(room_size, std::max(room_size, cut.unread.size())));
    bytes_.append(cut.unread);
    tokenizer_.resume(size);
    tokenizer_.feed(bytes_.view());
}

/// `most`: the longest word that is accepted, if it is so long that the tokenizer pauses before it.
std::optional<Token> Stream::take_token(std::uint64_t most) {
    std::optional<Token> token = tokenizer_.next();
    if (!token && tokenizer_.paused() != 0) {
        tokenizer_.resume(most);
        token = tokenizer_.next();
    }
    if (!token) {
        error_ = tokenizer_.error();
        return token;
    }
    if (phase_ == Phase::word && token->last) phase_ = Phase::after;
    if (token->ends_frame()) phase_ = Phase::ended;
    return token;
}

std::optional<Incoming::Piece> Stream::take() {
    if (phase_ != Phase::word) return std::nullopt;
    const char* const begin = tokenizer_.rest().data();
    std::optional<Token> token = take_token(size_);
    const std::string_view wire{begin, tokenizer_.rest().data()};
    if (!token && !wire.empty() && !error_) {
        // The tokenizer has taken the header, and no byte of the word has arrived.
        token.emplace();
        token->kind = Token::Kind::part;
        token->type = Type::bulk_string;
        token->last = false;
        token->depth = 1;
        token->offset = tokenizer_.offset() - wire.size();
        token->size = size_;
    }
    if (!token) return std::nullopt;
    return Incoming::Piece{*token, wire};
}

bool Stream::keep_rest() {
    while (take()) {
    }
    while (phase_ == Phase::after && !error_) {
        const char* const begin = tokenizer_.rest().data();
        const std::optional<Token> token = take_token(options_.stream_above);
        const char* const end = tokenizer_.rest().data();
        if (static_cast<std::size_t>(end - begin) > options_.stream_above - rest_wire_.size()) {
            error_ = DecodeError{Errc::frame_too_long, tokenizer_.offset(), 0};
            break;
        }
        rest_wire_.append(begin, end);
        if (!token) break;
    }
    return phase_ == Phase::ended && !error_;
}

Command Stream::rest() {
    assert(phase_ == Phase::ended);
    if (!rest_) rest_ = command_of(words_after_, rest_wire_);
    return Command{rest_->view()};
}

void Stream::skip() {
    while (phase_ != Phase::ended && take_token(UINT64_MAX)) {
    }
}

// ---- bytes

std::span<char> Stream::room() {
    bytes_.consume(bytes_.size() - tokenizer_.rest().size());
    if (bytes_.empty() && bytes_.capacity() > 2 * room_size) bytes_.release();
    char* const room = bytes_.prepare(room_size / 2, room_size);
    tokenizer_.feed(bytes_.view());
    return {room, bytes_.capacity() - bytes_.size()};
}

void Stream::commit(std::size_t n) {
    bytes_.commit(n);
    tokenizer_.feed(bytes_.view());
    if (n == 0) return;
    waited_ = false;
    const std::chrono::milliseconds earned{n * 1000 / std::max<std::size_t>(options_.frame_rate, 1)};
    waited_for_ -= std::min<Clock::duration>(waited_for_, earned);
}

std::string_view Stream::unread() const noexcept {
    return {tokenizer_.rest().data(), tokenizer_.rest().size()};
}

std::size_t Stream::memory() const noexcept {
    return sizeof *this + bytes_.capacity() + before_.capacity() + head_.memory() + rest_wire_.capacity() +
           (rest_ ? rest_->memory() : 0);
}

// ---- time

void Stream::tick(bool waits, Clock::duration elapsed) noexcept {
    if (waits && waited_) waited_for_ += elapsed;
    waited_ = waits;
}

bool Stream::is_late() const noexcept {
    return options_.frame_deadline.count() != 0 && waited_for_ >= options_.frame_deadline;
}

}  // namespace resp::detail
