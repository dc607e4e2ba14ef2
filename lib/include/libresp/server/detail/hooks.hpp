// The optional members of a handler (hooks), and how the library finds them.
//
// A hook with a wrong signature must not be ignored. So the library checks two things:
//   1. Does the handler have a member of that name, whatever its signature or access?
//   2. If so, can it be called as documented? If it cannot, the program does not compile.
// A new hook needs one more struct like OnOpen, a hook_fits in the concept Handler, a static_assert in
// Server, and a call in HandlerAdapter or HandlerFactory.
#pragma once

#include <libresp/server/connection.hpp>
#include <libresp/server/request.hpp>
#include <libresp/server/server_handle.hpp>

#include <concepts>
#include <functional>
#include <system_error>
#include <type_traits>

namespace resp::detail {

struct OnStart {
    void on_start();  // never called: it lends its name to HookProbe
    using Argument = const ServerHandle&;
    template <class T>
    using Member = decltype(&T::on_start);
    template <class H>
    static auto call(H& handler, Argument server) -> decltype(handler.on_start(server)) {
        return handler.on_start(server);
    }
};

struct OnOpen {
    void on_open();
    using Argument = const Connection&;
    template <class T>
    using Member = decltype(&T::on_open);
    template <class H>
    static auto call(H& handler, Argument connection) -> decltype(handler.on_open(connection)) {
        return handler.on_open(connection);
    }
};

struct OnClose {
    void on_close();
    using Argument = const std::error_code&;
    template <class T>
    using Member = decltype(&T::on_close);
    template <class H>
    static auto call(H& handler, Argument reason) -> decltype(handler.on_close(reason)) {
        return handler.on_close(reason);
    }
};

/// Has two members of the hook's name if H has one: then the name is ambiguous, which is an error whatever
/// the signature or access of H's member.
template <class H, class Hook>
struct HookProbe : H, Hook {};

/// Whether Hook can be called as documented. It must return void: if it were a coroutine, its
/// result would not be awaited, and it would never run.
template <class H, class Hook>
concept hook_callable = requires(H& handler, typename Hook::Argument argument) {
    { Hook::call(handler, argument) } -> std::same_as<void>;
};

/// The type that a std::reference_wrapper refers to, else the type itself.
template <class H>
struct Unwrapped : std::type_identity<H> {};
template <class H>
struct Unwrapped<std::reference_wrapper<H>> : std::type_identity<H> {};

/// Whether H has a member of the hook's name. A std::reference_wrapper has those of the handler that it
/// refers to, and can call none of them: so std::ref() of a handler with hooks does not compile.
template <class Wrapped, class Hook>
constexpr bool has_hook() {
    using H = typename Unwrapped<Wrapped>::type;
    if constexpr (std::is_class_v<H> && !std::is_final_v<H>) {
        return !requires { typename Hook::template Member<HookProbe<H, Hook>>; };
    } else {
        // Nothing can derive from H: this does not see a private member.
        return hook_callable<H, Hook> || requires { typename Hook::template Member<H>; };
    }
}

/// Whether H has no such hook, or one that can be called as documented.
template <class H, class Hook>
concept hook_fits = !has_hook<H, Hook>() || hook_callable<H, Hook>;

// ---- waits(), which is asked before a handler is called

struct Waits {
    void waits();  // never called, as above
    template <class T>
    using Member = decltype(&T::waits);
    using Argument = const Request&;
    template <class H>
    static auto call(const H& handler, Argument request) -> decltype(handler.waits(request)) {
        return handler.waits(request);
    }
};

template <class H>
concept has_waits = requires(const H& handler, const Request& request) {
    { Waits::call(handler, request) } -> std::same_as<bool>;
};

/// Whether H has no member of that name, or one that can be called as documented. Only a handler that returns
/// an Outcome is asked: for another one the name has no meaning.
template <class H, bool returns_outcome>
concept waits_fits = !returns_outcome || !has_hook<H, Waits>() || has_waits<H>;

}  // namespace resp::detail
