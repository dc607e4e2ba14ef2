// The codec's parsers as they are meant to be used: every view is visited, text() and integer() of
// every leaf are read. And the Decoder by itself: each frame is handed out and asked for its
// size, no more.
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/tokenizer.hpp>

#include "parser.hpp"

#include <array>
#include <type_traits>
#include <vector>

namespace bench {

namespace {

using resp::Type;
using resp::View;

resp::Reads reads_of(Form form) noexcept {
    const bool command = form == Form::command || form == Form::inline_line;
    return command ? resp::Reads::commands : resp::Reads::replies;
}

template <class Visitor>
[[gnu::always_inline]] inline void visit_leaf(Visitor& visitor, View leaf) {
    const bool is_number = leaf.type() == Type::integer || leaf.type() == Type::boolean;
    visitor.leaf(is_number, leaf.integer(), leaf.text());
}

template <class Visitor>
void visit(Visitor& visitor, View view) {
    if (!view.is_aggregate()) return visit_leaf(visitor, view);
    for (const View element : view) {
        if (element.is_aggregate()) {
            visit(visitor, element);
        } else {
            visit_leaf(visitor, element);
        }
    }
}

template <class Visitor>
class DecoderParser : public Parser {
public:
    explicit DecoderParser(Form form) : decoder_({}, reads_of(form)) {}

    bool read(std::string_view bytes) override {
        decoder_.feed(bytes);
        const bool good = take();
        decoder_.release();
        return good;
    }
    [[nodiscard]] Digest digest() const override { return visitor_.digest(); }

protected:
    bool take() {
        if (const auto frame = decoder_.next()) take_from(*frame);
        return !decoder_.error();
    }

    resp::Decoder decoder_;
    Visitor visitor_;

private:
    /// Apart, for there is seldom a frame where bytes come one by one.
    void take_from(View frame) {
        Visitor visitor = visitor_;  // in registers
        take(visitor, frame);
        while (const auto next = decoder_.next()) take(visitor, *next);
        visitor_ = visitor;
    }

    static void take(Visitor& visitor, View frame) {
        if constexpr (std::is_same_v<Visitor, FrameCounter>) {
            keep(frame.size());
        } else {
            visit(visitor, frame);
        }
        visitor.frame();
    }
};

/// Receives pieces into the decoder.
template <class Visitor>
class ReceivingDecoder : public DecoderParser<Visitor> {
public:
    using DecoderParser<Visitor>::DecoderParser;

    [[nodiscard]] char* prepare(std::size_t n) override { return this->decoder_.prepare(n).data(); }
    bool commit(std::size_t n) override {
        this->decoder_.commit(n);
        return this->take();
    }
};

/// Lends pieces that stand in the thread's buffer: what the server does between two frames.
template <class Visitor>
class LentDecoder : public DecoderParser<Visitor> {
public:
    using DecoderParser<Visitor>::DecoderParser;

    [[nodiscard]] char* prepare(std::size_t) override { return thread_buffer(); }
    bool commit(std::size_t n) override { return this->read({thread_buffer(), n}); }
};

/// The text of a verbatim string's part, without the format and the colon.
std::string_view without_format(const resp::Token& token) noexcept {
    if (token.type != Type::verbatim_string || token.position >= resp::wire::verbatim_prefix)
        return token.text;
    const std::size_t left = resp::wire::verbatim_prefix - static_cast<std::size_t>(token.position);
    return token.text.substr(std::min(left, token.text.size()));
}

template <class Visitor>
class TokenizerParser : public Parser {
public:
    explicit TokenizerParser(Form form) : tokenizer_({}, reads_of(form)) {}

    bool read(std::string_view bytes) override {
        tokenizer_.feed(bytes);
        Visitor visitor = visitor_;
        while (const auto token = tokenizer_.next()) {
            visit_token(visitor, *token);
            if (token->ends_frame()) visitor.frame();
        }
        visitor_ = visitor;
        return !tokenizer_.error();
    }

    [[nodiscard]] char* prepare(std::size_t) override {
        const auto rest = tokenizer_.rest();
        kept_ = rest.size();
        if (kept_ != 0) std::memmove(buffer_.data(), rest.data(), kept_);
        return buffer_.data() + kept_;
    }
    bool commit(std::size_t n) override { return read({buffer_.data(), kept_ + n}); }

    [[nodiscard]] Digest digest() const override { return visitor_.digest(); }

private:
    static void visit_token(Visitor& visitor, const resp::Token& token) {
        using Kind = resp::Token::Kind;
        if (token.kind == Kind::part) {
            visitor.part(without_format(token));
            if (token.last) visitor.end_text();
        } else if (token.kind != Kind::value) {
            return;
        } else if (token.type == Type::integer || token.type == Type::boolean) {
            visitor.integer(token.integer);
        } else if (resp::is_null(token.type)) {
            visitor.null();
        } else {
            visitor.text(without_format(token));
        }
    }

    resp::Tokenizer tokenizer_;
    std::array<char, resp::wire::longest_header + chunk_size> buffer_;
    std::size_t kept_ = 0;
    Visitor visitor_;
};

bool takes_all(Form) noexcept { return true; }
bool takes_all_but_inline(Form form) noexcept {  // a Tokenizer does not split a line into words
    return form != Form::inline_line;
}

}  // namespace

std::span<const ParserKind> our_parsers() {
    static constexpr ParserKind kinds[] = {
        {"frames", true, false, takes_all, make_parser<ReceivingDecoder, FrameCounter>},
        {"decoder", true, true, takes_all, make_parser<ReceivingDecoder>},
        {"decoder_lent", false, true, takes_all, make_parser<LentDecoder>},
        {"tokenizer", true, true, takes_all_but_inline, make_parser<TokenizerParser>},
    };
    return kinds;
}

}  // namespace bench
