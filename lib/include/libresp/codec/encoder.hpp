// Writes values as bytes, with one function for each type of RESP2 and RESP3.
#pragma once

#include <libresp/codec/buffer.hpp>
#include <libresp/codec/wire_write.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace resp {

/// Appends RESP to a Buffer or a std::string, which must outlive the encoder. When a function returns, all
/// its bytes are in the Buffer or string.
///
///     resp::Encoder out{bytes};
///     out.array(2).bulk_string("key").integer(7);   // *2\r\n$3\r\nkey\r\n:7\r\n
///     out.command("SET", "greeting", "Hello world!");
///
/// In RESP2 the encoder replaces the types of RESP3 as Redis does:
///
///     map               a flat array          null               $-1
///     set, push         an array              boolean            :1 or :0
///     double, big number, verbatim string     a bulk string
///     bulk error        a simple error
///
/// The functions for aggregates write only the header. The caller then writes the announced number of values.
/// Attributes and streamed forms exist in RESP3 only: do not write them in RESP2 (the encoder only asserts
/// this). Throws only std::bad_alloc; then a part of the value may already be written.
class Encoder {
public:
    explicit Encoder(Buffer& out, Version version = Version::resp3) noexcept
        : buffer_(&out), version_(version) {}
    explicit Encoder(std::string& out, Version version = Version::resp3) noexcept
        : string_(&out), version_(version) {}

    [[nodiscard]] Version version() const noexcept { return version_; }
    void set_version(Version version) noexcept { version_ = version; }  ///< of values that are written later

    /// `+<text>\r\n`. CR and LF in the text become spaces, so that no text can look like two replies.
    Encoder& simple_string(std::string_view text) { return line(Type::simple_string, text); }
    /// `-<text>\r\n`. It should begin with a code in capitals: "ERR no such key". CR and LF become spaces.
    Encoder& simple_error(std::string_view text) { return line(Type::simple_error, text); }
    /// `:<value>\r\n`
    Encoder& integer(std::int64_t value) {
        return put(wire::header_room, [value](char* to) { return wire::put_integer(to, value); });
    }
    /// `$<length>\r\n<bytes>\r\n`
    Encoder& bulk_string(std::string_view bytes) { return blob(Type::bulk_string, bytes); }
    /// `$<length>\r\n<decimal>\r\n`. A floating-point number becomes the shortest decimal that reads back as
    /// the same number, or nan, inf, -inf. A long double is written as a double.
    template <wire::Number N>
    Encoder& bulk_string(N number) {
        char room[wire::header_room];
        return bulk_string(wire::decimal_text(number, room));
    }
    /// Write a letter `c` as `std::string_view{&c, 1}`, its code as `int{c}`, and a bool with boolean().
    template <wire::NotANumber T>
    Encoder& bulk_string(T) = delete;
    /// `*<elements>\r\n`. That number of values follows.
    Encoder& array(std::size_t elements) { return header(Type::array, elements); }
    /// `_\r\n`; in RESP2 `$-1\r\n`
    Encoder& null();
    /// `$-1\r\n`, the null of RESP2
    Encoder& null_bulk_string();
    /// `*-1\r\n`, the null array of RESP2
    Encoder& null_array();
    /// `#t\r\n` or `#f\r\n`; in RESP2 `:1\r\n` or `:0\r\n`
    Encoder& boolean(bool value);
    /// `,<shortest decimal that reads back as value>\r\n`, or `,nan\r\n`, `,inf\r\n`, `,-inf\r\n`; in RESP2
    /// the same text as a bulk string
    Encoder& double_(double value);
    /// `(<digits>\r\n`; in RESP2 a bulk string. `digits` must be a decimal integer; this is not checked.
    Encoder& big_number(std::string_view digits);
    /// `!<length>\r\n<bytes>\r\n`; in RESP2 a simple error
    Encoder& bulk_error(std::string_view bytes);
    /// `=<length>\r\n<format>:<bytes>\r\n`; in RESP2 a bulk string without the format. The length includes the
    /// format and the colon. The format is cut to three bytes, or filled with spaces.
    Encoder& verbatim_string(std::string_view format, std::string_view bytes);
    /// `%<pairs>\r\n`. A key and a value follow for each pair.
    Encoder& map(std::size_t pairs);
    /// `~<elements>\r\n`
    Encoder& set(std::size_t elements) { return header(resp3() ? Type::set : Type::array, elements); }
    /// `><elements>\r\n`, only between replies
    Encoder& push(std::size_t elements) { return header(resp3() ? Type::push : Type::array, elements); }
    /// `|<pairs>\r\n`. Its pairs follow, then the value that it describes. RESP3 only.
    Encoder& attribute(std::size_t pairs);

