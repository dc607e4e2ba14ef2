// How the words of a command become the arguments of a function.
#pragma once

#include <libresp/service/call.hpp>
#include <libresp/service/detail/command_entry.hpp>
#include <libresp/service/detail/signature.hpp>
#include <libresp/service/value_stream.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace resp::detail {

enum class ParameterKind : unsigned char { word, optional_word, words, stream, call, other };

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
    /// Whether a word could not be converted. Then it has replied with the error.
    static bool refuses(Call& call) {
        if (call.bad_word_ == nullptr) [[likely]]
            return false;
        call.reply().simple_error(call.bad_word_);
        return true;
    }
    /// The coroutine of a call has ended. `begin`: where its reply begins; `error`: what it has thrown.
    static void ended(Call& call, Reply::Mark begin, const std::optional<Error>& error);
    static void* state(const Call& call) noexcept { return call.state_; }
    static Incoming* incoming(const Call& call) noexcept { return call.incoming_; }
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
struct Parameter<ValueStream, State> {
    static constexpr bool exists = true;
    static constexpr ParameterKind kind = ParameterKind::stream;
    static ValueStream bind(Call& call, std::size_t i) {
        return {Binder::incoming(call), Binder::word(call, Binder::position(call, i))};
    }
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
    requires std::same_as<P, ValueStream&> ||
                 std::convertible_to<decltype(Parameter<std::remove_cvref_t<P>, State>::bind(call, 0)), P>;
    requires std::convertible_to<decltype(Parameter<std::remove_cvref_t<P>, State>::bind(call, 0))&, P>;
};
template <class P, class State>
using ParameterOf =
    std::conditional_t<Accepts<P, State>, Parameter<std::remove_cvref_t<P>, State>, Parameter<void, void>>;

template <class State, class... P>
constexpr bool takes_stream(Parameters<P...>) {
    return ((ParameterOf<P, State>::kind == ParameterKind::stream) || ...);
}

constexpr bool is_word(ParameterKind kind) noexcept {
    return kind != ParameterKind::call && kind != ParameterKind::other;
}

/// Whether a function of these parameters can be called for this line. Throws UsageError; in a constant expression,
/// the program does not compile.
constexpr void check_parameters(const Usage& usage, const ParameterKind* kinds, std::size_t size);

}  // namespace resp::detail
