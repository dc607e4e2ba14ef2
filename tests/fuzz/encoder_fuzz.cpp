// Invariant: for any texts and numbers and any order of verbs, the encoder's bytes decode to exactly the
// values that were written, in RESP3 and in RESP2. The texts shown for them are printable.
#include <libresp/codec/command.hpp>
#include <libresp/codec/encoder.hpp>

#include <bit>
#include <string>
#include <vector>

#include "check.hpp"
#include "outcome.hpp"
#include "printable.hpp"
#include "script.hpp"

namespace {

using fuzz::check;
using fuzz::Script;
using fuzz::Tree;
using resp::Encoder;
using resp::Type;

/// The verbs that a script can choose: first those with at most a number, then with a text, then with values.
enum class Verb : unsigned char {
    null,
    null_bulk_string,
    null_array,
    boolean,
    double_,
    big_number,
    integer,
    short_integer,
    simple_string,
    simple_error,
    bulk_error,
    verbatim_string,
    chunks,
    bulk_string,
    bulk_string_again,
    map,
    set,
    push,
    command,
    attribute,
    streamed_array,
    streamed_set,
    streamed_map,
    array,
};
constexpr std::size_t verbs = 24;

std::string one_line(std::string text) {
    for (char& c : text) c = c == '\r' || c == '\n' ? ' ' : c;
    return text;
}

/// Writes the values that the script chooses, and returns how they must read.
class Writer {
public:
    Writer(Script script, Encoder& out) : script_(script), out_(out) {}

    std::vector<Tree> write() {
        std::vector<Tree> values;
        while (!script_.empty() && values.size() != most_values) values.push_back(value(true));
        return values;
    }

private:
    static constexpr std::size_t most_values = 8;
    static constexpr std::size_t most_depth = 12;
    static constexpr std::size_t widest = 5;

    bool resp3() const { return out_.version() == resp::Version::resp3; }
    Tree value(bool top);
    Tree scalar(Verb verb);
    Tree string(Verb verb);
    Tree aggregate(Verb verb, bool top);
    Tree with_attribute();
    Tree command();
    Tree streamed_string();
    Tree streamed(Type type);
    Tree holding(Type type, std::size_t values);
    Tree integer(std::int64_t number);
    Tree bulk(std::string text) { return {.type = Type::bulk_string, .text = std::move(text)}; }

