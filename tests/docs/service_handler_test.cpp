#include <libresp/server.hpp>

#include <cassert>
#include <string>
#include <string_view>

/// What a handler replies to one command, as bytes.
template <resp::PlainHandler Handler>
std::string reply_to(Handler& handler, std::string_view wire, resp::Version version = resp::Version::resp2) {
    const auto command = resp::parse(wire, {}, resp::Reads::commands);
    const resp::Connection none;
    resp::Buffer bytes;
    resp::Reply reply{bytes, version};
    handler(resp::Request{(*command).view(), none}, reply);
    return std::string{bytes.view()};
}

struct Pong {
    void operator()(const resp::Request& request, resp::Reply& reply) {
        request.command().size() == 1 ? reply.simple_string("PONG") : reply.bulk_string(request.command()[1]);
    }
};

int main() {
    Pong handler;
    assert(reply_to(handler, "PING\r\n") == "+PONG\r\n");
    assert(reply_to(handler, "PING 'hello world'\r\n") == "$11\r\nhello world\r\n");
}
