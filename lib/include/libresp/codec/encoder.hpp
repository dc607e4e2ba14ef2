// Values to bytes: one verb a type, all of RESP2 and RESP3.
#pragma once

#include <libresp/codec/buffer.hpp>
#include <libresp/codec/wire_write.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace resp {

/// Appends RESP to a Buffer or a std::string, which must outlive it. What a verb appended stands
/// there when it returns.
///
///     resp::Encoder out{bytes};
///     out.array(2).bulk_string("key").integer(7);   // *2\r\n$3\r\nkey\r\n:7\r\n
///     out.command("SET", "greeting", "Hello world!");
///
/// Writing RESP2, a type that only RESP3 has takes the form that Redis gives it there:
///
///     map               a flat array          null               $-1
///     set, push         an array              boolean            :1 or :0
///     double, big number, verbatim string     a bulk string
///     bulk error        a simple error
///
/// An aggregate is a header only: the caller writes as many values behind it as it announced. The
/// streamed forms exist in RESP3 only. Throws nothing but std::bad_alloc.
class Encoder {
public:
    explicit Encoder(Buffer& out, Version version = Version::resp3) noexcept
        : buffer_(&out), version_(version) {}
    explicit Encoder(std::string& out, Version version = Version::resp3) noexcept
        : string_(&out), version_(version) {}

    [[nodiscard]] Version version() const noexcept { return version_; }
    void set_version(Version version) noexcept { version_ = version; }

    /// `+<text>\r\n`; CR and LF in the text become spaces, so that no text makes two replies.
    Encoder& simple_string(std::string_view text) { return line(Type::simple_string, text); }
    /// `-<text>\r\n`, by custom a code in capitals first: "ERR no such key". CR and LF become spaces.
    Encoder& simple_error(std::string_view text) { return line(Type::simple_error, text); }
    /// `:<value>\r\n`
    Encoder& integer(std::int64_t value) {
        return put(wire::header_room, [value](char* to) { return wire::put_integer(to, value); });
    }
    /// `$<length>\r\n<bytes>\r\n`
    Encoder& bulk_string(std::string_view bytes) { return blob(Type::bulk_string, bytes); }
    /// `*<elements>\r\n`; that many values follow.
    Encoder& array(std::size_t elements) { return header(Type::array, elements); }
    /// `_\r\n`; in RESP2 `$-1\r\n`
    Encoder& null();
    /// `$-1\r\n`, the null of RESP2
    Encoder& null_bulk_string();
    /// `*-1\r\n`, the null array of RESP2
    Encoder& null_array();
    /// `#t\r\n` or `#f\r\n`; in RESP2 `:1\r\n` or `:0\r\n`
    Encoder& boolean(bool value);
    /// `,<shortest decimal that reads back as value>\r\n`; in RESP2 a bulk string
    Encoder& double_(double value);
    /// `(<digits>\r\n`; in RESP2 a bulk string. The text must be a decimal number.
    Encoder& big_number(std::string_view digits);
    /// `!<length>\r\n<bytes>\r\n`; in RESP2 a simple error
    Encoder& bulk_error(std::string_view bytes);
    /// `=<length>\r\n<format>:<bytes>\r\n`; in RESP2 a bulk string without the format, which must have
    /// three bytes.
    Encoder& verbatim_string(std::string_view format, std::string_view bytes);
    /// `%<pairs>\r\n`; a key and a value follow for each.
    Encoder& map(std::size_t pairs);
    /// `~<elements>\r\n`
    Encoder& set(std::size_t elements) { return header(resp3() ? Type::set : Type::array, elements); }
    /// `><elements>\r\n`; between replies only
    Encoder& push(std::size_t elements) { return header(resp3() ? Type::push : Type::array, elements); }
    /// `|<pairs>\r\n`; its pairs follow, then the value that it belongs to. RESP3 only.
    Encoder& attribute(std::size_t pairs) { return header(Type::attribute, pairs); }

    /// `$?\r\n`: chunk() and end_chunks() follow. RESP3 only, as are all streamed forms.
    Encoder& streamed_string() { return streamed(Type::bulk_string); }
    /// `;<length>\r\n<bytes>\r\n`; no bytes, no chunk, since an empty one would end the string
    Encoder& chunk(std::string_view bytes);
    /// `;0\r\n`
    Encoder& end_chunks();
    /// `*?\r\n`: values and end_stream() follow.
    Encoder& streamed_array() { return streamed(Type::array); }
    Encoder& streamed_set() { return streamed(Type::set); }
    Encoder& streamed_map() { return streamed(Type::map); }
    /// `.\r\n`
    Encoder& end_stream();

    /// A command: an array of bulk strings, each an argument that is text or an integer.
    template <class... Arguments>
        requires(sizeof...(Arguments) > 0)
    Encoder& command(const Arguments&... arguments) {
        if (buffer_ == nullptr) {
            array(sizeof...(arguments));
            (append_argument(arguments), ...);
            return *this;
        }
        constexpr std::size_t headers = (1 + sizeof...(arguments)) * wire::header_room;
        char* to = buffer_->prepare(headers + (size_of(arguments) + ...));
        to = wire::put_header(to, wire::byte(Type::array), sizeof...(arguments));
        ((to = put_argument(to, arguments)), ...);
        buffer_->commit_to(to);
        return *this;
    }

    /// Bytes that are RESP already: one or more whole values.
    Encoder& wire(std::string_view bytes) {
        append(bytes);
        return *this;
    }

private:
    template <class T>
    static constexpr bool is_number = std::integral<T> && !std::same_as<T, char> && !std::same_as<T, bool>;

    [[nodiscard]] bool resp3() const noexcept { return version_ == Version::resp3; }
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

    /// Appends what `write` writes to the room of at most header_room bytes that it is given.
    template <class Write>
    Encoder& put(std::size_t most, Write write) {
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

    /// The text of an argument; that of a number is written to `room`.
    template <class T>
    static std::string_view text_of(const T& argument, char (&room)[wire::header_room]) {
        if constexpr (is_number<T>) {
            const char* const end = std::to_chars(room, room + sizeof room, argument).ptr;
            return {room, static_cast<std::size_t>(end - room)};
        } else {
            return argument;
        }
    }
    template <class T>
    static std::size_t size_of(const T& argument) {
        if constexpr (is_number<T>) {
            return wire::header_room;
        } else {
            return std::string_view{argument}.size();
        }
    }
    template <class T>
    static char* put_argument(char* to, const T& argument) {
        char room[wire::header_room];
        return wire::put_blob(to, wire::byte(Type::bulk_string), text_of(argument, room));
    }
    template <class T>
    Encoder& append_argument(const T& argument) {
        char room[wire::header_room];
        return bulk_string(text_of(argument, room));
    }

    Buffer* buffer_ = nullptr;  // one of the two
    std::string* string_ = nullptr;
    Version version_;
};

}  // namespace resp
