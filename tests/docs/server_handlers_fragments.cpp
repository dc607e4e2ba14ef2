// docs/server.md: the signatures of a handler, and how a reply is written.
#include "expect.hpp"

#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <string_view>

// [signatures]
void plain(const resp::Request& request, resp::Reply& reply);
asio::awaitable<void> coroutine(const resp::Request& request, resp::Reply& reply);
resp::Outcome either(const resp::Request& request, resp::Reply& reply);
// [/signatures]

static_assert(resp::PlainHandler<decltype(&plain)>);
static_assert(resp::CoroutineHandler<decltype(&coroutine)>);
static_assert(resp::OutcomeHandler<decltype(&either)>);

// [quit]
struct Quit {
    void operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        if (command.is("QUIT")) {
            reply.close().simple_string("OK");
        } else if (command.is("PING")) {
            reply.simple_string("PONG");
        }
        if (reply.empty()) reply.simple_error(resp::unknown_command(command));
    }
};
// [/quit]

namespace {

void expect_reply(std::string_view request, std::string_view expected, bool closes) {
    const auto parsed = resp::parse(request, {}, resp::Reads::commands);
    const resp::Connection nobody;
    resp::Buffer bytes;
    resp::Reply reply{bytes, resp::Version::resp2};
    Quit{}(resp::Request{(*parsed).view(), nobody}, reply);
    expect(bytes.view(), expected);
    expect(reply.closing() ? "closes" : "stays open", closes ? "closes" : "stays open");
}

}  // namespace

int main() {
    expect_reply("PING\r\n", "+PONG\r\n", false);
    expect_reply("quit\r\n", "+OK\r\n", true);
    expect_reply("FLY\r\n", "-ERR unknown command 'FLY', with args beginning with: \r\n", false);
}
