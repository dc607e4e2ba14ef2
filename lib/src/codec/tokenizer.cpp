// The grammar of RESP. Strings and lines, which the tokenizer may return in several parts, are in
// tokenizer_text.cpp. Each function reads one form of token at `next_`. If the received bytes end inside the
// form, the function changes nothing; only inline_line() remembers how far it has searched.
//
// Every error is reported at the first wrong byte, as soon as the received bytes prove it wrong. So the
// result does not depend on how the stream was cut into pieces.
#include <libresp/codec/tokenizer.hpp>

#include "out_of_memory.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace resp {

using wire::Decimal;
using wire::Outcome;

void Tokenizer::reset(std::uint64_t offset) noexcept {
    begin_ = next_ = end_ = nullptr;
    offset_ = offset;
    mode_ = Mode::value;
    depth_ = 0;
    left_ = 1;
    position_ = 0;
    paused_ = 0;
    resumed_.reset();
    error_.reset();
}

std::optional<Token> Tokenizer::next() {
    std::optional<Token> token{std::in_place};
    if (error_ || !take(*token)) token.reset();
    return token;
}

bool Tokenizer::take(Token& token) {
    assert(!error_ && begin_ <= next_ && next_ <= end_);
    assert(depth_ <= limits_.max_depth);
    switch (mode_) {
        case Mode::value: return value(token);
        case Mode::body:
        case Mode::chunk: return body_part(token);
        case Mode::chunks: return chunk_header(token);
        case Mode::line: return line_part(token);
    }
    return false;
}

bool Tokenizer::value(Token& token) {
    if (next_ == end_) return false;
    const char c = *next_;
    if (depth_ == 0) {
        if (reads_ == Reads::commands && c != wire::byte(Type::array)) return inline_line(token);
        if (reads_ == Reads::anything && !wire::is_type_byte(c)) return inline_line(token);
    } else if (reads_ == Reads::commands && c != wire::byte(Type::bulk_string)) {
        return fail(Errc::expected_bulk, next_);
    }
    if (c == wire::end_of_stream) return stream_end(token);
    if (!wire::is_type_byte(c)) return fail(Errc::bad_type, next_);
    if (left_ == 0) return fail(Errc::too_many_elements, next_);  // a full streamed aggregate stays open

    const auto type = static_cast<Type>(c);
    switch (type) {
        case Type::bulk_string:
        case Type::bulk_error:
        case Type::verbatim_string: return string(token, type);
        case Type::integer: return integer(token);
        case Type::boolean: return boolean(token);
        case Type::null: return null(token);
        case Type::simple_string:
        case Type::simple_error:
        case Type::double_:
        case Type::big_number: return line(token, type);
        default: return aggregate(token, type);
    }
}

void detail::Levels::grow() {
    void* const moved = std::realloc(heap_.get(), 2 * room_ * sizeof(Level));
    if (moved == nullptr) out_of_memory();
    if (!heap_) std::memcpy(moved, first_.data(), sizeof first_);
    static_cast<void>(heap_.release());
    heap_.reset(static_cast<Level*>(moved));
    room_ *= 2;
}

// ---- scalars that are always one token

bool Tokenizer::integer(Token& token) noexcept {
    const char* const text = next_ + 1;
    if (text == end_) return false;
    const bool negative = *text == wire::minus;
    const char* const digits = text + (negative || *text == wire::plus ? 1 : 0);
    constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
    const Decimal read = wire::read_decimal(digits, end_, largest + (negative ? 1 : 0));
    if (negative && read.value == 0 && digits != end_ && *digits == '0') {
        return fail(Errc::bad_integer, digits);
    }
    if (!taken(read, Errc::bad_integer, Errc::bad_integer)) return false;
    scalar(token, Type::integer, text, read.at);
    token.integer = static_cast<std::int64_t>(negative ? 0 - read.value : read.value);
    return true;
}

