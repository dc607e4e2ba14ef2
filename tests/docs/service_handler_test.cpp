#include <libresp/service.hpp>

#include <cassert>
#include <string>
#include <string_view>

/// What a service, or any other handler that does not wait, replies to one command.
template <class Handler>
std::string reply_to(Handler& handler, std::string_view wire, resp::Version version = resp::Version::resp2) {
    const auto command = resp::parse(wire, {}, resp::Reads::commands);
    const resp::Connection none;
    resp::Buffer bytes;
    resp::Reply reply{bytes, version};
    handler(resp::Request{(*command).view(), none}, reply);
    return std::string{bytes.view()};
}

int main() {
    resp::Commands commands;
    commands.add("ADD number number", [](int a, int b) { return a + b; });
    resp::Service service{commands};
    assert(reply_to(service, "ADD 40 2\r\n") == ":42\r\n");
    assert(reply_to(service, "ADD 40 x\r\n") == "-ERR value is not an integer or out of range\r\n");
    assert(reply_to(service, "PING 'hello world'\r\n") == "$11\r\nhello world\r\n");
}
