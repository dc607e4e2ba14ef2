// The table of commands of a service.
#pragma once

#include <libresp/service/command_table.hpp>
#include <libresp/service/detail/usage_line.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace resp {

/// A usage line that is known only when the program runs: commands.add(resp::runtime(line), f).
struct RuntimeUsage {
    std::string_view line;
};
[[nodiscard]] constexpr RuntimeUsage runtime(std::string_view line) noexcept { return {line}; }

/// Commands, each declared by a usage line in Redis' syntax (see usage.hpp) and run by a function:
///
///     resp::Commands commands;
///     commands.add("GET key", [&](std::string_view key) -> std::optional<std::string_view> { return store.find(key); });
///     commands.add("INCRBY key increment", [&](std::string_view key, std::int64_t by) { return store.add(key, by); });
///     commands.add("DEL key [key ...]", [&](resp::Words keys) { return store.erase(keys); });
///
/// The words of the line bind to the parameters of the function, in order:
///
///     std::string_view, std::string      any word
///     an integer type                    an integer in its range; else the client gets Redis' error
///     double                             a number
///     std::optional of these             [word]
///     resp::Words                        key [key ...]
///
/// Everything else in the line comes through a parameter resp::Call&. These parameters may stand anywhere: resp::Call&,
/// resp::Reply&, const resp::Request&, const resp::Connection&, and State&, the state of the connection. A function
/// that takes resp::Call& may leave out all words.
///
/// The result becomes the reply, see write_result(). A function without a result writes the reply itself. A coroutine
/// (asio::awaitable of a result) may wait; its client's next command runs after it.
///
/// The threads of the server share the functions, so they are const. If the server has several threads, what they
/// share needs a lock.
///
/// Each service also has the commands of a handshake (HELLO, AUTH, PING, ECHO, QUIT, RESET, SELECT, CLIENT, COMMAND, INFO,
/// CONFIG). A command of the same name replaces one of these.
///
/// State: a default-constructible type. Each connection has one.
template <class State = void>
class Commands : public CommandTable {
public:
    explicit Commands(ServiceInfo info = {}) : CommandTable(std::move(info)) {}

    /// Adds a command. If the line is wrong, or the function does not fit it, the program does not compile. Throws
    /// std::invalid_argument if there is a command of this name, and std::logic_error after a Service was made.
    template <class F>
    Commands& add(detail::UsageLine<State, std::type_identity_t<F>> usage, F f, CommandTraits traits = {}) {
        if constexpr (is_function<F>()) insert_usual(usage.text(), std::move(f), std::move(traits));
        return *this;
    }
    /// Adds a command that may wait for a key, such as `BLPOP key [key ...] timeout`. The function returns a std::optional.
    /// If it returns nothing, the service waits until one of the keys changes (see Keys::changed()), and calls it again.
    /// Clients that wait for a key are served in the order in which they came. A word `timeout` is the longest time in
    /// seconds; 0: no limit. After it the reply is null. In a transaction the function is called once. It must not be a
    /// coroutine. Needs <libresp/server/asio.hpp>.
    template <class F>
    Commands& add_blocking(detail::UsageLine<State, std::type_identity_t<F>> usage, F f,
                           CommandTraits traits = {}) {
        if constexpr (is_function<F>()) insert_blocking(usage.text(), std::move(f), std::move(traits));
        return *this;
    }
    /// Adds a command whose last word may be longer than memory: a coroutine takes it piece by piece through a parameter
    /// resp::ValueStream&. While a client may not run the command, the word has to fit in Options::limits.
    template <class F>
    Commands& add_stream(detail::UsageLine<State, std::type_identity_t<F>> usage, F f,
                         CommandTraits traits = {}) {
        if constexpr (is_function<F>()) insert_stream(usage.text(), std::move(f), std::move(traits));
        return *this;
    }

    /// The same for lines that are known only when the program runs. They throw UsageError if a line is wrong.
    template <class F>
    Commands& add(RuntimeUsage usage, F f, CommandTraits traits = {}) {
        if constexpr (is_function<F>()) {
            check<F>(usage);
            insert_usual(usage.line, std::move(f), std::move(traits));
        }
        return *this;
    }
    template <class F>
    Commands& add_blocking(RuntimeUsage usage, F f, CommandTraits traits = {}) {
        if constexpr (is_function<F>()) {
            check<F>(usage);
            insert_blocking(usage.line, std::move(f), std::move(traits));
        }
        return *this;
    }
    template <class F>
    Commands& add_stream(RuntimeUsage usage, F f, CommandTraits traits = {}) {
        if constexpr (is_function<F>()) {
            check<F>(usage);
            insert_stream(usage.line, std::move(f), std::move(traits));
        }
        return *this;
    }

private:
    template <class F>
    static void check(RuntimeUsage usage) {
        detail::Invoker<State, F>::check(Usage{usage.line}, typename detail::SignatureOf<F>::Takes{});
    }
    template <class F>
    void insert_usual(std::string_view line, F f, CommandTraits traits) {
        static_assert(!detail::takes_stream<State>(typename detail::SignatureOf<F>::Takes{}),
                      "a function with a parameter resp::ValueStream& needs resp::Commands::add_stream()");
        insert(line, detail::Invoker<State, F>::make(std::move(f)), std::move(traits));
    }
    template <class F>
    void insert_blocking(std::string_view line, F f, CommandTraits traits) {
        static_assert(detail::is_optional<typename detail::SignatureOf<F>::Result>,
                      "a blocking function of resp::Commands must return a std::optional");
        traits.blocking = true;
        insert(line, detail::Invoker<State, F>::make_blocking(std::move(f)), std::move(traits));
    }
    template <class F>
    void insert_stream(std::string_view line, F f, CommandTraits traits) {
        using Signature = detail::SignatureOf<F>;
        static_assert(detail::takes_stream<State>(typename Signature::Takes{}) &&
                          detail::AwaitedBy<typename Signature::Result>::is_awaitable,
                      "a function of resp::Commands::add_stream() must be a coroutine with a parameter "
                      "resp::ValueStream&");
        insert(line, detail::Invoker<State, F>::make_stream(std::move(f)), std::move(traits));
    }
    template <class... P>
    static constexpr bool all_parameters_exist(detail::Parameters<P...>) {
        return (detail::ParameterOf<P, State>::exists && ...);
    }
    template <class F>
    static constexpr bool is_function() {
        static_assert(
            detail::HasSignature<F>,
            "a function of resp::Commands must be a function or an object with one operator() that is const "
            "and no template: a lambda must not be generic or mutable");
        if constexpr (detail::HasSignature<F>) {
            constexpr bool parameters_exist = all_parameters_exist(typename detail::SignatureOf<F>::Takes{});
            static_assert(
                parameters_exist,
                "a parameter of a function of resp::Commands must be std::string_view, std::string, an "
                "integer, double, std::optional of these, resp::Words, resp::Call&, resp::Reply&, const "
                "resp::Request&, const resp::Connection&, or the State");
            return parameters_exist;
        }
        return false;
    }
};

}  // namespace resp
