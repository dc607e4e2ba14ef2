// A user's file that calls every verb of the encoder and reads every result, with strict warnings as errors.
// It writes from arrays of 8 to 64 bytes, literals, strings and numbers.
#include <libresp/version.hpp>  // first, so that a name in it that other headers shadow is a warning here

#include <libresp/codec.hpp>
#include <libresp/codec/format.hpp>

#include <charconv>
#include <cstdio>
#include <ranges>
#include <string>
#include <string_view>

namespace {

/// A number's text, written from an array on the stack as users do.
template <std::size_t size>
void write_from_array(resp::Encoder& out, int number) {
    char room[size];
    const auto end = std::to_chars(room, room + sizeof room, number).ptr;
    const auto length = static_cast<std::size_t>(end - room);
    out.bulk_string({room, length});
    out.simple_string({room, length}).simple_error({room, length}).bulk_error({room, length});
    out.big_number({room, length}).verbatim_string("txt", {room, length}).wire({room, length});
    out.command("SET", std::string_view{room, length}, number, 1.5);
    out.streamed_string().chunk({room, length}).end_chunks();
}

/// The whole array, whose size the compiler knows.
template <std::size_t size>
void write_whole_array(resp::Encoder& out, char letter) {
    char room[size];
    for (char& c : room) c = letter;
    out.bulk_string({room, sizeof room}).simple_string({room, sizeof room});
}

template <std::size_t... sizes>
void write_from_arrays(resp::Encoder& out, int number) {
    (write_from_array<sizes>(out, number), ...);
    (write_whole_array<sizes>(out, static_cast<char>('a' + number % 26)), ...);
}

void write_scalars(resp::Encoder& out, int number) {
    const std::string text = std::to_string(number);
    out.simple_string("OK").simple_error("ERR no such key").integer(number).bulk_string("literal");
    out.bulk_string("").bulk_string(text).bulk_string(number).bulk_string(0.1).bulk_string(0.1F);
    out.null().null_bulk_string().null_array().boolean(number != 0).double_(1.0 / (number + 1));
    out.big_number("12345678901234567890").bulk_error("ERR a").verbatim_string("mkd", "# title");
    out.wire(":1\r\n").bulk_string(std::uint8_t{1}).bulk_string(std::int64_t{-1}).bulk_string(UINT64_MAX);
}

void write_aggregates(resp::Encoder& out) {
    out.array(1).integer(1).map(1).bulk_string("k").integer(2).set(1).integer(3);
    out.push(2).bulk_string("message").integer(4);
    out.attribute(1).bulk_string("ttl").integer(5).bulk_string("described");
    out.streamed_array().integer(6).end_stream();
    out.streamed_set().integer(7).end_stream();
    out.streamed_map().bulk_string("k").integer(8).end_stream();
    out.command("PING").command("SET", std::string{"key"}, std::string_view{"value"}, 7, 2.5, 8UL);
}

std::size_t read(resp::View view) {
    std::size_t bytes = view.text().size() + view.wire().size() + view.format().size();
    bytes += static_cast<std::size_t>(view.boolean()) + (view.as_double() > 0 ? 1U : 0U);
    if (view.find("key") || view.is_inline() || view.is_null() || view.is_error()) ++bytes;
    if (const auto attribute = view.attribute()) bytes += read(*attribute);
    for (const resp::View element : view) bytes += read(element);
    const resp::Command command{view};
    for (const std::string_view word : command | std::views::drop(1)) bytes += word.size();
    if (command.is("SET") && command.integer(1)) bytes += command[1].size();
    if (command.empty()) bytes += resp::unknown_command(command).size();
    return bytes + fmt::format("{} {:.10}", view, resp::Value{view}).size() + resp::name(view.type()).size();
}

std::size_t read_stream(std::string_view bytes) {
    std::size_t result = 0;
    resp::Decoder decoder{{.max_depth = 8}, resp::Reads::anything};
    const std::span<char> room = decoder.prepare(bytes.size());
    bytes.copy(room.data(), bytes.size());
    decoder.commit(bytes.size());
    while (const auto frame = decoder.next()) result += read(*frame);
    if (const auto& error = decoder.error()) result += error->message().size();
    resp::Tokenizer tokenizer;
    tokenizer.feed(bytes);
    while (const auto token = tokenizer.next()) result += token->text.size();
    const auto parsed = resp::parse(":1\r\n");
    if (parsed) result += read(*parsed);
    const std::error_code code = parsed.error().code;
    return result + code.message().size() + resp::escaped(bytes, 10).size() + resp::version_string.size();
}

}  // namespace

int main(int argc, char**) {
    resp::Buffer buffer;
    std::string string;
    for (resp::Encoder out : {resp::Encoder{buffer}, resp::Encoder{string}}) {
        write_scalars(out, argc);
        write_aggregates(out);
        write_from_arrays<8, 11, 12, 15, 16, 20, 21, 24, 31, 32, 33, 40, 48, 63, 64>(out, argc);
    }
    std::printf("%zu\n", read_stream(string) + buffer.size());
    return buffer.view() == string ? 0 : 1;
}