    Script script_;
    Encoder& out_;
    std::size_t depth_ = 0;
};

Tree Writer::value(bool top) {
    if (top) out_.set_version(script_.below(2) == 0 ? resp::Version::resp3 : resp::Version::resp2);
    const auto verb = static_cast<Verb>(script_.below(verbs));
    if (verb < Verb::simple_string) return scalar(verb);
    if (verb < Verb::map) return string(verb);
    if (depth_ == most_depth) return scalar(Verb::null);
    ++depth_;
    Tree tree = aggregate(verb, top);
    --depth_;
    return tree;
}

Tree Writer::integer(std::int64_t number) {
    return {.type = Type::integer,
            .text = std::to_string(number),
            .integer = number,
            .number = fuzz::bits_of(static_cast<double>(number))};
}

Tree Writer::scalar(Verb verb) {
    const std::uint64_t number = script_.number();
    switch (verb) {
        case Verb::null: out_.null(); return {.type = resp3() ? Type::null : Type::null_bulk_string};
        case Verb::null_bulk_string: out_.null_bulk_string(); return {.type = Type::null_bulk_string};
        case Verb::null_array: out_.null_array(); return {.type = Type::null_array};
        case Verb::boolean: {
            const bool truth = number % 2 == 1;
            out_.boolean(truth);
            if (!resp3()) return integer(truth ? 1 : 0);
            return {.type = Type::boolean, .text = truth ? "t" : "f", .integer = truth ? 1 : 0};
        }
        case Verb::double_: {
            const double value = std::bit_cast<double>(number);
            out_.double_(value);
            if (!resp3()) return bulk(fuzz::shortest(value));
            return {.type = Type::double_, .text = fuzz::shortest(value), .number = fuzz::bits_of(value)};
        }
        case Verb::big_number: {
            const std::string digits = (number % 3 == 0 ? "-" : "") + std::to_string(number);
            out_.big_number(digits);
            return {.type = resp3() ? Type::big_number : Type::bulk_string, .text = digits};
        }
        default:
            out_.integer(static_cast<std::int64_t>(verb == Verb::integer ? number : number % 200));
            return integer(static_cast<std::int64_t>(verb == Verb::integer ? number : number % 200));
    }
}

Tree Writer::string(Verb verb) {
    const std::string text = script_.text();
    switch (verb) {
        case Verb::simple_string:
            out_.simple_string(text);
            return {.type = Type::simple_string, .text = one_line(text)};
        case Verb::simple_error:
            out_.simple_error(text);
            return {.type = Type::simple_error, .text = one_line(text)};
        case Verb::bulk_error:
            out_.bulk_error(text);
            if (!resp3()) return {.type = Type::simple_error, .text = one_line(text)};
            return {.type = Type::bulk_error, .text = text};
        case Verb::verbatim_string: {
            std::string format = script_.text();
            out_.verbatim_string(format, text);
            format.resize(3, ' ');
            if (!resp3()) return bulk(text);
            return {.type = Type::verbatim_string, .text = text, .format = format};
        }
        case Verb::chunks:
            if (resp3()) return streamed_string();
            [[fallthrough]];
        default: out_.bulk_string(text); return bulk(text);
    }
}

Tree Writer::aggregate(Verb verb, bool top) {
    const std::size_t count = script_.below(widest);
    switch (verb) {
        case Verb::map: out_.map(count); return holding(resp3() ? Type::map : Type::array, 2 * count);
        case Verb::set: out_.set(count); return holding(resp3() ? Type::set : Type::array, count);
        case Verb::push:
            if (!top) return scalar(Verb::null_bulk_string);
            out_.push(count);
            return holding(resp3() ? Type::push : Type::array, count);
        case Verb::command: return command();
        case Verb::attribute: return resp3() ? with_attribute() : scalar(Verb::null_array);
        case Verb::streamed_array:
            if (resp3()) return out_.streamed_array(), streamed(Type::array);
            return scalar(Verb::boolean);
        case Verb::streamed_set:
            if (resp3()) return out_.streamed_set(), streamed(Type::set);
            return scalar(Verb::double_);
        case Verb::streamed_map:
            if (resp3()) return out_.streamed_map(), streamed(Type::map);
            return scalar(Verb::big_number);
        default: out_.array(count); return holding(Type::array, count);
    }
}

Tree Writer::holding(Type type, std::size_t values) {
    Tree tree{.type = type};
    for (; values != 0; --values) tree.values.push_back(value(false));
    return tree;
}

Tree Writer::streamed(Type type) {
    const std::size_t count = script_.below(widest);
    Tree tree = holding(type, resp::has_pairs(type) ? 2 * count : count);
    out_.end_stream();
    return tree;
}

Tree Writer::streamed_string() {
    Tree tree = bulk("");
    out_.streamed_string();
    for (std::size_t chunks = script_.below(widest); chunks != 0; --chunks) {
        const std::string text = script_.text();
        out_.chunk(text);
        tree.text += text;
    }
    out_.end_chunks();
    return tree;
}

Tree Writer::with_attribute() {
    const std::size_t pairs = script_.below(widest);
    out_.attribute(pairs);
    Tree attribute = holding(Type::attribute, 2 * pairs);
    Tree tree = value(false);
    tree.attributes.insert(tree.attributes.begin(), std::move(attribute));
    return tree;
}

Tree Writer::command() {
    const std::string name = script_.text();
    const auto number = static_cast<std::int64_t>(script_.number());
    out_.command(name, number, static_cast<std::uint8_t>(number), "literal");
    Tree tree{.type = Type::array};
    const std::string small = std::to_string(static_cast<unsigned>(static_cast<std::uint8_t>(number)));
    for (const std::string& word : {name, std::to_string(number), small, std::string{"literal"}}) {
        tree.values.push_back(bulk(word));
    }
    return tree;
}

// ---- reading it back

void check_reads_as(std::string_view bytes, const std::vector<Tree>& wanted) {
    resp::Decoder decoder{{.max_depth = 64}};
    decoder.feed(bytes);
    std::size_t count = 0;
    while (const std::optional<resp::View> view = decoder.next()) {
        check(count != wanted.size(), "every frame was written");
        const Tree got = fuzz::tree_of(*view);
        check(got == wanted[count], "a frame has the value that was written");
        ++count;
        fuzz::check_printable(*view);
    }
    check(!decoder.error() && decoder.pending() == 0, "the bytes contain only frames");
    check(count == wanted.size(), "every written value is a frame");
}

/// big_number() writes one line for any text. So does an error that quotes a request.
void check_one_frame(std::string_view text) {
    std::string number;
    Encoder{number}.big_number(text);
    check(number.find_first_of("\r\n") == number.size() - 2, "a big number is one line");
    std::string request;
    Encoder{request}.command(text, text, text);
    const resp::Parsed parsed = resp::parse(request);
    const resp::Command command{(*parsed).view()};
    std::string errors;
    Encoder out{errors};
    out.simple_error(unknown_command(command)).simple_error(unknown_subcommand(command));
    out.simple_error(resp::wrong_number_of_arguments(command.name()));
    std::size_t lines = 0;
    for (const char c : errors) lines += c == '\n' ? 1 : 0;
    check(lines == 3, "an error that quotes a request is one line");
    for (std::size_t i = 0; i != 3; ++i) check(command[i] == text, "a word is the text that was written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text;
    Encoder to_text{text};
    const std::vector<Tree> wanted = Writer{{data, size}, to_text}.write();
    resp::Buffer buffer;
    Encoder to_buffer{buffer};
    (void)Writer{{data, size}, to_buffer}.write();
    check(buffer.view() == text, "a Buffer gets the bytes that a string gets");
    check_reads_as(text, wanted);
    check_one_frame({reinterpret_cast<const char*>(data), size});
    return 0;
}
