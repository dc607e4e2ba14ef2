// Describes a value by the results of every accessor.
#include "describe.hpp"

#include <libresp/codec/encoder.hpp>

#include <cmath>
#include <optional>

namespace support {

using resp::Errc;
using resp::Type;

namespace {

bool only_resp2(resp::View view) {
    switch (view.type()) {
        case Type::simple_string:
        case Type::simple_error:
        case Type::integer:
        case Type::bulk_string:
        case Type::null_bulk_string:
        case Type::null_array: return !view.attribute();
        case Type::array:
            for (const resp::View element : view) {
                if (!only_resp2(element)) return false;
            }
            return !view.attribute();
        default: return false;
    }
}

std::string quoted(std::string_view text) { return " '" + std::string{text} + "'"; }

/// The results of the accessors, without the values in it.
std::string summary(resp::View view) {
    std::string out{resp::name(view.type())};
    if (view.is_inline()) out += " inline";
    if (view.is_null()) out += " null";
    if (view.is_error()) out += " error";
    out += quoted(view.text()) + quoted(view.format()) + quoted(view.wire());
    out += ' ' + std::to_string(view.integer()) + (view.boolean() ? " true " : " false ");
    out += std::isnan(view.as_double()) ? "nan" : std::to_string(view.as_double());
    return out + ' ' + std::to_string(view.size()) + (view.empty() ? " empty" : "");
}

std::string encoded(resp::View view) {
    std::string text;
    resp::Encoder out{text};
    encode(out, view);
    return text;
}

}  // namespace

std::string unlike_resp2(const resp::Value& value, const resp::Limits& limits) {
    std::string text;
    resp::Encoder out{text, resp::Version::resp2};
    encode(out, value);
    const resp::Parsed parsed = resp::parse(text, limits);
    if (!parsed) return "its RESP2 form is not a frame: " + text.substr(0, 200);
    if (!only_resp2(*parsed)) return "its RESP2 form has other types: " + text.substr(0, 200);
    return "";
}

std::string describe(resp::View view) {
    std::string out = summary(view);
    if (const std::optional<resp::View> attribute = view.attribute()) out += " | " + describe(*attribute);
    if (!view.is_aggregate()) return out;
    out += " {";
    std::size_t i = 0;
    for (const resp::View element : view) {
        out += describe(element) + "; ";
        // Positions and copies must give the same values.
        if (summary(view[i++]) != summary(element)) out += "BUT operator[] differs; ";
        const resp::Value copy{element};
        if (summary(copy) != summary(element) || encoded(copy) != encoded(element)) {
            out += "BUT a copy differs; ";
        }
    }
    return out + (i == view.size() ? "}" : "BUT size() differs}");
}

std::string_view name_of(Errc code) {
    switch (code) {
        case Errc::incomplete: return "incomplete";
        case Errc::trailing_data: return "trailing_data";
        case Errc::bad_type: return "bad_type";
        case Errc::bad_line: return "bad_line";
        case Errc::bad_integer: return "bad_integer";
        case Errc::bad_double: return "bad_double";
        case Errc::bad_boolean: return "bad_boolean";
        case Errc::bad_null: return "bad_null";
        case Errc::bad_big_number: return "bad_big_number";
        case Errc::bad_length: return "bad_length";
        case Errc::bad_count: return "bad_count";
        case Errc::bad_terminator: return "bad_terminator";
        case Errc::bad_verbatim: return "bad_verbatim";
        case Errc::bad_stream: return "bad_stream";
        case Errc::bad_push: return "bad_push";
        case Errc::expected_bulk: return "expected_bulk";
        case Errc::unbalanced_quotes: return "unbalanced_quotes";
        case Errc::line_too_long: return "line_too_long";
        case Errc::inline_too_long: return "inline_too_long";
        case Errc::bulk_too_long: return "bulk_too_long";
        case Errc::too_many_elements: return "too_many_elements";
        case Errc::too_deep: return "too_deep";
        case Errc::frame_too_long: return "frame_too_long";
    }
    return "no code";
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    while (times-- != 0) out += text;
    return out;
}

}  // namespace support
