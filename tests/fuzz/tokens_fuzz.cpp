// Invariant: a tokenizer, fed in any pieces, returns the values of the decoder with their offsets, or the
// same error at the same offset. Between values it leaves at most a cut header unread.
#include <libresp/codec/tokenizer.hpp>

#include <string>
#include <vector>

#include "check.hpp"
#include "outcome.hpp"

namespace {

using fuzz::check;
using fuzz::Tree;
using resp::Token;
using resp::Type;

constexpr std::string_view spaces = " \t\n\v\f\r";

/// A value in the order of the wire. Tokens and trees are both converted to steps and compared.
struct Step {
    Type type{};
    std::uint64_t depth = 0;
    std::uint64_t offset = 0;  // of its type byte
    std::string text;
    std::int64_t integer = 0;
    std::uint64_t size = 0;  // the values in it

    friend bool operator==(const Step&, const Step&) = default;
};
using Steps = std::vector<Step>;

// ---- steps of trees

void add_steps(Steps& steps, const Tree& tree, std::uint64_t depth, std::string_view wire);

/// An attribute and the values in it.
void add_attribute(Steps& steps, const Tree& attribute, std::uint64_t depth, std::string_view wire) {
    steps.push_back({Type::attribute, depth, attribute.begin, "", 0, attribute.values.size()});
    for (const Tree& value : attribute.values) add_steps(steps, value, depth + 1, wire);
}

void add_steps(Steps& steps, const Tree& tree, std::uint64_t depth, std::string_view wire) {
    std::uint64_t offset = tree.begin;
    for (const Tree& attribute : tree.attributes) {
        add_attribute(steps, attribute, depth++, wire);
        offset = attribute.end;
    }
    if (tree.is_inline) {
        std::string_view line = wire.substr(tree.begin, tree.end - tree.begin - 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        steps.push_back({tree.type, depth, offset, std::string{line}, 0, 0});
        return;
    }
    const bool verbatim = tree.type == Type::verbatim_string;
    const std::string text = verbatim ? tree.format + ':' + tree.text : tree.text;
    steps.push_back({tree.type, depth, offset, text, tree.integer, tree.values.size()});
    for (const Tree& value : tree.values) add_steps(steps, value, depth + 1, wire);
}

// ---- steps of tokens

class TokenReader {
public:
    explicit TokenReader(resp::Reads reads) : reads_(reads) {}

    void add(const Token& token);

    Steps steps;
    std::vector<std::size_t> ends;  // the number of steps after each frame

private:
    void add_part(const Token& token);
    void end_frame(const Token& token);
    bool is_skipped(const Token& token) const;

    resp::Reads reads_;
    std::vector<std::size_t> open_;  // the steps of the open aggregates
};

void TokenReader::add(const Token& token) {
    check(token.depth == open_.size(), "depth is the number of open aggregates");
    if (token.kind == Token::Kind::part) {
        add_part(token);
    } else if (token.kind == Token::Kind::stream_end) {
        steps[open_.back()].size = has_pairs(token.type) ? 2 * token.size : token.size;
    } else {
        const bool holds = token.kind == Token::Kind::aggregate;
        const std::uint64_t values = has_pairs(token.type) ? 2 * token.size : token.size;
        steps.push_back({token.type, token.depth, token.offset, std::string{token.text}, token.integer,
                         holds ? values : 0});
        if (token.kind == Token::Kind::value) check(token.size == token.text.size(), "size is of the text");
        if (holds && (values != 0 || token.streamed || token.type == Type::attribute)) {
            open_.push_back(steps.size() - 1);
            check(!token.ends_frame(), "no frame ends where an aggregate opens");
            return;
        }
    }
    check(token.closes <= open_.size(), "closes is of open aggregates");
    open_.resize(open_.size() - token.closes);
    check(token.ends_frame() == (open_.empty() && token.last), "a frame ends where nothing is open");
    if (token.ends_frame()) end_frame(token);
}

void TokenReader::add_part(const Token& token) {
    if (token.position == 0) steps.push_back({token.type, token.depth, token.offset, "", 0, 0});
    Step& step = steps.back();
    check(step.type == token.type && step.offset == token.offset, "a part is of the string before it");
    check(step.text.size() == token.position, "position is what earlier parts had");
    check(token.last || !token.text.empty(), "a part has bytes, or ends the string");
    step.text += token.text;
    if (token.last && !token.streamed) check(token.size == step.text.size(), "size is of the whole string");
}

/// A decoder returns nothing for blank lines, and in commands nothing for `*0` and `*-1`.
void TokenReader::end_frame(const Token& token) {
    const std::size_t begin = ends.empty() ? 0 : ends.back();
    if (is_skipped(token)) {
        check(steps.size() == begin + 1, "what is skipped is one value");
        steps.pop_back();
    } else {
        ends.push_back(steps.size());
    }
}

bool TokenReader::is_skipped(const Token& token) const {
    if (token.kind == Token::Kind::inline_line) {
        return token.text.find_first_not_of(spaces) == std::string_view::npos;
    }
    if (reads_ != resp::Reads::commands || token.depth != 0) return false;
    return token.kind == Token::Kind::value || token.kind == Token::Kind::aggregate;
}

/// Feeds a tokenizer piece by piece. The bytes that it leaves come before the next piece.
void read_tokens(resp::Tokenizer& tokenizer, const fuzz::Input& input, TokenReader& reader) {
    fuzz::Pieces pieces{input.wire, input.delivery};
    std::string rest;
    while (const std::optional<std::string_view> piece = pieces.next()) {
        rest += *piece;
        const support::Block block{rest};
        tokenizer.feed(block);
        while (const std::optional<Token> token = tokenizer.next()) reader.add(*token);
        if (tokenizer.error()) return;
        const std::span<const char> left = tokenizer.rest();
        rest.assign(left.begin(), left.end());
        const bool bounded = input.reads == resp::Reads::replies;
        check(!bounded || rest.size() <= resp::wire::longest_header, "a cut header is all that is left");
    }
}

void check_frames(const fuzz::Outcome& outcome, const TokenReader& reader, std::string_view wire) {
    check(reader.ends.size() >= outcome.frames.size(), "a tokenizer has the frames of the decoder");
    Steps wanted;
    for (std::size_t i = 0; i != outcome.frames.size(); ++i) {
        add_steps(wanted, outcome.frames[i], 0, wire);
        check(wanted.size() == reader.ends[i], "a frame has as many values");
    }
    for (std::size_t i = 0; i != wanted.size(); ++i)
        check(wanted[i] == reader.steps[i], "a value is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input{data, size};
    input.limits.max_frame = resp::Limits{}.max_frame;  // a tokenizer has no limit for frames
    const fuzz::Outcome outcome = fuzz::decode(input, {});
    resp::Tokenizer tokenizer{input.limits, input.reads};
    TokenReader reader{input.reads};
    read_tokens(tokenizer, input, reader);
    check_frames(outcome, reader, input.wire);
    // A tokenizer does not look for quotes in lines.
    if (outcome.error && outcome.error->code == resp::Errc::unbalanced_quotes) return 0;
    check(reader.ends.size() == outcome.frames.size(), "and no more frames");
    check(tokenizer.error() == outcome.error, "the error is the same");
    const bool inside = tokenizer.inside_frame() || !tokenizer.rest().empty();
    check(outcome.error || inside == outcome.incomplete, "both are inside a frame or not");
    return 0;
}
