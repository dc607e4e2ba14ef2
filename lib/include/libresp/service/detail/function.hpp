// Calls a function of any signature with the words of a command.
#pragma once

#include <libresp/service/detail/arguments.hpp>
#include <libresp/service/detail/blocking.hpp>
#include <libresp/service/detail/parameter.hpp>
#include <libresp/service/detail/signature.hpp>

#include <array>
#include <cstddef>
#include <optional>
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
        Function function = keep(std::move(f));
        if constexpr (is_coroutine) {
            function.waiting = [](const void* object, Call& call) {
                return Outcome{await<Awaitable>(*static_cast<const F*>(object), call)};
            };
        } else {
            function.plain = [](const void* object, Call& call) {
                invoke<false>(*static_cast<const F*>(object), call, Takes{});
            };
        }
        return function;
    }

    /// For Commands::add_blocking(): F returns a std::optional.
    static Function make_blocking(F f) {
        Function function = keep(std::move(f));
        function.plain = [](const void* object, Call& call) {
            invoke<true>(*static_cast<const F*>(object), call, Takes{});
        };
        function.waiting = [](const void* object, Call& call) {
            return Outcome{block<Awaitable, Blocking>(*static_cast<const F*>(object), call)};
        };
        return function;
    }

    /// For Commands::add_stream(): F is a coroutine.
    static Function make_stream(F f) {
        Function function = make(std::move(f));
        function.streams = true;
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
    static Function keep(F f) {
        Function function;
        function.object = {new F(std::move(f)),
                           [](const void* object) { delete static_cast<const F*>(object); }};
        return function;
    }

    /// How many parameters before each one bind to words.
    template <class... P>
    static constexpr auto word_indexes() {
        std::array<std::size_t, sizeof...(P) + 1> indexes{};
        [[maybe_unused]] std::size_t i = 0, words = 0;
        ((indexes[i++] = words, words += is_word(ParameterOf<P, State>::kind) ? 1 : 0), ...);
        return indexes;
    }

    /// The arguments, or nothing usable if a word could not be converted.
    template <class... P>
    static auto bind(Call& call, Parameters<P...>) {
        return bind<P...>(call, std::index_sequence_for<P...>{});
    }
    template <class... P, std::size_t... I>
    static auto bind(Call& call, std::index_sequence<I...>) {
        [[maybe_unused]] constexpr auto indexes = word_indexes<P...>();
        return Arguments<std::index_sequence<I...>, decltype(ParameterOf<P, State>::bind(call, 0))...>{
            {ParameterOf<P, State>::bind(call, indexes[I])}...};
    }

    template <bool blocks, class... P>
    static void invoke(const F& f, Call& call, Parameters<P...> takes) {
        auto arguments = bind(call, takes);
        if (Binder::refuses(call)) return;
        if constexpr (std::is_void_v<Result>) {
            arguments.give_to(f);
        } else if constexpr (blocks) {
            const Result result = arguments.give_to(f);
            result ? write_result(call.reply(), *result) : write_nothing(call.reply());
        } else {
            write_result(call.reply(), arguments.give_to(f));
        }
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
            bool has_replied = false;
            while (!has_replied && next == Waiter::Next::again) {
                if (blocking.may_try()) {
                    blocking.locked([&] {
                        auto arguments = bind(call, Takes{});
                        has_replied = Binder::refuses(call);
                        if (has_replied) return;
                        const Result result = arguments.give_to(f);
                        has_replied = result.has_value();
                        if (result) write_result(call.reply(), *result);
                    });
                }
                if (!has_replied) next = co_await blocking.wait();
            }
            if (next == Waiter::Next::timeout) write_nothing(call.reply());
        } catch (const Error& error) {
            failed.emplace(error);
        }
        Binder::ended(call, begin, failed);
    }

    /// The call and the arguments live in the frame of this coroutine.
    template <class Wait>
    static Wait await(const F& f, Call call) {
        const Reply::Mark begin = call.reply().mark();
        std::optional<Error> failed;
        try {
            auto arguments = bind(call, Takes{});
            if (!Binder::refuses(call)) {
                auto wait = arguments.pass_to(f);
                if constexpr (std::is_void_v<typename AwaitedBy<Result>::type>) {
                    co_await std::move(wait);
                } else {
                    const auto result = co_await std::move(wait);
                    write_result(call.reply(), result);
                }
            }
        } catch (const Error& error) {
            failed.emplace(error);
        }
        Binder::ended(call, begin, failed);
    }
};

}  // namespace resp::detail
