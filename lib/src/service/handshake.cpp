// HELLO, AUTH, PING, ECHO, QUIT, RESET and SELECT.
#include "defaults.hpp"

#include <libresp/server/asio.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace resp {

bool equals_in_constant_time(std::string_view given, std::string_view secret) noexcept {
    unsigned char difference = given.size() == secret.size() ? 0 : 1;
    for (std::size_t i = 0; i != given.size(); ++i) {
        const char other = secret.empty() ? '\0' : secret[i % secret.size()];
        difference = static_cast<unsigned char>(difference | (given[i] ^ other));
    }
    return difference == 0;
}

Limits limits_before_auth() noexcept {
    Limits limits;
    limits.max_elements = 10;
    limits.max_bulk = 16 * 1024;
    return limits;
}

namespace detail {

namespace {

CommandTraits before_auth(const char* summary) {
    CommandTraits traits = about("connection", summary);
    traits.fast = true;
    traits.noauth = true;
    return traits;
}

constexpr const char* wrong_password = "WRONGPASS invalid username-password pair or user is disabled.";
constexpr const char* hello_needs_auth =
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
    "<user> <pass> option can be used to authenticate the client and select the RESP protocol version at the "
    "same time";
constexpr const char* no_auth =
    "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
    "configuration is correct?";

// ---- authentication

void accept(Call& call, const User& user) {
    ClientRecord& client = record_of(call);
    client.set_user(user.name);
    client.is_admin = user.admin;
    client.auth_failures = 0;
    client.set_authenticated(true);
    client.update();
    call.reply().lift_limits();
}

/// After the first failure of a client and of its address a tenth of a second, then twice as much each time, up to one
/// second.
std::chrono::milliseconds delay_of(unsigned failures) noexcept {
    constexpr unsigned most_doubled = 4;
    return std::min(std::chrono::milliseconds{100} * (1U << std::min(failures, most_doubled)),
                    std::chrono::milliseconds{1'000});
}

/// Asks the program who the client is. A failure takes its time, so that passwords cannot be tried quickly.
asio::awaitable<bool> authenticate(Table& table, Call& call, std::string_view name,
                                   std::string_view password) {
    const AuthRequest request{name, password, call.connection()};
    std::optional<User> user;
    if (table.auth.waiting) {
        auto wait = table.auth.waiting(request);
        user = co_await std::move(wait);
    } else {
        user = table.auth.plain(request);
    }
    if (user) {
        accept(call, *user);
        co_return true;
    }
    const unsigned before =
        std::max(record_of(call).auth_failures++, table.auth_failures.add(call.connection().peer().address));
    asio::steady_timer timer{co_await asio::this_coro::executor, delay_of(before)};
    co_await timer.async_wait(
        asio::use_awaitable);  // also if the client leaves: it keeps its place meanwhile
    co_return false;
}

// ---- HELLO

/// HELLO with its words checked. Nothing has changed yet.
struct Hello {
    std::optional<Version> version;
    std::optional<std::string_view> user;
    std::string_view password;
    std::optional<std::string_view> name;
};

Hello parse_hello(const Call& call) {
    Hello hello;
    if (call.size() > 1) {
        const auto version = call.command().integer(1);
        if (!version) throw Error{"ERR Protocol version is not an integer or out of range"};
        if (*version != 2 && *version != 3) throw Error{"NOPROTO unsupported protocol version"};
        hello.version = *version == 3 ? Version::resp3 : Version::resp2;
    }
    for (std::size_t i = 2; i < call.size(); ++i) {
        const std::size_t left = call.size() - i - 1;
        if (equals_ignoring_case(call[i], "AUTH") && left >= 2) {
            hello.user = call[i + 1];
            hello.password = call[i + 2];
            i += 2;
        } else if (equals_ignoring_case(call[i], "SETNAME") && left >= 1) {
            hello.name = call[++i];
            check_client_name(*hello.name);
        } else {
            throw Error{"ERR Syntax error in HELLO option " + quoted(call[i])};
        }
    }
    return hello;
}

void answer_hello(const Table& table, const Call& call, const Hello& hello) {
    if (hello.name) call.client().set_name(*hello.name);
    Reply& reply = call.reply();
    if (hello.version) reply.set_version(*hello.version);
    reply.map(7).bulk_string("server").bulk_string(table.info.server);
    reply.bulk_string("version").bulk_string(table.info.version);
    reply.bulk_string("proto").integer(reply.version() == Version::resp3 ? 3 : 2);
    reply.bulk_string("id").integer(static_cast<std::int64_t>(call.client().id()));
    reply.bulk_string("mode").bulk_string("standalone");
    reply.bulk_string("role").bulk_string("master");
    reply.bulk_string("modules").array(0);
}

void add_open(Table& table) {
    table.add_default(
        "HELLO [protover [AUTH username password] [SETNAME clientname]]",
        [&table](Call& call) {
            const Hello hello = parse_hello(call);
            if (hello.user && *hello.user != "default") throw Error{wrong_password};
            answer_hello(table, call, hello);
        },
        before_auth("Handshakes with the server."), true);
    table.add_default(
        "AUTH [username] password",
        [](Call& call) {
            if (call.size() > 3) throw Error{syntax_error};
            if (call.size() == 2) throw Error{no_auth};
            if (call[1] != "default") throw Error{wrong_password};
            return ok;
        },
        before_auth("Authenticates the connection."), true);
}

/// With Commands::auth().
void add_guarded(Table& table) {
    table.add_default(
        "HELLO [protover [AUTH username password] [SETNAME clientname]]",
        [&table](Call& call) -> asio::awaitable<void> {
            const Hello hello = parse_hello(call);
            if (!hello.user && !call.client().is_authenticated()) throw Error{hello_needs_auth};
            if (hello.user && !co_await authenticate(table, call, *hello.user, hello.password)) {
                throw Error{wrong_password};
            }
            answer_hello(table, call, hello);
        },
        before_auth("Handshakes with the server."), true);
    table.add_default(
        "AUTH [username] password",
        [&table](Call& call) -> asio::awaitable<Ok> {
            if (call.size() > 3) throw Error{syntax_error};
            const std::string_view user = call.size() == 3 ? call[1] : "default";
            if (!co_await authenticate(table, call, user, call[call.size() - 1])) throw Error{wrong_password};
            co_return ok;
        },
        before_auth("Authenticates the connection."), true);
}

void reset(Table& table, Call& call) {
    ClientRecord& client = record_of(call);
    forget(table, client);
    client.select(0);
    client.set_name("");
    client.replies = ReplyMode::on;
    client.set_user("default");
    client.set_authenticated(!table.auth.exists());
    client.is_admin = !table.auth.exists();
    client.update();
    if (table.auth.exists()) call.reply().restore_limits();
    call.reply().set_version(Version::resp2);
    call.reply().simple_string("RESET");
}

/// A subscriber in RESP2 gets the form of a message.
void ping(std::optional<std::string_view> message, const Call& call) {
    Reply& reply = call.reply();
    if (record_of(call).is_subscribed && reply.version() == Version::resp2) {
        reply.array(2).bulk_string("pong").bulk_string(message.value_or(""));
    } else {
        message ? reply.bulk_string(*message) : reply.simple_string("PONG");
    }
}

}  // namespace

void add_handshake(Table& table) {
    table.auth.exists() ? add_guarded(table) : add_open(table);
    table.add_default(
        "PING [message]", [](std::optional<std::string_view> message, Call& call) { ping(message, call); },
        about("connection", "Returns the server's liveliness response."));
    table.add_default(
        "ECHO message", [](std::string_view message) { return message; },
        about("connection", "Returns the given string."));
    table.add_default(
        "QUIT",
        [&table](Call& call) {
            forget(table, record_of(call));  // others do not count it as a subscriber any more
            call.reply().close().simple_string("OK");
        },
        before_auth("Closes the connection."));
    table.add_default(
        "RESET", [&table](Call& call) { reset(table, call); }, before_auth("Resets the connection."));
    table.add_default(
        "SELECT index",
        [&table](std::int64_t index, Call& call) {
            if (index < 0 || index >= table.info.databases) throw Error{"ERR DB index is out of range"};
            call.client().select(static_cast<unsigned>(index));
            return ok;
        },
        about("connection", "Changes the selected database."));
}

}  // namespace detail
}  // namespace resp