bool Tokenizer::boolean(Token& token) noexcept {
    const char* const text = next_ + 1;
    if (text == end_) return false;
    if (*text != wire::boolean_true && *text != wire::boolean_false) return wrong(Errc::bad_boolean, text);
    const Decimal read = wire::read_crlf(text + 1, end_, 0);
    if (!taken(read, Errc::bad_boolean, Errc::bad_boolean)) return false;
    scalar(token, Type::boolean, text, read.at);
    token.integer = *text == wire::boolean_true ? 1 : 0;
    return true;
}

bool Tokenizer::null(Token& token) noexcept {
    const Decimal read = wire::read_crlf(next_ + 1, end_, 0);
    if (!taken(read, Errc::bad_null, Errc::bad_null)) return false;
    return scalar(token, Type::null, next_ + 1, read.at);
}

/// Takes a scalar whose text begins at `text` and whose CRLF ends at `next`.
bool Tokenizer::scalar(Token& token, Type type, const char* text, const char* next) noexcept {
    assert(next_ < text && text + wire::crlf.size() <= next && next <= end_);
    value_offset_ = offset_of(next_);
    position_ = size_ = 0;
    start(token, Token::Kind::value, type);
    token.text = {text, static_cast<std::size_t>(next - text) - wire::crlf.size()};
    token.size = token.text.size();
    next_ = next;
    token.closes = complete();
    return true;
}

// ---- aggregates

bool Tokenizer::aggregate(Token& token, Type type) {
    const char* const count_at = next_ + 1;
    if (type == Type::push && !may_push()) return fail(Errc::bad_push, next_);
    if (type != Type::array && depth_ == limits_.max_depth) return fail(Errc::too_deep, next_);
    if (count_at == end_) return false;
    if (type == Type::array && *count_at == wire::minus) return null_array(token);
    if (depth_ == limits_.max_depth) return fail(Errc::too_deep, next_);
    const bool streams = type == Type::array || type == Type::set || type == Type::map;
    if (streams && *count_at == wire::streamed && reads_ != Reads::commands)
        return streamed_aggregate(token, type);

    const Decimal count = wire::read_decimal(count_at, end_, limits_.max_elements);
    if (!taken(count, Errc::bad_count, Errc::too_many_elements)) return false;
    value_offset_ = offset_of(next_);
    position_ = 0;
    size_ = count.value;
    start(token, Token::Kind::aggregate, type);
    if (size_ != 0 || type == Type::attribute) return open(token, count.at);
    next_ = count.at;
    token.closes = complete();
    return true;
}

/// `*-1\r\n`. A request may have any negative count, as in Redis.
bool Tokenizer::null_array(Token& token) noexcept {
    constexpr std::uint64_t largest = std::uint64_t{1} << 63;
    const char* const count_at = next_ + 2;
    if (count_at == end_) return false;
    if (*count_at == '0') return fail(Errc::bad_count, count_at);
    const std::uint64_t most = reads_ == Reads::commands ? largest : 1;
    const Decimal count = wire::read_decimal(count_at, end_, most);
    if (!taken(count, Errc::bad_count, Errc::bad_count)) return false;
    return scalar(token, Type::null_array, count.at - wire::crlf.size(), count.at);
}

bool Tokenizer::streamed_aggregate(Token& token, Type type) {
    const Decimal read = wire::read_crlf(next_ + 2, end_, 0);
    if (!taken(read, Errc::bad_count, Errc::bad_count)) return false;
    value_offset_ = offset_of(next_);
    size_ = position_ = 0;
    start(token, Token::Kind::aggregate, type);
    token.streamed = true;
    return open(token, read.at);
}

/// Opens the aggregate of `token`, whose header ends at `next`.
bool Tokenizer::open(const Token& token, const char* next) {
    assert(depth_ < limits_.max_depth && next_ < next && next <= end_);
    if (depth_ == levels_.room()) levels_.grow();
    levels_[depth_++] = {left_, 0, token.type, token.streamed};
    const std::uint64_t elements = token.streamed ? limits_.max_elements : token.size;
    left_ = static_cast<std::uint32_t>(has_pairs(token.type) ? 2 * elements : elements);
    if (token.type == Type::attribute) ++left_;  // for the value that the attribute belongs to
    next_ = next;
    return true;
}

