// The arguments of a function until it is called: a tuple that takes the compiler little time.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <cstddef>
#include <utility>

namespace resp::detail {

template <std::size_t I, class T>
struct Argument {
    T value;
};

template <class Indexes, class... T>
struct Arguments;

/// Its elements are made in order. T may be a reference.
template <std::size_t... I, class... T>
struct Arguments<std::index_sequence<I...>, T...> : Argument<I, T>... {
    /// Calls `f` with them. A coroutine refers to them until it ends.
    template <class F>
    decltype(auto) pass_to(const F& f) {
        return f(static_cast<Argument<I, T>&>(*this).value...);
    }
    /// The same for a function that may take them away.
    template <class F>
    decltype(auto) give_to(const F& f) {
        return f(static_cast<T&&>(static_cast<Argument<I, T>&>(*this).value)...);
    }
};

}  // namespace resp::detail
