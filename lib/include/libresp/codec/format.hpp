// Formatters of fmt for views and values. This is the only header of the codec that includes fmt.
#pragma once

#include <libresp/codec/value.hpp>
#include <libresp/codec/view.hpp>

#include <fmt/format.h>

/// `{}` shows a value as to_string() does: `["SET", "key", 42]`. A precision limits the length: `{:.64}`
/// shows about 64 bytes. Any other format is a fmt::format_error, thrown by FMT_THROW.
template <>
struct fmt::formatter<resp::View> {
    constexpr auto parse(fmt::format_parse_context& context) {
        auto it = context.begin();
        if (it == context.end() || *it == '}') return it;
        if (*it++ != '.') FMT_THROW(fmt::format_error("a RESP value takes no format except a precision"));
        if (it == context.end() || *it < '0' || *it > '9')
            FMT_THROW(fmt::format_error("a precision needs digits"));
        for (limit = 0; it != context.end() && *it >= '0' && *it <= '9'; ++it) {
            limit = limit * 10 + static_cast<std::size_t>(*it - '0');
        }
        return it;
    }

    template <class Context>
    auto format(resp::View view, Context& context) const {
        return fmt::format_to(context.out(), "{}", resp::to_string(view, limit));
    }

    std::size_t limit = std::string_view::npos;
};

template <>
struct fmt::formatter<resp::Value> : fmt::formatter<resp::View> {
    template <class Context>
    auto format(const resp::Value& value, Context& context) const {
        return fmt::formatter<resp::View>::format(value.view(), context);
    }
};
