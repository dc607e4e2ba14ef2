// How the tokenizer and the decoder pause before a long word of a command, so that the caller may take the word
// piece by piece.
#include <libresp/codec/decoder.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace resp {

using wire::Decimal;
using wire::Outcome;

void Tokenizer::pause_above(std::size_t size, std::uint64_t most) noexcept {
    assert(reads_ == Reads::commands && size != 0 && pause_.above == 0);
    pause_.above = size;
    pause_.most = most;
    set_limits(limits_);
}

void Tokenizer::set_limits(const Limits& limits) noexcept {
    limits_ = limits::clamped(limits, reads_);
    if (pause_.above == 0) return;
    pause_.max_bulk = limits_.max_bulk;
    limits_.max_bulk = std::min<std::size_t>(limits_.max_bulk, pause_.above);
}

/// Reads a length above limits_.max_bulk while pause_above() is in effect. If it pauses, `partial`.
Decimal Tokenizer::long_length(const char* at) noexcept {
    if (resumed_) return wire::read_decimal(at, end_, *std::exchange(resumed_, std::nullopt));
    const Decimal length = wire::read_decimal(at, end_, pause_.most);
    if (length.outcome != Outcome::done) return length;
    if (length.value <= pause_.above) return wire::read_decimal(at, end_, pause_.max_bulk);
    paused_ = length.value;
    return {Outcome::partial, at, 0};
}

// ---- the decoder

/// The entry of the command that has begun.
detail::Node& Decoder::incomplete_frame() noexcept {
    assert(paused() != 0 && ready_ == whole_);
    return nodes_[static_cast<std::size_t>(whole_ - nodes_.get())];
}

/// Makes the entry of the incomplete command one of a command with the words that are here.
Command Decoder::words_before() noexcept {
    detail::Node& command = incomplete_frame();
    command.span = static_cast<std::uint32_t>(nodes_.get() + node_count_ - whole_);
    command.size = command.span - 1;
    return Command{View{source_, whole_}};
}

void Decoder::resume() noexcept {
    const auto here = static_cast<std::uint32_t>(words_before().size());
    detail::Node& command = incomplete_frame();
    command.size = here + tokenizer_.left_;
    command.span = 1;
    tokenizer_.resume();
}

Decoder::Cut Decoder::cut() noexcept {
    assert(paused() != 0);
    tokenizer_.end_ = end_;
    const std::string_view before{frame_, tokenizer_.next_};
    const std::string_view unread{tokenizer_.next_, end_};
    const auto words = static_cast<std::uint32_t>(words_before().size());
    const std::uint32_t left = tokenizer_.left_;
    return {std::move(tokenizer_), before, unread, words, left};
}

}  // namespace resp
