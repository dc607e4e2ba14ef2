#include "work.hpp"

namespace work {

resp::Service<> service() {
    resp::Commands commands;
    commands.add("GET key", [](std::string_view) { return resp::ok; });
    commands.add("SET key value", [](std::string_view, std::string_view) { return resp::ok; });
    return resp::Service{commands};
}

std::size_t take_frames(resp::Decoder& decoder) {
    std::size_t n = 0;
    while (decoder.next()) ++n;
    return n;
}

std::size_t take_frames(resp::Decoder& decoder, std::span<const char> lent) {
    decoder.feed(lent);
    const std::size_t n = take_frames(decoder);
    decoder.release();
    return n;
}

void encode_command(resp::Encoder& out) { out.command("SET", "key:000001", "abcdefghijklmnop"); }

void encode_replies(resp::Encoder& out) {
    out.simple_string("OK");
    out.integer(1234567);
    out.bulk_string("abcdefghijklmnopqrstuvwx");
    out.null_bulk_string();
    out.simple_error("WRONGTYPE Operation against a key holding the wrong kind of value");
    out.array(10);
    for (int i = 0; i != 10; ++i) out.bulk_string("abcdefghijklmnopqrstuvwx");
}

}  // namespace work
