// The members of a handler that takes long words piece by piece, and how the library finds them. See hooks.hpp.
#pragma once

#include <libresp/server/detail/hooks.hpp>
#include <libresp/server/incoming.hpp>
#include <libresp/server/outcome.hpp>
#include <libresp/server/reply.hpp>

#include <concepts>
#include <cstdint>
#include <utility>

namespace resp::detail {

struct WantsStream {
    void wants_stream();  // never called: it lends its name to HookProbe
    template <class T>
    using Member = decltype(&T::wants_stream);
    using Argument = const Command&;
    template <class H>
    static auto call(const H& handler, Argument words)
        -> decltype(handler.wants_stream(words, std::uint64_t{})) {
        return handler.wants_stream(words, std::uint64_t{});
    }
};

struct OnStream {
    void on_stream();
    template <class T>
    using Member = decltype(&T::on_stream);
    using Argument = Incoming&;
    template <class H>
    static auto call(H& handler, Argument incoming)
        -> decltype(handler.on_stream(incoming, std::declval<Reply&>()));  // never called
};

template <class H>
concept has_wants_stream = requires(const H& handler, const Command& words) {
    { WantsStream::call(handler, words) } -> std::same_as<bool>;
};
template <class H>
concept has_on_stream = requires(H& handler, Incoming& incoming) {
    requires std::same_as<decltype(OnStream::call(handler, incoming)), Awaitable> ||
                 std::same_as<decltype(OnStream::call(handler, incoming)), Outcome>;
};

/// Whether H has none of the two members, or both and they can be called as documented.
template <class H>
concept stream_fits =
    (!has_hook<H, WantsStream>() && !has_hook<H, OnStream>()) || (has_wants_stream<H> && has_on_stream<H>);

}  // namespace resp::detail

namespace resp {

/// A handler that takes long words piece by piece; see Handler.
template <class H>
concept StreamingHandler = detail::has_wants_stream<H> && detail::has_on_stream<H>;

}  // namespace resp
