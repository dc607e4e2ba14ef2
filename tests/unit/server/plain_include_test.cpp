// A plain handler needs only <libresp/server.hpp>, which does not include Asio.
#include <libresp/server.hpp>

#if defined(ASIO_VERSION) || defined(ASIO_STANDALONE_INCLUDED) || defined(ASIO_CONFIG_HPP) || \
    defined(ASIO_DETAIL_CONFIG_HPP)
#error "<libresp/server.hpp> includes Asio"
#endif

#include "support/catch.hpp"

namespace {

struct OnlyPlain {
    void operator()(const resp::Request& request, resp::Reply& reply) { reply.value(request.value()); }
};

struct OnlyByValue {
    void operator()(resp::Request, resp::Reply&) {}
};
struct Generic {
    void operator()(const auto& request, auto& reply) { reply.value(request.value()); }
};
struct GenericReferences {
    void operator()(auto& request, auto& reply) { reply.value(request.value()); }
};
struct ForwardingReferences {
    void operator()(auto&& request, auto&& reply) { reply.value(request.value()); }
};
struct NoReply {
    void operator()(const resp::Request&) {}
};
struct ReplyByValue {
    void operator()(const resp::Request&, resp::Reply) {}
};
struct ChangesTheRequest {
    void operator()(resp::Request&, resp::Reply&) {}
};
struct ReturnsText {
    const char* operator()(const resp::Request&, resp::Reply&) { return ""; }
};
struct CannotBeCopied {
    CannotBeCopied() = default;
    CannotBeCopied(CannotBeCopied&&) = default;
    void operator()(const resp::Request&, resp::Reply&) {}
};

static_assert(resp::Handler<OnlyPlain> && resp::PlainHandler<OnlyPlain> &&
              !resp::CoroutineHandler<OnlyPlain>);
static_assert(resp::Handler<OnlyByValue>);
static_assert(resp::Handler<Generic>);
static_assert(resp::Handler<GenericReferences>);
static_assert(resp::Handler<ForwardingReferences>);
static_assert(resp::Handler<void (*)(const resp::Request&, resp::Reply&)>);
static_assert(!resp::Handler<NoReply>);
static_assert(!resp::Handler<ChangesTheRequest>);
static_assert(!resp::Handler<ReturnsText>);
static_assert(!resp::Handler<CannotBeCopied>);
static_assert(!resp::Handler<int>);

}  // namespace

TEST_CASE("a server with a plain handler compiles without Asio") {
    resp::Server server{{.port = 0}, OnlyPlain{}};
    CHECK(server.local_endpoint().address == "127.0.0.1");
    CHECK(server.local_endpoint().port != 0);
}

TEST_CASE("a handler that takes its reply by value is rejected") {
    // The server would not see a close() or set_version() of the copy.
    CHECK_FALSE(resp::Handler<ReplyByValue>);
}
