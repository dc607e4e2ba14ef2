// The short pieces of docs/decoding.md.
#include <libresp/codec.hpp>

#include "expect.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace {

std::string used;
void use(resp::View view) { used += resp::to_string(view) + ' '; }

void lend() {
    // [lend]
    resp::Decoder decoder;
    decoder.feed(std::string_view{":1\r\n:2\r\n$5\r\nhe"});
    while (const auto frame = decoder.next()) use(*frame);  // 1 and 2
    decoder.release();                                      // copies "$5\r\nhe"; the bytes are yours again
    decoder.feed(std::string_view{"llo\r\n"});
    while (const auto frame = decoder.next()) use(*frame);  // hello
    // [/lend]
    expect(used, "1 2 \"hello\" ");
}

void skip() {
    std::uint64_t requests = 0;
    const std::string received = "PING\r\n" + std::string(100'000, '\n') + "PING\r\n";
    // [skip]
    resp::Decoder decoder{{}, resp::Reads::commands};
    decoder.feed(received);
    const std::uint64_t turn_end = decoder.offset() + 64 * 1024;
    while (decoder.offset() < turn_end && decoder.next(turn_end)) ++requests;
    const bool has_more = decoder.offset() >= turn_end && decoder.pending() != 0;  // after the other clients
    // [/skip]
    expect(has_more && requests == 1 ? "stopped" : "", "stopped");
    expect(std::to_string(decoder.offset()), std::to_string(turn_end));
}

void keep() {
    used.clear();
    // [keep]
    std::vector<resp::Value> kept;
    resp::Decoder decoder;
    decoder.feed(std::string_view{":1\r\n*1\r\n+two\r\n"});
    while (const auto frame = decoder.next()) kept.emplace_back(*frame);
    use(kept[1].view()[0]);  // two
    // [/keep]
    expect(used, "two ");
}

void limits() {
    // [limits]
    resp::Decoder decoder{{.max_bulk = 1024 * 1024}};
    // [/limits]
    decoder.feed(std::string_view{"$1048577\r\n"});
    if (decoder.next()) expect("a frame", "an error");
    expect(decoder.error()->message(), "invalid bulk length");
}

}  // namespace

int main() {
    lend();
    skip();
    keep();
    limits();
}
