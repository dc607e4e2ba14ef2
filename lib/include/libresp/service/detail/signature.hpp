// What a function takes and returns.
#pragma once

#include <libresp/server/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace resp::detail {

template <class... P>
struct Parameters {};

template <class T>
struct Signature {};
template <class R, class... P>
struct Signature<R (*)(P...)> {
    using Result = R;
    using Takes = Parameters<P...>;
    static constexpr std::size_t size = sizeof...(P);
};
template <class R, class... P>
struct Signature<R (*)(P...) noexcept> : Signature<R (*)(P...)> {};
template <class C, class R, class... P>
struct Signature<R (C::*)(P...) const> : Signature<R (*)(P...)> {};
template <class C, class R, class... P>
struct Signature<R (C::*)(P...) const noexcept> : Signature<R (*)(P...)> {};

/// Its member type is a pointer to the function, or to the operator() of an object.
template <class F>
struct CallOperator {
    using type = void;
};
template <class F>
    requires std::is_pointer_v<F>
struct CallOperator<F> {
    using type = F;
};
template <class F>
    requires requires { &F::operator(); }
struct CallOperator<F> {
    using type = decltype(&F::operator());
};
template <class F>
using SignatureOf = Signature<typename CallOperator<F>::type>;
template <class F>
concept HasSignature = requires { typename SignatureOf<F>::Result; };

/// T of asio::awaitable<T>.
template <class T>
struct AwaitedBy {
    static constexpr bool is_awaitable = false;
};
template <class T>
struct AwaitedBy<asio::awaitable<T, asio::any_io_executor>> {
    static constexpr bool is_awaitable = true;
    using type = T;
};

template <class T>
constexpr bool is_tuple = false;
template <class A, class B>
constexpr bool is_tuple<std::pair<A, B>> = true;
template <class... T>
constexpr bool is_tuple<std::tuple<T...>> = true;
template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

}  // namespace resp::detail
