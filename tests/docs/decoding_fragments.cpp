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
    keep();
    limits();
}
