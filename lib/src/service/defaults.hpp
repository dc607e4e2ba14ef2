// What the commands of the library share.
#pragma once

#include "table.hpp"

#include <algorithm>
#include <string_view>

namespace resp::detail {

[[nodiscard]] inline ClientRecord& record_of(const Call& call) noexcept {
    return static_cast<ClientRecord&>(call.client());
}

[[nodiscard]] inline CommandTraits about(const char* group, const char* summary) {
    CommandTraits traits;
    traits.summary = summary;
    traits.group = group;
    return traits;
}
constexpr const char* out_of_memory = "OOM command not allowed when used memory > 'maxmemory'.";
constexpr const char* needs_auth = "NOAUTH Authentication required.";

/// For users with the right to administer.
[[nodiscard]] inline CommandTraits about_admin(const char* group, const char* summary) {
    CommandTraits traits = about(group, summary);
    traits.admin = true;
    return traits;
}

/// Whether CLIENT LIST can show a name without quotes.
[[nodiscard]] inline bool is_client_text(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}
inline void check_client_name(std::string_view name) {
    if (!is_client_text(name)) {
        throw Error{"ERR Client names cannot contain spaces, newlines or special characters."};
    }
}

/// At most this much of a client's word is in an error.
[[nodiscard]] inline std::string quoted(std::string_view word) {
    std::string text{"'"};
    text += word.substr(0, 128);
    return text += '\'';
}

}  // namespace resp::detail
