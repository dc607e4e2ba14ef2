// The verbs of the encoder. Each form is written by one of three functions: header, line, blob.
#include <libresp/encoder.hpp>

#include <cmath>
#include <cstring>

namespace resp {

namespace {

char* put(char* to, std::string_view bytes) noexcept {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return to + bytes.size();
}

char* put_crlf(char* to) noexcept { return put(to, wire::crlf); }

template <class Integer>
char* put_header(char* to, char first, Integer number) noexcept {
    *to++ = first;
    if (number >= 0 && number < 10) {
        *to++ = static_cast<char>('0' + static_cast<char>(number));  // most lengths are short
    } else {
        to = std::to_chars(to, to + 20, number).ptr;
    }
    return put_crlf(to);
}

/// The text of a double: the shortest that reads back as the same one.
std::string_view double_text(double value, char* to, std::size_t room) noexcept {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    const char* const end = std::to_chars(to, to + room, value).ptr;
    return {to, static_cast<std::size_t>(end - to)};
}

}  // namespace

Encoder& Encoder::header(Type type, std::size_t count) {
    if (buffer_ != nullptr) {
        buffer_->commit_to(put_header(buffer_->prepare(header_room), wire::byte(type), count));
    } else {
        char text[header_room];
        append({text, static_cast<std::size_t>(put_header(text, wire::byte(type), count) - text)});
    }
    return *this;
}

Encoder& Encoder::blob(Type type, std::string_view bytes) {
    if (buffer_ != nullptr) {
        char* to = buffer_->prepare(bytes.size() + header_room);
        to = put_header(to, wire::byte(type), bytes.size());
        buffer_->commit_to(put_crlf(put(to, bytes)));
        return *this;
    }
    header(type, bytes.size());
    append(bytes);
    append(wire::crlf);
    return *this;
}

Encoder& Encoder::line(Type type, std::string_view text) {
    const char first = wire::byte(type);
    append({&first, 1});
    // Piece by piece around the bytes that would end the line.
    for (std::size_t end = text.find_first_of(wire::crlf); end != std::string_view::npos;
         end = text.find_first_of(wire::crlf)) {
        append(text.substr(0, end));
        append(" ");
        text.remove_prefix(end + 1);
    }
    append(text);
    append(wire::crlf);
    return *this;
}

Encoder& Encoder::integer(std::int64_t value) {
    char text[header_room];
    append({text, static_cast<std::size_t>(put_header(text, wire::byte(Type::integer), value) - text)});
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
    char room[header_room];
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
    put(prefix, format.substr(0, wire::verbatim_prefix - 1));
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

Encoder& Encoder::wire(std::string_view bytes) {
    append(bytes);
    return *this;
}

}  // namespace resp
