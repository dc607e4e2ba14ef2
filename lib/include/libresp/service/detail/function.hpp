// Calls a function of any signature with the words of a command.
#pragma once

#include <libresp/server/detail/awaitable.hpp>
#include <libresp/service/call.hpp>
#include <libresp/service/detail/blocking.hpp>
#include <libresp/service/detail/command_entry.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace resp::detail {

// ---- the signature

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

// ---- a parameter

enum class ParameterKind : unsigned char { word, optional_word, words, call, other };

/// Reads the words of a call. A word that cannot be converted sets Call::bad_word_.
struct Binder {
    /// The position of the word that binds to parameter `i`, counted without parameters that bind to none. 0: the
    /// client has not sent it.
    static std::size_t position(const Call& call, std::size_t i) noexcept {
        const CommandEntry& entry = *call.entry_;
        if (entry.checks_words) return call.places_.at[entry.bound[i]];
        const std::size_t at = entry.usage.first_word() + i;
        return at < call.command_.size() ? at : 0;
    }
    static std::string_view word(const Call& call, std::size_t position) noexcept {
        return call.command_[position];
    }
    static std::int64_t integer(Call& call, std::size_t position) noexcept {
        if (const auto value = call.command_.integer(position)) return *value;
        refuse(call, not_an_integer.data());
        return 0;
    }
    static std::uint64_t unsigned_integer(Call& call, std::size_t position) noexcept;
    static double number(Call& call, std::size_t position) noexcept;
    static Words words(const Call& call, std::size_t i) noexcept;
    static constexpr const char* must_be_positive = "ERR value is out of range, must be positive";
    /// Of several bad words, the first one decides the error.
    static void refuse(Call& call, const char* error) noexcept {
        if (call.bad_word_ == nullptr) call.bad_word_ = error;
    }
    static const char* bad_word(const Call& call) noexcept { return call.bad_word_; }
    /// The function has returned or thrown an Error, or a word could not be converted.
    static void failed(Call& call) noexcept;
    /// The coroutine of a call has ended. `begin`: where its reply begins.
    static void ended(Call& call, Reply::Mark begin);
    static void* state(const Call& call) noexcept { return call.state_; }
};

/// What a parameter of type T binds to. The primary template: a function cannot have this parameter.
template <class T, class State>
struct Parameter {
    static constexpr bool exists = false;
    static constexpr ParameterKind kind = ParameterKind::other;
};

struct WordParameter {
    static constexpr bool exists = true;
    static constexpr ParameterKind kind = ParameterKind::word;
};
struct OtherParameter {
    static constexpr bool exists = true;
    static constexpr ParameterKind kind = ParameterKind::other;
};

template <class State>
struct Parameter<std::string_view, State> : WordParameter {
    static std::string_view bind(Call& call, std::size_t i) {
        return Binder::word(call, Binder::position(call, i));
    }
};
template <class State>
struct Parameter<std::string, State> : WordParameter {
    static std::string bind(Call& call, std::size_t i) {
        return std::string{Binder::word(call, Binder::position(call, i))};
    }
};
/// An integer, but no character and no boolean.
template <class T>
concept IntegerParameter =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;
template <IntegerParameter T, class State>
struct Parameter<T, State> : WordParameter {
    static T bind(Call& call, std::size_t i) {
        const std::size_t position = Binder::position(call, i);
        if constexpr (std::in_range<T>(UINT64_MAX)) {
            return Binder::unsigned_integer(call, position);
        } else {
            const std::int64_t value = Binder::integer(call, position);
            if (std::in_range<T>(value)) return static_cast<T>(value);
            const bool is_negative = std::is_unsigned_v<T> && value < 0;
            Binder::refuse(call, is_negative ? Binder::must_be_positive : not_an_integer.data());
            return 0;
        }
    }
};
template <class State>
struct Parameter<double, State> : WordParameter {
    static double bind(Call& call, std::size_t i) { return Binder::number(call, Binder::position(call, i)); }
};
template <class T, class State>
    requires(Parameter<T, State>::kind == ParameterKind::word)
struct Parameter<std::optional<T>, State> {
    static constexpr bool exists = true;
    static constexpr ParameterKind kind = ParameterKind::optional_word;
    static std::optional<T> bind(Call& call, std::size_t i) {
        if (Binder::position(call, i) == 0) return std::nullopt;
        return Parameter<T, State>::bind(call, i);
    }
};
template <class State>
struct Parameter<Words, State> {
    static constexpr bool exists = true;
    static constexpr ParameterKind kind = ParameterKind::words;
    static Words bind(Call& call, std::size_t i) { return Binder::words(call, i); }
};
template <class State>
struct Parameter<Call, State> {
    static constexpr bool exists = true;
    static constexpr ParameterKind kind = ParameterKind::call;
    static Call& bind(Call& call, std::size_t) { return call; }
};
template <class State>
struct Parameter<Reply, State> : OtherParameter {
    static Reply& bind(Call& call, std::size_t) { return call.reply(); }
};
template <class State>
struct Parameter<Request, State> : OtherParameter {
    static const Request& bind(Call& call, std::size_t) { return call.request(); }
};
template <class State>
struct Parameter<Connection, State> : OtherParameter {
    static const Connection& bind(Call& call, std::size_t) { return call.connection(); }
};
template <class State>
    requires(!std::is_void_v<State>)
struct Parameter<State, State> : OtherParameter {
    static State& bind(Call& call, std::size_t) { return *static_cast<State*>(Binder::state(call)); }
};

/// Whether a parameter of type P accepts the argument, even as a name: a coroutine keeps its arguments.
template <class P, class State>
concept Accepts = requires(Call& call) {
    requires Parameter<std::remove_cvref_t<P>, State>::exists;
    requires std::convertible_to<decltype(Parameter<std::remove_cvref_t<P>, State>::bind(call, 0)), P>;
    requires std::convertible_to<decltype(Parameter<std::remove_cvref_t<P>, State>::bind(call, 0))&, P>;
};
template <class P, class State>
using ParameterOf =
    std::conditional_t<Accepts<P, State>, Parameter<std::remove_cvref_t<P>, State>, Parameter<void, void>>;

constexpr bool is_word(ParameterKind kind) noexcept {
    return kind != ParameterKind::call && kind != ParameterKind::other;
}

/// Whether a function of these parameters can be called for this line. Throws UsageError; in a constant expression,
/// the program does not compile.
constexpr void check_parameters(const Usage& usage, const ParameterKind* kinds, std::size_t size);

// ---- the call

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

/// A usage line for a function of type F. A literal is checked when the program is compiled.
template <class State, class F>
class UsageLine {
public:
    template <class Text>
        requires std::convertible_to<const Text&, std::string_view>
    consteval UsageLine(const Text& line) : line_(line) {
        check();
    }
    constexpr std::string_view text() const noexcept { return line_; }

    /// Throws UsageError.
    constexpr void check() const {
        if constexpr (HasSignature<F>) {
            Invoker<State, F>::check(Usage{line_}, typename SignatureOf<F>::Takes{});
        }
    }

private:
    std::string_view line_;
};

}  // namespace resp::detail

#include <libresp/service/detail/check_parameters.hpp>
