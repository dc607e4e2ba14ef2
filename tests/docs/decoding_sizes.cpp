#include <libresp/codec.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

int main() {
    resp::Tokenizer tokenizer{{.max_bulk = std::numeric_limits<std::size_t>::max()}};
    std::array<char, 16 * 1024> buffer;
    std::size_t kept = 0;
    std::uint32_t sum = 0;

    for (;;) {
        const ssize_t n = ::read(STDIN_FILENO, buffer.data() + kept, buffer.size() - kept);
        if (n <= 0) return tokenizer.inside_frame() || kept != 0 ? 1 : 0;
        tokenizer.feed({buffer.data(), kept + static_cast<std::size_t>(n)});

        while (const auto token = tokenizer.next()) {
            using Kind = resp::Token::Kind;
            if (token->type != resp::Type::bulk_string) continue;
            if (token->kind != Kind::value && token->kind != Kind::part) continue;
            if (token->position == 0) sum = 0;
            for (const char c : token->text) sum = sum * 31 + static_cast<unsigned char>(c);
            if (token->last) fmt::print("{} bytes, sum {:08x}\n", token->position + token->text.size(), sum);
        }
        if (const auto& error = tokenizer.error()) {
            fmt::print("{} at byte {}\n", error->message(), error->offset);
            return 1;
        }
        // The tokenizer does not take an incomplete header. Keep its bytes; the next bytes go after them.
        const auto rest = tokenizer.rest();
        kept = rest.size();
        std::memmove(buffer.data(), rest.data(), kept);
    }
}
