// The result of a tokenizer run, in a form that does not depend on cuts: the parts of a string are joined.
// Only feed.cpp uses it.
#pragma once

#include <libresp/codec/limits.hpp>
#include <libresp/codec/tokenizer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace support {

/// The tokens of a stream as one number, the number of frames, and how the stream ends.
class Trace {
public:
    explicit Trace(resp::Reads reads) : reads_(reads) {}

    void add(const resp::Token& token);

    std::size_t frames = 0;
    std::optional<resp::DecodeError> error;
    bool incomplete = false;

    friend bool operator==(const Trace& a, const Trace& b) {
        return a.hash_ == b.hash_ && a.frames == b.frames && a.error == b.error &&
               a.incomplete == b.incomplete;
    }

private:
    bool is_skipped(const resp::Token& token) const;
    void mix(std::uint64_t number) { current_ = (current_ ^ number) * 0x100000001B3; }

    resp::Reads reads_;
    std::uint64_t hash_ = 0xCBF29CE484222325;  // of whole tokens; the size of a part depends on the cuts
    std::uint64_t current_ = 0;                // with the token that is being read
};

inline void Trace::add(const resp::Token& token) {
    if (token.kind != resp::Token::Kind::part || token.position == 0) {
        current_ = hash_;
        mix(static_cast<std::uint64_t>(token.type) + (token.streamed ? 1000 : 0));
        mix(token.depth);
        mix(token.offset);
    }
    for (const char c : token.text) mix(static_cast<unsigned char>(c));
    if (!token.last) return;
    mix(token.position + token.text.size());
    mix(token.size);
    mix(static_cast<std::uint64_t>(token.integer));
    mix(token.closes);
    hash_ = current_;
    if (token.ends_frame() && !is_skipped(token)) ++frames;
}

/// Whether a decoder returns nothing for this frame of one token.
inline bool Trace::is_skipped(const resp::Token& token) const {
    if (token.kind == resp::Token::Kind::inline_line) {
        return token.text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
    }
    if (reads_ != resp::Reads::commands || token.depth != 0) return false;
    return token.kind == resp::Token::Kind::value ||
           (token.kind == resp::Token::Kind::aggregate && token.size == 0);
}

}  // namespace support
