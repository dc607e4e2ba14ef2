// The texts of the errors. Redis' own texts stay exactly as Redis writes them, because clients match on them.
#include <libresp/codec/error.hpp>
#include <libresp/codec/wire.hpp>

namespace resp {

namespace {

const char* text_of(Errc code) noexcept {
    switch (code) {
        case Errc::incomplete: return "incomplete value";
        case Errc::trailing_data: return "extra bytes after the value";
        case Errc::bad_type: return "unknown type";
        case Errc::bad_line: return "line does not end with CRLF";
        case Errc::bad_integer: return "invalid integer";
        case Errc::bad_double: return "invalid double";
        case Errc::bad_boolean: return "invalid boolean";
        case Errc::bad_null: return "invalid null";
        case Errc::bad_big_number: return "invalid big number";
        case Errc::bad_length: return "invalid bulk length";
        case Errc::bad_count: return "invalid multibulk length";
        case Errc::bad_terminator: return "string does not end with CRLF";
        case Errc::bad_verbatim: return "invalid verbatim string";
        case Errc::bad_stream: return "invalid part of a streamed value";
        case Errc::bad_push: return "push inside another value";
        case Errc::expected_bulk: return "expected '$'";
        case Errc::unbalanced_quotes: return "unbalanced quotes in request";
        case Errc::line_too_long: return "line too long";
        case Errc::inline_too_long: return "too big inline request";
        case Errc::bulk_too_long: return "invalid bulk length";
        case Errc::too_many_elements: return "invalid multibulk length";
        case Errc::too_deep: return "nested too deeply";
        case Errc::frame_too_long: return "frame too long";
    }
    return "unknown error";
}

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "resp"; }
    std::string message(int code) const override {
        const auto errc = static_cast<Errc>(code);
        // Redis uses one text both for a malformed length and for a length above the limit.
        if (errc == Errc::bulk_too_long) return "bulk length over the limit";
        if (errc == Errc::too_many_elements) return "multibulk length over the limit";
        return text_of(errc);
    }
    std::error_condition default_error_condition(int code) const noexcept override {
        return is_limit(static_cast<Errc>(code)) ? std::errc::message_size : std::errc::protocol_error;
    }
};

/// A byte as printable text. Like Redis, it shows a space for CR and LF.
std::string shown(char byte) {
    constexpr std::string_view hex = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(byte);
    if (byte == wire::cr || byte == wire::lf) return " ";
    if (code >= 0x20 && code < 0x7f) return {byte};
    return {'\\', 'x', hex[code >> 4], hex[code & 15]};
}

}  // namespace

const std::error_category& error_category() noexcept {
    static const Category category;
    return category;
}

std::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), error_category()}; }

bool is_limit(Errc code) noexcept {
    switch (code) {
        case Errc::line_too_long:
        case Errc::inline_too_long:
        case Errc::bulk_too_long:
        case Errc::too_many_elements:
        case Errc::too_deep:
        case Errc::frame_too_long: return true;
        default: return false;
    }
}

std::string DecodeError::message() const {
    std::string text = text_of(code);
    if (code == Errc::expected_bulk) text += ", got '" + shown(byte) + "'";
    if (code == Errc::bad_type) text += " '" + shown(byte) + "'";
    return text;
}

}  // namespace resp