    /// `$<length>\r\n`. That many bytes follow, by calls of wire(), then end_bulk_string().
    Encoder& bulk_string_header(std::uint64_t length) { return header(Type::bulk_string, length); }
    Encoder& end_bulk_string() { return wire(wire::crlf); }
    /// `$?\r\n`. Calls of chunk() follow, then end_chunks(). RESP3 only, like all streamed forms.
    Encoder& streamed_string() { return streamed(Type::bulk_string); }
    /// `;<length>\r\n<bytes>\r\n`. Writes nothing for empty bytes: an empty chunk would end the string.
    Encoder& chunk(std::string_view bytes);
    /// `;0\r\n`
    Encoder& end_chunks();
    /// `*?\r\n`. Values follow, then end_stream().
    Encoder& streamed_array() { return streamed(Type::array); }
    Encoder& streamed_set() { return streamed(Type::set); }
    Encoder& streamed_map() { return streamed(Type::map); }
    /// `.\r\n`
    Encoder& end_stream();
    /// A command: an array of bulk strings. Each argument is text or a number, as in bulk_string().
    template <wire::TextOrNumber... Arguments>
        requires(sizeof...(Arguments) > 0)
    Encoder& command(const Arguments&... arguments) {
        return write_command(as_argument(arguments)...);
    }

    /// Bytes that already are RESP: whole values, or the bytes after bulk_string_header().
    Encoder& wire(std::string_view bytes) {
        append(bytes);
        return *this;
    }

private:
    bool resp3() const noexcept { return version_ == Version::resp3; }
    Encoder& header(Type type, std::size_t count) {
        return put(wire::header_room,
                   [=](char* to) { return wire::put_header(to, wire::byte(type), count); });
    }
    Encoder& blob(Type type, std::string_view bytes) {
        if (buffer_ == nullptr) return blob_to_string(type, bytes);
        char* const to = buffer_->prepare(bytes.size() + wire::header_room);
        buffer_->commit_to(wire::put_blob(to, wire::byte(type), bytes));
        return *this;
    }
    Encoder& blob_to_string(Type type, std::string_view bytes);
    Encoder& line(Type type, std::string_view text);
    Encoder& streamed(Type type);

    /// Appends what `write` writes into the room that it gets, at most header_room bytes.
    template <class Write>
    Encoder& put(std::size_t most, Write write) {
        assert(most <= wire::header_room);
        if (buffer_ != nullptr) [[likely]] {
            buffer_->commit_to(write(buffer_->prepare(most)));
        } else {
            char text[wire::header_room];
            string_->append(text, static_cast<std::size_t>(write(text) - text));
        }
        return *this;
    }
    void append(std::string_view bytes) {
        if (buffer_ != nullptr) {
            buffer_->commit_to(wire::put_bytes(buffer_->prepare(bytes.size()), bytes));
        } else {
            string_->append(bytes);
        }
    }

    /// A number, or the text. Converts an argument only once: a user's type may return other text later.
    template <class T>
    static auto as_argument(const T& argument) {
        if constexpr (wire::Number<T>)
            return argument;
        else
            return std::string_view{argument};
    }
    template <class... Arguments>
    Encoder& write_command(Arguments... arguments);
    static std::size_t size_of(std::string_view text) noexcept { return text.size(); }
    template <wire::Number T>
    static std::size_t size_of(T) noexcept {
        return wire::header_room;
    }
    static char* put_argument(char* to, std::string_view text) noexcept {
        return wire::put_blob(to, wire::byte(Type::bulk_string), text);
    }
    template <wire::Number T>
    static char* put_argument(char* to, T number) noexcept {
        char room[wire::header_room];
        return put_argument(to, wire::decimal_text(number, room));
    }

    Buffer* buffer_ = nullptr;
    std::string* string_ = nullptr;  // or this one
    Version version_;
};

// `inline` makes GCC inline it, so that the length of a literal is a constant.
template <class... Arguments>
inline Encoder& Encoder::write_command(Arguments... arguments) {
    if (buffer_ == nullptr) {
        array(sizeof...(arguments));
        (bulk_string(arguments), ...);
        return *this;
    }
    constexpr std::size_t headers = (1 + sizeof...(arguments)) * wire::header_room;
    char* to = buffer_->prepare(headers + (size_of(arguments) + ...));
    to = wire::put_header(to, wire::byte(Type::array), sizeof...(arguments));
    ((to = put_argument(to, arguments)), ...);
    buffer_->commit_to(to);
    return *this;
}

}  // namespace resp
