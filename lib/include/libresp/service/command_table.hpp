// What a table of commands has, whatever the state of its connections.
#pragma once

#include <libresp/service/auth.hpp>
#include <libresp/service/detail/command_entry.hpp>
#include <libresp/service/finished.hpp>
#include <libresp/service/keys.hpp>
#include <libresp/service/pubsub.hpp>
#include <libresp/service/result.hpp>
#include <libresp/service/traits.hpp>

#include <chrono>
#include <cstddef>
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

class ServiceBase;
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
    /// Called after each command whose function was called, on the client's thread, when the function has ended. It must
    /// not throw, and must not take the lock of the service: it may hold it.
    void after(std::function<void(const Call&, const Finished&)> f);
    /// SLOWLOG keeps the last `most` commands that took longer than this; a coroutine counts with the time in which it
    /// waited, a blocking command does not count. Off by default: then it costs nothing. The same as CONFIG SET
    /// slowlog-log-slower-than and slowlog-max-len.
    void slow_log(std::chrono::microseconds longer_than, std::size_t most = 128);

    /// The lock of the service: a function `Guard (std::span<const std::string_view> keys, resp::Access access)`, whose
    /// result holds the lock until it is destroyed. Without keys, it must lock everything. The service calls it around
    /// each of your functions with the keys of the command, and around EXEC with the keys of all its commands; without
    /// keys if one of them names none. It is not held while a coroutine runs: lock there yourself. Lock in an order that
    /// depends on the keys alone, or two calls block each other. Without this function, the service uses one mutex if
    /// the server has several threads.
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
    /// A section of INFO, after those of the library: lines `name:value`, with "\r\n" after each. `name` is shown as
    /// given: "Keyspace".
    /// The service calls the functions of sections and parameters under its lock: they must not take it.
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

}  // namespace resp
