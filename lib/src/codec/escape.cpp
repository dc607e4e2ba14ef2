// Escapes untrusted bytes.
#include <libresp/codec/escape.hpp>

namespace resp {

void escape(std::string& out, std::string_view bytes) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (const char c : bytes) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (code >= 0x20 && code < 0x7f) {
            out += c;
        } else {
            out += "\\x";
            out += hex[code >> 4];
            out += hex[code & 15];
        }
    }
}

std::string escaped(std::string_view bytes, std::size_t limit) {
    std::string out;
    escape(out, bytes.substr(0, limit));
    if (bytes.size() > limit) out += "...";
    return out;
}

}  // namespace resp
