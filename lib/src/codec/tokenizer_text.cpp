// The grammar of texts: strings of known length, strings in chunks, and lines. If a text is cut, the
// tokenizer returns the bytes that it has as a part, and continues with later bytes where it stopped.
#include <libresp/codec/tokenizer.hpp>

#include <algorithm>
#include <cassert>

namespace resp {

using wire::Decimal;
using wire::Outcome;

// ---- strings

bool Tokenizer::string(Token& token, Type type) noexcept {
    const char* const length_at = next_ + 1;
    if (length_at == end_) return false;
    if (type == Type::bulk_string && reads_ != Reads::commands) {
        if (*length_at == wire::minus) return null_string(token);
        if (*length_at == wire::streamed) return streamed_string(token);
    }
    Decimal length = wire::read_decimal(length_at, end_, limits_.max_bulk);
    if (length.outcome == Outcome::overflow && pause_.above != 0) [[unlikely]]
        length = long_length(length_at);
    if (paused_ != 0 || !taken(length, Errc::bad_length, Errc::bulk_too_long)) return false;
    if (type == Type::verbatim_string && length.value < wire::verbatim_prefix) {
        return fail(Errc::bad_verbatim, length.at - wire::crlf.size());
    }
    type_ = type;
    value_offset_ = offset_of(next_);
    size_ = remaining_ = length.value;
    position_ = 0;
    mode_ = Mode::body;
    next_ = length.at;
    return body_part(token);
}

bool Tokenizer::null_string(Token& token) noexcept {
    const char* const one = next_ + 2;
    if (one == end_) return false;
    if (*one != '1') return wrong(Errc::bad_length, one);
    const Decimal read = wire::read_crlf(one + 1, end_, 0);
    if (!taken(read, Errc::bad_length, Errc::bad_length)) return false;
    return scalar(token, Type::null_bulk_string, one + 1, read.at);
}

bool Tokenizer::streamed_string(Token& token) noexcept {
    const Decimal read = wire::read_crlf(next_ + 2, end_, 0);
    if (!taken(read, Errc::bad_length, Errc::bad_length)) return false;
    type_ = Type::bulk_string;
    value_offset_ = offset_of(next_);
    size_ = position_ = 0;
    mode_ = Mode::chunks;
    next_ = read.at;
    return chunk_header(token);
}

/// Reads `;<length>\r\n`. If the length is 0, the string is complete: returns an empty last part. Otherwise
/// reads the bytes of the chunk.
bool Tokenizer::chunk_header(Token& token) noexcept {
    assert(mode_ == Mode::chunks && position_ <= limits_.max_bulk);
    if (next_ == end_) return false;
    if (*next_ != wire::chunk) return fail(Errc::bad_stream, next_);
    const Decimal length = wire::read_decimal(next_ + 1, end_, limits_.max_bulk - position_);
    if (!taken(length, Errc::bad_length, Errc::bulk_too_long)) return false;
    next_ = length.at;
    if (length.value == 0) {
        start(token, Token::Kind::part, type_);
        token.streamed = true;
        mode_ = Mode::value;
        token.closes = complete();
        return true;
    }
    remaining_ = length.value;
    mode_ = Mode::chunk;
    return body_part(token);
}

/// Reads the bytes of a string or chunk that have arrived. If the last one is among them, reads the CRLF too.
bool Tokenizer::body_part(Token& token) noexcept {
    assert(mode_ == Mode::body || mode_ == Mode::chunk);
    const bool in_chunk = mode_ == Mode::chunk;
    const auto here = static_cast<std::uint64_t>(end_ - next_);
    start(token, Token::Kind::part, type_);
    token.streamed = in_chunk;
    token.text = {next_, static_cast<std::size_t>(std::min(remaining_, here))};
    if (type_ == Type::verbatim_string) {
        // The prefix, such as `txt:`, may be cut too. So its colon may be in any part.
        const std::uint64_t colon = wire::verbatim_prefix - 1;
        if (position_ <= colon && colon - position_ < token.text.size()) {
            const char* const at = next_ + (colon - position_);
            if (*at != wire::verbatim_colon) return fail(Errc::bad_verbatim, at);
        }
    }
    const char* const body_end = next_ + token.text.size();
    remaining_ -= token.text.size();
    position_ += token.text.size();
    next_ = body_end;
    token.last = false;
    if (remaining_ != 0) return !token.text.empty();

    const Decimal read = wire::read_crlf(body_end, end_, 0);
    if (read.outcome == Outcome::partial) return !token.text.empty();
    if (read.outcome != Outcome::done) return fail(Errc::bad_terminator, read.at);
    next_ = read.at;
    if (in_chunk) {
        mode_ = Mode::chunks;
        return !token.text.empty() || chunk_header(token);
    }
    mode_ = Mode::value;
    if (token.position == 0) token.kind = Token::Kind::value;
    token.last = true;
    token.closes = complete();
    return true;
}

// ---- lines

bool Tokenizer::line(Token& token, Type type) noexcept {
    type_ = type;
    value_offset_ = offset_of(next_);
    size_ = position_ = digits_ = 0;
    double_ = {};
    mode_ = Mode::line;
    ++next_;
    return line_part(token);
}

/// Reads the text of a line that has arrived. If the text is complete, reads the CRLF too.
bool Tokenizer::line_part(Token& token) noexcept {
    assert(mode_ == Mode::line && position_ <= limits_.max_line);
    const char* const stop = wire::find_line_end(next_, end_);
    const std::uint64_t room = limits_.max_line - position_;
    const bool too_long = static_cast<std::uint64_t>(stop - next_) > room;
    const char* const text_end = too_long ? next_ + room : stop;
    const char* const stray = first_wrong(next_, text_end);
    if (stray != text_end) {
        return fail(type_ == Type::double_ ? Errc::bad_double : Errc::bad_big_number, stray);
    }
    if (too_long) return fail(Errc::line_too_long, text_end);

    start(token, Token::Kind::part, type_);
    token.text = {next_, static_cast<std::size_t>(stop - next_)};
    token.last = false;
    if (stop != end_) {
        if (!line_complete()) {
            return wrong(type_ == Type::double_ ? Errc::bad_double : Errc::bad_big_number, stop);
        }
        const Decimal read = wire::read_crlf(stop, end_, 0);
        if (read.outcome == Outcome::done) {
            next_ = read.at;
            mode_ = Mode::value;
            if (token.position == 0) token.kind = Token::Kind::value;
            token.size = token.position + token.text.size();
            token.last = true;
            token.closes = complete();
            return true;
        }
        if (read.outcome != Outcome::partial) return fail(Errc::bad_line, read.at);
    }
    position_ += token.text.size();
    next_ = stop;
    return !token.text.empty();
}

/// Takes the bytes of [from, to) as a part of a double or big number. Returns the first byte that is not
/// allowed there, or `to`. Other lines may have any byte.
const char* Tokenizer::first_wrong(const char* from, const char* to) noexcept {
    if (type_ == Type::double_) return std::find_if_not(from, to, [&](char c) { return double_.take(c); });
    if (type_ != Type::big_number) return to;
    if (from != to && position_ == 0 && (*from == wire::minus || *from == wire::plus)) ++from;
    const char* const wrong = std::find_if_not(from, to, wire::is_digit);
    digits_ += static_cast<std::uint64_t>(wrong - from);
    return wrong;
}

/// Whether the text so far is a complete double or big number. Other lines are complete with any text.
bool Tokenizer::line_complete() const noexcept {
    if (type_ == Type::double_) return double_.complete();
    return type_ != Type::big_number || digits_ != 0;
}

}  // namespace resp
