// The table of commands of a service.
#pragma once

#include <libresp/service/auth.hpp>
#include <libresp/service/detail/function.hpp>
#include <libresp/service/keys.hpp>
#include <libresp/service/pubsub.hpp>
#include <libresp/service/traits.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace resp {

/// What a command does with the keys that it locks.
enum class Access : unsigned char { read, write };

namespace detail {

class Table;
using UserLock = std::function<void(std::span<const std::string_view> keys, Access access,
                                    const std::function<void()>& body)>;

}  // namespace detail

/// What a service says of itself.
struct ServiceInfo {
    std::string server = "redis";   ///< in HELLO
    std::string version = "7.4.0";  ///< in HELLO and INFO. Clients compare it with the versions of Redis
    unsigned databases = 16;        ///< that SELECT accepts
};

/// A usage line that is known only when the program runs: commands.add(resp::runtime(line), f).
struct RuntimeUsage {
    std::string_view line;
};
[[nodiscard]] constexpr RuntimeUsage runtime(std::string_view line) noexcept { return {line}; }

/// The part of Commands that does not depend on the type of its state.
class CommandTable {
public:
    /// Decides who may use the service: a function `std::optional<resp::User> (const resp::AuthRequest&)`, or a
    /// coroutine with this result. Nothing: the user or the password is wrong. A failure is answered after a delay, which
    /// grows up to one second. Until a client is accepted, only commands with CommandTraits::noauth run: HELLO, AUTH,
    /// QUIT and RESET. Give Options::first_limits too, see limits_before_auth().
    template <class F>
    void auth(F f) {
        detail::Authenticator authenticator;
        if constexpr (std::is_same_v<std::invoke_result_t<const F&, const AuthRequest&>, detail::AuthWait>) {
            authenticator.waiting = std::move(f);
        } else {
            authenticator.plain = std::move(f);
        }
        set_auth(std::move(authenticator));
    }
    /// Called before each command, but not before one that is noauth. An Error refuses the command and is the reply.
    void before(std::function<std::optional<Error>(Call&)> f);

    /// The lock of the service: a function `Guard (std::span<const std::string_view> keys, resp::Access access)`, whose
    /// result holds the lock until it is destroyed. The service calls it around each of your functions with the keys of
    /// the command, and around EXEC with the keys of all its commands. It is not held while a coroutine runs: lock there
    /// yourself. Lock in an order that depends on the keys alone, or two calls block each other. Without this function, the
    /// service uses one mutex if the server has several threads.
    template <class F>
    void lock(F f) {
        set_lock([f = std::move(f)](std::span<const std::string_view> keys, Access access,
                                    const std::function<void()>& body) {
            const auto guard = f(keys, access);
            body();
        });
    }

    /// The channels of the service, and its keys. Valid as long as this object or a Service that was made from it.
    [[nodiscard]] PubSub& pubsub() noexcept;
    [[nodiscard]] Keys& keys() noexcept;

    /// A parameter that CONFIG GET shows. Without `set`, CONFIG SET refuses it. `set` returns an error text, or nothing.
    void parameter(std::string name, std::function<std::string()> get,
                   std::function<std::optional<std::string>(std::string_view value)> set = nullptr);
    /// A section of INFO, after those of the library: lines `name:value`, with "\r\n" after each. `name` is shown as given:
    /// "Keyspace".
    void section(std::string name, std::function<std::string()> lines);

protected:
    explicit CommandTable(ServiceInfo info);
    CommandTable(const CommandTable&) = default;
    CommandTable(CommandTable&&) = default;
    CommandTable& operator=(const CommandTable&) = default;
    CommandTable& operator=(CommandTable&&) = default;
    ~CommandTable();

    void insert(std::string_view line, detail::Function function, CommandTraits traits);

private:
    friend class detail::ServiceBase;
    void set_auth(detail::Authenticator authenticator);
    void set_lock(detail::UserLock lock);

    std::shared_ptr<detail::Table> table_;
};

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
        if constexpr (is_function<F>()) {
            insert(usage.text(), detail::Invoker<State, F>::make(std::move(f)), std::move(traits));
        }
        return *this;
    }
    /// Adds a command that may wait for a key, such as `BLPOP key [key ...] timeout`. The function returns a std::optional.
    /// If it returns nothing, the service waits until one of the keys changes (see Keys::changed()), and calls it again.
    /// Clients that wait for a key are served in the order in which they came. A word `timeout` is the longest time in
    /// seconds; 0: no limit. After it the reply is null. In a transaction the function is called once. It must not be a
    /// coroutine.
    template <class F>
    Commands& add_blocking(detail::UsageLine<State, std::type_identity_t<F>> usage, F f,
                           CommandTraits traits = {}) {
        if constexpr (is_function<F>()) {
            static_assert(detail::is_optional<typename detail::SignatureOf<F>::Result>,
                          "a blocking function of resp::Commands must return a std::optional");
            traits.blocking = true;
            insert(usage.text(), detail::Invoker<State, F>::make_blocking(std::move(f)), std::move(traits));
        }
        return *this;
    }
    /// The same as add() for a line that is known only when the program runs. Throws UsageError if it is wrong.
    template <class F>
    Commands& add(RuntimeUsage usage, F f, CommandTraits traits = {}) {
        if constexpr (is_function<F>()) {
            detail::Invoker<State, F>::check(Usage{usage.line}, typename detail::SignatureOf<F>::Takes{});
            insert(usage.line, detail::Invoker<State, F>::make(std::move(f)), std::move(traits));
        }
        return *this;
    }

private:
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
