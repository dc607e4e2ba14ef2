// Calls a function of any signature with the words of a command.
#pragma once

#include <libresp/service/detail/blocking.hpp>
#include <libresp/service/detail/parameter.hpp>
#include <libresp/service/detail/signature.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace resp::detail {

template <class State, class F>
class Invoker {
    using Result = typename SignatureOf<F>::Result;
    using Takes = typename SignatureOf<F>::Takes;
    static constexpr bool is_coroutine = AwaitedBy<Result>::is_awaitable;

public:
    static Function make(F f) {
        Function function;
        function.object = std::make_shared<const F>(std::move(f));
        if constexpr (is_coroutine) {
            function.waiting = [](const void* object, Call& call) {
                return Outcome{await<Awaitable>(*static_cast<const F*>(object), call)};
            };
        } else {
            function.plain = [](const void* object, Call& call) {
                invoke(*static_cast<const F*>(object), call, Takes{});
            };
        }
        return function;
    }

    /// For Commands::add_blocking(): F returns a std::optional.
    static Function make_blocking(F f) {
        Function function = make(std::move(f));
        function.plain = [](const void* object, Call& call) {
            auto arguments = bind(call, Takes{});
            if (const char* error = Binder::bad_word(call)) throw Error{error};
            const Result result = std::apply(*static_cast<const F*>(object), std::move(arguments));
            result ? write(call, *result) : write_nothing(call.reply());
        };
        function.waiting = [](const void* object, Call& call) {
            return Outcome{block<Awaitable, Blocking>(*static_cast<const F*>(object), call)};
        };
        return function;
    }

    /// The kinds of the parameters.
    template <class... P>
    static constexpr void check(const Usage& usage, Parameters<P...>) {
        if constexpr ((ParameterOf<P, State>::exists && ...)) {  // else Commands::add() says so
            constexpr ParameterKind kinds[] = {ParameterOf<P, State>::kind..., ParameterKind::other};
            check_parameters(usage, kinds, sizeof...(P));
        }
    }

private:
    /// How many parameters before each one bind to words.
    template <class... P>
    static constexpr auto word_indexes() {
        std::array<std::size_t, sizeof...(P) + 1> indexes{};
        [[maybe_unused]] std::size_t i = 0, words = 0;
        ((indexes[i++] = words, words += is_word(ParameterOf<P, State>::kind) ? 1 : 0), ...);
        return indexes;
    }

    /// The arguments, or nothing usable if Call::bad_word_ is set.
    template <class... P>
    static auto bind(Call& call, Parameters<P...>) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            [[maybe_unused]] constexpr auto indexes = word_indexes<P...>();
            return std::tuple<decltype(ParameterOf<P, State>::bind(call, 0))...>{
                ParameterOf<P, State>::bind(call, indexes[I])...};
        }(std::index_sequence_for<P...>{});
    }

    template <class... P>
    static void invoke(const F& f, Call& call, Parameters<P...> takes) {
        auto arguments = bind(call, takes);
        if (const char* error = Binder::bad_word(call)) {
            write(call, Error{error});
        } else if constexpr (std::is_void_v<Result>) {
            std::apply(f, std::move(arguments));
        } else {
            write(call, std::apply(f, std::move(arguments)));
        }
    }

    template <class T>
    static void write(Call& call, const T& result) {
        if (is_error(result)) Binder::failed(call);
        write_result(call.reply(), result);
    }

    /// Nothing came in time: a null array if the result is an array.
    static void write_nothing(Reply& reply) {
        constexpr bool is_array =
            RangeResult<typename Result::value_type> || is_tuple<typename Result::value_type>;
        is_array&& reply.version() == Version::resp2 ? reply.null_array() : reply.null();
    }

    /// `Waiter` is Blocking. It is a parameter because a program that does not call this may not include Asio.
    template <class Wait, class Waiter>
    static Wait block(const F& f, Call call) {
        const Reply::Mark begin = call.reply().mark();
        std::optional<Error> failed;
        try {
            Waiter blocking{call};
            auto next = Waiter::Next::again;
            Result result;
            while (!result && next == Waiter::Next::again) {
                if (blocking.may_try()) {
                    blocking.locked([&] {
                        auto arguments = bind(call, Takes{});
                        if (const char* error = Binder::bad_word(call)) throw Error{error};
                        result = std::apply(f, std::move(arguments));
                        if (result) write(call, *result);
                    });
                }
                if (!result) next = co_await blocking.wait();
            }
            if (next == Waiter::Next::timeout) write_nothing(call.reply());
        } catch (const Error& error) {
            failed.emplace(error);
        }
        if (failed) {
            call.reply().rollback(begin);
            write(call, *failed);
        }
        Binder::ended(call, begin);
    }

    /// The call and the arguments live in the frame of this coroutine.
    template <class Wait>
    static Wait await(const F& f, Call call) {
        const Reply::Mark begin = call.reply().mark();
        std::optional<Error> failed;
        try {
            auto arguments = bind(call, Takes{});
            if (const char* error = Binder::bad_word(call)) throw Error{error};
            auto wait = std::apply(f, arguments);
            if constexpr (std::is_void_v<typename AwaitedBy<Result>::type>) {
                co_await std::move(wait);
            } else {
                const auto result = co_await std::move(wait);
                write(call, result);
            }
        } catch (const Error& error) {
            failed.emplace(error);
        }
        if (failed) {
            call.reply().rollback(begin);
            write(call, *failed);
        }
        Binder::ended(call, begin);
    }
};

}  // namespace resp::detail
