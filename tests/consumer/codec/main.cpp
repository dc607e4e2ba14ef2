// The installed codec without the server: decodes what it encoded.
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/encoder.hpp>
#include <libresp/version.hpp>

#include <cstdio>
#include <string>

int main() {
    std::string wire;
    resp::Encoder{wire}.integer(42);

    resp::Decoder decoder;
    decoder.feed(wire);
    const auto frame = decoder.next();
    if (!frame || frame->integer() != 42) return 1;
    std::printf("libresp %s: %s", resp::version_string.data(), wire.c_str());
}