bool Tokenizer::stream_end(Token& token) noexcept {
    if (depth_ == 0 || !levels_[depth_ - 1].streamed) return fail(Errc::bad_type, next_);
    const detail::Level& level = levels_[depth_ - 1];
    const bool pairs = has_pairs(level.type);
    const std::uint64_t seen = limits_.max_elements * (pairs ? 2 : 1) - left_;
    if (pairs && seen % 2 != 0) return fail(Errc::bad_stream, next_);
    const Decimal read = wire::read_crlf(next_ + 1, end_, 0);
    if (!taken(read, Errc::bad_stream, Errc::bad_stream)) return false;
    value_offset_ = offset_of(next_);
    position_ = 0;
    size_ = pairs ? seen / 2 : seen;
    start(token, Token::Kind::stream_end, level.type);
    token.streamed = true;
    next_ = read.at;
    left_ = level.outer_left;
    --depth_;
    token.closes = 1 + complete();
    return true;
}

/// Whether a push may stand here: only at the top level, where attributes may come before it.
bool Tokenizer::may_push() const noexcept {
    for (std::uint32_t i = 0; i != depth_; ++i) {
        const std::uint32_t left = i + 1 == depth_ ? left_ : levels_[i + 1].outer_left;
        if (levels_[i].type != Type::attribute || left != 1) return false;
    }
    return true;
}

// ---- inline commands

bool Tokenizer::inline_line(Token& token) noexcept {
    // The longest line with its CRLF.
    const std::uint64_t longest = limits_.max_line + wire::crlf.size();
    const auto here = static_cast<std::uint64_t>(end_ - next_);
    const char* const search_end = next_ + std::min(here, longest);
    const char* const lf = std::find(next_ + position_, search_end, wire::lf);
    if (lf == search_end) {
        // After max_line bytes, only CRLF or LF may follow.
        const bool too_long = here > limits_.max_line && next_[limits_.max_line] != wire::cr;
        if (too_long || here >= longest) return fail(Errc::inline_too_long, next_ + limits_.max_line);
        position_ = here;
        return false;
    }
    const char* const text_end = lf != next_ && lf[-1] == wire::cr ? lf - 1 : lf;
    if (static_cast<std::uint64_t>(text_end - next_) > limits_.max_line) {
        return fail(Errc::inline_too_long, next_ + limits_.max_line);
    }
    value_offset_ = offset_of(next_);
    position_ = size_ = 0;
    start(token, Token::Kind::inline_line, Type::array);
    token.text = {next_, static_cast<std::size_t>(text_end - next_)};
    next_ = lf + 1;
    return true;
}

// ---- helpers of all forms

/// Reports a header that is wrong. A header that is cut is no error.
void Tokenizer::refuse(Outcome outcome, const char* at, Errc malformed, Errc over) noexcept {
    switch (outcome) {
        case Outcome::done:
        case Outcome::partial:
            assert(end_ - next_ < static_cast<std::ptrdiff_t>(wire::longest_header));
            break;
        case Outcome::bad_byte: fail(malformed, at); break;
        case Outcome::bad_line: fail(Errc::bad_line, at); break;
        case Outcome::overflow: fail(over, at); break;
    }
}

/// A value is complete. Closes every aggregate whose last value it is, and returns their number.
std::uint32_t Tokenizer::complete() noexcept {
    assert(mode_ == Mode::value && (depth_ == 0 || left_ != 0));
    std::uint32_t closed = 0;
    while (depth_ != 0 && --left_ == 0 && !levels_[depth_ - 1].streamed) {
        left_ = levels_[--depth_].outer_left;
        ++closed;
    }
    position_ = 0;
    return closed;
}

/// Reports the wrong byte at `at`. If it is an LF, the error is bad_line: the line ends without a CR.
bool Tokenizer::wrong(Errc malformed, const char* at) noexcept {
    return fail(*at == wire::lf ? Errc::bad_line : malformed, at);
}

/// Ends the stream with an error at `at`.
bool Tokenizer::fail(Errc code, const char* at) noexcept {
    assert(!error_ && begin_ <= at && at <= end_);
    error_ = DecodeError{code, offset_of(at), at == end_ ? '\0' : *at};
    return false;
}

}  // namespace resp
