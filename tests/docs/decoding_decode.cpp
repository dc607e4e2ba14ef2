#include <libresp/codec.hpp>
#include <libresp/codec/format.hpp>

#include <fmt/format.h>
#include <unistd.h>

int main() {
    resp::Decoder decoder;
    for (;;) {
        while (const auto frame = decoder.next()) fmt::print("{}\n", *frame);
        if (decoder.error()) {
            fmt::print("{} at byte {}\n", decoder.error()->message(), decoder.error()->offset);
            return 1;
        }
        const std::span<char> room = decoder.prepare(16 * 1024);  // receive into this
        const ssize_t n = ::read(STDIN_FILENO, room.data(), room.size());
        if (n <= 0) return decoder.pending() == 0 ? 0 : 1;
        decoder.commit(static_cast<std::size_t>(n));  // n bytes were received
    }
}
