// The verbs of the encoder. Each form is written by one of three functions: header, line, blob.
#include <libresp/codec/encoder.hpp>

#include <cmath>
#include <cstring>

namespace resp {

namespace {

/// The text of a double: the shortest that reads back as the same one.
std::string_view double_text(double value, char* to, std::size_t room) noexcept {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    const char* const end = std::to_chars(to, to + room, value).ptr;
    return {to, static_cast<std::size_t>(end - to)};
}

}  // namespace

char* wire::detail::put_long_number(char* to, std::uint64_t number) noexcept {
    return put_crlf(std::to_chars(to, to + 20, number).ptr);
}

Encoder& Encoder::blob_to_string(Type type, std::string_view bytes) {
    header(type, bytes.size());
    append(bytes);
    append(wire::crlf);
    return *this;
}

Encoder& Encoder::line(Type type, std::string_view text) {
    const char first = wire::byte(type);
    const char* const end = text.data() + text.size();
    if (buffer_ != nullptr && wire::find_line_end(text.data(), end) == end) {
        char* const to = buffer_->prepare(text.size() + wire::header_room);
        *to = first;
        buffer_->commit_to(wire::put_crlf(wire::put_bytes(to + 1, text)));
        return *this;
    }
    append({&first, 1});
    // Piece by piece around the bytes that would end the line.
    for (;;) {
        const char* const stop = wire::find_line_end(text.data(), end);
        append({text.data(), static_cast<std::size_t>(stop - text.data())});
        if (stop == end) break;
        append(" ");
        text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
    }
    append(wire::crlf);
    return *this;
}

Encoder& Encoder::null() {
    if (!resp3()) return null_bulk_string();
    return line(Type::null, {});
}

Encoder& Encoder::null_bulk_string() { return line(Type::bulk_string, "-1"); }

Encoder& Encoder::null_array() { return line(Type::array, "-1"); }

Encoder& Encoder::boolean(bool value) {
    if (!resp3()) return integer(value ? 1 : 0);
    const char letter = value ? wire::boolean_true : wire::boolean_false;
    return line(Type::boolean, {&letter, 1});
}

Encoder& Encoder::double_(double value) {
    char room[wire::header_room];
    const std::string_view text = double_text(value, room, sizeof room);
    return resp3() ? line(Type::double_, text) : bulk_string(text);
}

Encoder& Encoder::big_number(std::string_view digits) {
    return resp3() ? line(Type::big_number, digits) : bulk_string(digits);
}

Encoder& Encoder::bulk_error(std::string_view bytes) {
    return resp3() ? blob(Type::bulk_error, bytes) : simple_error(bytes);
}

Encoder& Encoder::verbatim_string(std::string_view format, std::string_view bytes) {
    if (!resp3()) return bulk_string(bytes);
    char prefix[wire::verbatim_prefix] = {' ', ' ', ' ', wire::verbatim_colon};
    format.copy(prefix, wire::verbatim_prefix - 1);
    header(Type::verbatim_string, bytes.size() + sizeof prefix);
    append({prefix, sizeof prefix});
    append(bytes);
    append(wire::crlf);
    return *this;
}

Encoder& Encoder::map(std::size_t pairs) {
    return resp3() ? header(Type::map, pairs) : header(Type::array, 2 * pairs);
}

Encoder& Encoder::streamed(Type type) { return line(type, {&wire::streamed, 1}); }

Encoder& Encoder::chunk(std::string_view bytes) {
    return bytes.empty() ? *this : blob(static_cast<Type>(wire::chunk), bytes);
}

Encoder& Encoder::end_chunks() { return header(static_cast<Type>(wire::chunk), 0); }

Encoder& Encoder::end_stream() { return line(static_cast<Type>(wire::end_of_stream), {}); }

}  // namespace resp
