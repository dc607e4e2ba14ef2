// Showing bytes from outside to people and logs: printable ASCII as it is, the rest as \xNN, so that
// no line break and no terminal sequence gets through.
#pragma once

#include <string>
#include <string_view>

namespace resp::detail {

inline void escape(std::string& out, std::string_view bytes) {
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

/// The first `most` bytes, escaped; "..." behind them if there are more.
inline std::string escaped(std::string_view bytes, std::size_t most) {
    std::string out;
    escape(out, bytes.substr(0, most));
    if (bytes.size() > most) out += "...";
    return out;
}

}  // namespace resp::detail
