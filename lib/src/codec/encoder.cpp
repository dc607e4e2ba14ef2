// The functions of the encoder that are not inline. They make all forms from header(), line(), blob() and
// append().
#include <libresp/codec/encoder.hpp>

#include <cmath>
#include <cstring>

namespace resp {

namespace {

template <class Floating>
char* put_shortest(char* to, Floating number) noexcept {
    const auto put = [to](std::string_view text) { return to + text.copy(to, text.size()); };
    if (std::isnan(number)) return put("nan");  // whatever its sign
    if (std::isinf(number)) return put(number < 0 ? "-inf" : "inf");
    return std::to_chars(to, to + wire::header_room, number).ptr;
}

}  // namespace

char* wire::put_decimal(char* to, double number) noexcept { return put_shortest(to, number); }
char* wire::put_decimal(char* to, float number) noexcept { return put_shortest(to, number); }

char* wire::detail::put_long_number(char* to, std::uint64_t number) noexcept {
    return put_crlf(std::to_chars(to, to + 20, number).ptr);
}

/// blob() of an encoder that writes to a std::string.
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
    // Appends the pieces between CRs and LFs, and a space in place of each CR and LF.
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
    const std::string_view text = wire::decimal_text(value, room);
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
    assert(pairs <= SIZE_MAX / 2);
    return resp3() ? header(Type::map, pairs) : header(Type::array, 2 * pairs);
}

Encoder& Encoder::attribute(std::size_t pairs) {
    assert(resp3());
    return header(Type::attribute, pairs);
}

Encoder& Encoder::streamed(Type type) {
    assert(resp3());
    return line(type, {&wire::streamed, 1});
}

Encoder& Encoder::chunk(std::string_view bytes) {
    assert(resp3());
    return bytes.empty() ? *this : blob(static_cast<Type>(wire::chunk), bytes);
}

Encoder& Encoder::end_chunks() { return header(static_cast<Type>(wire::chunk), 0); }

Encoder& Encoder::end_stream() { return line(static_cast<Type>(wire::end_of_stream), {}); }

}  // namespace resp
