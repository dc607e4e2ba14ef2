// What a function of Commands may return, and how it becomes a reply.
#pragma once

#include <libresp/server/reply.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

namespace resp {

/// `+OK\r\n`: return `resp::ok`.
struct Ok {};
inline constexpr Ok ok{};

/// `+<text>\r\n`: return `resp::simple("string")`. The text must outlive the call.
struct Simple {
    std::string_view text;
};
[[nodiscard]] constexpr Simple simple(std::string_view text) noexcept { return {text}; }

/// An error reply. A function may return it, or throw it. The text begins with a code in capitals:
///
///     return resp::error("WRONGTYPE Operation against a key holding the wrong kind of value");
///     throw resp::error("ERR no such key");
class Error : public std::exception {
public:
    explicit Error(std::string text) : text_(std::move(text)) {}
    explicit Error(std::string_view text) : text_(text) {}
    explicit Error(const char* text) : text_(text) {}
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};
[[nodiscard]] inline Error error(std::string text) { return Error{std::move(text)}; }

namespace detail {

template <class T>
constexpr bool no_reply = false;

template <class T>
concept TextResult = std::convertible_to<const T&, std::string_view>;
template <class T>
concept IntegerResult = std::integral<T> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                        !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;
/// A container with size(): a map if its elements are pairs, a set if it has only keys, else an array.
template <class T>
concept RangeResult = !TextResult<T> && requires(const T& range) {
    { range.size() } -> std::convertible_to<std::size_t>;
    range.begin() != range.end();
};
template <class T>
concept MapResult = RangeResult<T> && requires { typename T::mapped_type; };
template <class T>
concept SetResult = RangeResult<T> && !MapResult<T> && requires { typename T::key_type; };

template <class T>
struct ResultOf {
    static void write(Reply& reply, const T& value) {
        if constexpr (TextResult<T>) {
            reply.bulk_string(std::string_view{value});
        } else if constexpr (IntegerResult<T>) {
            write_integer(reply, value);
        } else if constexpr (std::floating_point<T>) {
            reply.double_(value);
        } else if constexpr (MapResult<T>) {
            reply.map(value.size());
            for (const auto& [key, mapped] : value) write_each(reply, key, mapped);
        } else if constexpr (RangeResult<T>) {
            SetResult<T> ? reply.set(value.size()) : reply.array(value.size());
            for (const auto& element : value) write_each(reply, element);
        } else {
            static_assert(no_reply<T>, "a function of resp::Commands cannot return this type");
        }
    }

private:
    static void write_integer(Reply& reply, T value) {
        if (std::in_range<std::int64_t>(+value)) {
            reply.integer(static_cast<std::int64_t>(value));
        } else {
            reply.big_number(std::to_string(value));
        }
    }
    template <class... Values>
    static void write_each(Reply& reply, const Values&... values) {
        (ResultOf<std::remove_cvref_t<Values>>::write(reply, values), ...);
    }
};

template <>
struct ResultOf<Ok> {
    static void write(Reply& reply, Ok) { reply.simple_string("OK"); }
};
template <>
struct ResultOf<Simple> {
    static void write(Reply& reply, Simple value) { reply.simple_string(value.text); }
};
template <>
struct ResultOf<Error> {
    static void write(Reply& reply, const Error& error) { reply.simple_error(error.text()); }
};
template <>
struct ResultOf<std::nullopt_t> {
    static void write(Reply& reply, std::nullopt_t) { reply.null(); }
};
template <>
struct ResultOf<Value> {
    static void write(Reply& reply, const Value& value) { reply.value(value.view()); }
};
template <>
struct ResultOf<View> {
    static void write(Reply& reply, View value) { reply.value(value); }
};
template <>
struct ResultOf<std::shared_ptr<const std::string>> {
    static void write(Reply& reply, const std::shared_ptr<const std::string>& value) {
        value == nullptr ? reply.null() : reply.bulk_string(value);
    }
};
template <class T>
struct ResultOf<std::optional<T>> {
    static void write(Reply& reply, const std::optional<T>& value) {
        value ? ResultOf<T>::write(reply, *value) : static_cast<void>(reply.null());
    }
};
template <class... T>
struct ResultOf<std::variant<T...>> {
    static void write(Reply& reply, const std::variant<T...>& value) {
        std::visit(
            [&](const auto& each) { ResultOf<std::remove_cvref_t<decltype(each)>>::write(reply, each); },
            value);
    }
};
template <class... T>
struct ResultOf<std::tuple<T...>> {
    static void write(Reply& reply, const std::tuple<T...>& value) {
        reply.array(sizeof...(T));
        std::apply([&](const auto&... each) { (ResultOf<std::remove_cvref_t<T>>::write(reply, each), ...); },
                   value);
    }
};
template <class A, class B>
struct ResultOf<std::pair<A, B>> {
    static void write(Reply& reply, const std::pair<A, B>& value) {
        reply.array(2);
        ResultOf<std::remove_cvref_t<A>>::write(reply, value.first);
        ResultOf<std::remove_cvref_t<B>>::write(reply, value.second);
    }
};

}  // namespace detail

/// Writes a value as a reply, as it is done for the result of a function of Commands:
///
///     an integer, bool           :<value>\r\n; above 2^63-1 a big number, in RESP2 a bulk string
///     text                       a bulk string; std::shared_ptr<const std::string> without a copy if it is long
///     double                     a double; in RESP2 a bulk string
///     resp::ok, resp::simple()   a simple string
///     resp::error()              a simple error
///     std::optional, shared_ptr  null if it is empty, else its value
///     a map, a set               a map, a set
///     another range with size()  an array; std::pair and std::tuple too
///     std::variant               what it holds
///     resp::Value, resp::View    the same value
template <class T>
void write_result(Reply& reply, const T& value) {
    detail::ResultOf<T>::write(reply, value);
}

}  // namespace resp
