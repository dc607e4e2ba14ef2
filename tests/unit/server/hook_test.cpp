// The optional members on_open and on_close: which signatures are called, and which are refused. That a
// server with a refused one does not compile, and with which message, is tested in tests/style/misuse.
#include <libresp/server/asio.hpp>

#include "handlers.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

using resp::Connection;
using support::MemoryServer;

namespace {

/// Accepts any request. The hooks that were called leave their names here.
struct Base {
    std::shared_ptr<std::string> called = std::make_shared<std::string>();
    void operator()(const resp::Request&, resp::Reply&) const {}
};

// ---- hooks that are called

struct ByValue : Base {
    void on_open(Connection) { *called += "open "; }
    void on_close(std::error_code) { *called += "close"; }
};
struct ByReference : Base {
    void on_open(const Connection&) { *called += "open "; }
    void on_close(const std::error_code&) { *called += "close"; }
};
struct Template : Base {
    void on_open(const auto&) { *called += "open "; }
    template <class Reason>
    void on_close(Reason) {
        *called += "close";
    }
};
struct Forwarding : Base {
    void on_open(auto&&) { *called += "open "; }
    void on_close(auto&&...) { *called += "close"; }
};
struct Overloaded : Base {
    void on_open(Connection) { *called += "open "; }
    void on_open(int) {}
    void on_close(std::error_code) const noexcept { *called += "close"; }
    void on_close() {}
};
struct Function : Base {
    std::function<void(Connection)> on_open = [called = called](Connection) { *called += "open "; };
    std::function<void(std::error_code)> on_close = [called = called](std::error_code) {
        *called += "close";
    };
};
struct Final final : Base {
    void on_open(Connection) { *called += "open "; }
    void on_open(int) {}
    void on_close(std::error_code) { *called += "close"; }
};
struct Inherited : ByValue {};

// ---- hooks that are refused

struct OpenWithoutArgument : Base {
    void on_open() {}
};
struct OpenByMutableReference : Base {
    void on_open(Connection&) {}
};
struct OpenByMove : Base {
    void on_open(Connection&&) {}
};
struct OpenReturning : Base {
    bool on_open(Connection) { return true; }
};
struct OpenCoroutine : Base {
    asio::awaitable<void> on_open(Connection) { co_return; }
};
class OpenPrivate : public Base {
    void on_open(Connection) {}
};
class OpenProtected : public Base {
protected:
    void on_open(Connection) {}
};
struct OpenStaticData : Base {
    static constexpr int on_open = 1;
};
struct OpenTemplate : Base {
    template <class T>
    void on_open() {}
};
struct OpenFinal final : Base {
    void on_open(Connection&) {}
};
struct OpenInherited : OpenPrivate {};
struct CloseWithoutArgument : Base {
    void on_close() {}
};
struct CloseWithInt : Base {
    void on_close(int) {}
};
struct CloseByMutableReference : Base {
    void on_close(std::error_code&) {}
};
struct CloseReturning : Base {
    int on_close(std::error_code) { return 0; }
};
class ClosePrivate : public Base {
    void on_close(std::error_code) {}
};

template <class H>
constexpr bool is_refused = !resp::Handler<H> && resp::PlainHandler<H>;

static_assert(resp::Handler<Base>);
static_assert(is_refused<OpenWithoutArgument>);
static_assert(is_refused<OpenByMutableReference>);
static_assert(is_refused<OpenByMove>);
static_assert(is_refused<OpenReturning>);
static_assert(is_refused<OpenCoroutine>);
static_assert(is_refused<OpenPrivate>);
static_assert(is_refused<OpenProtected>);
static_assert(is_refused<OpenStaticData>);
static_assert(is_refused<OpenTemplate>);
static_assert(is_refused<OpenFinal>);
static_assert(is_refused<OpenInherited>);
static_assert(is_refused<CloseWithoutArgument>);
static_assert(is_refused<CloseWithInt>);
static_assert(is_refused<CloseByMutableReference>);
static_assert(is_refused<CloseReturning>);
static_assert(is_refused<ClosePrivate>);

}  // namespace

TEMPLATE_TEST_CASE("a hook that can be called as documented is called", "", ByValue, ByReference, Template,
                   Forwarding, Overloaded, Function, Final, Inherited) {
    const TestType handler;
    MemoryServer server{{}, handler};
    support::MemoryClient& client = server.connect();
    server.run();
    CHECK(*handler.called == "open ");
    client.finish();
    server.run();
    CHECK(*handler.called == "open close");
}

TEST_CASE("a handler without hooks needs none") {
    MemoryServer server{{}, [](auto&, auto& reply) { reply.integer(1); }};
    support::MemoryClient& client = server.connect();
    client.send("A\r\n");
    client.finish();
    server.run();
    CHECK(client.received == ":1\r\n");
    CHECK(client.closed);
}
