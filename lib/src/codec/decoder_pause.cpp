// How the decoder pauses before a long word of a command, so that its caller may take the word piece by piece.
#include <libresp/codec/decoder.hpp>

#include <cassert>
#include <utility>

namespace resp {

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
    detail::Node& command = incomplete_frame();
    command.size = static_cast<std::uint32_t>(nodes_.get() + node_count_ - whole_ - 1) + tokenizer_.left_;
    command.span = 1;
    tokenizer_.resume();
}

Decoder::Cut Decoder::cut() noexcept {
    assert(paused() != 0);
    tokenizer_.end_ = end_;
    const std::string_view before{frame_, tokenizer_.next_};
    const std::string_view unread{tokenizer_.next_, end_};
    const auto words = static_cast<std::uint32_t>(nodes_.get() + node_count_ - whole_ - 1);
    const std::uint32_t left = tokenizer_.left_;
    return {std::move(tokenizer_), before, unread, words, left};
}

}  // namespace resp
