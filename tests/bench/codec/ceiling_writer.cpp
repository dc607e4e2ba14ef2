// The encoder's ceiling: what writing RESP costs when it is the only aim. It trusts that the output has
// room, knows the two shapes it writes, and replaces no CR or LF. Headers come from a table as one store
// of eight bytes; short texts are copied by two stores that overlap.
#include "parser.hpp"
#include "writer.hpp"

#include <array>
#include <cstdio>
#include <cstring>

namespace bench {

namespace {

using resp::Type;

/// `$<n>\r\n` of every length below 1024.
struct Headers {
    struct Header {
        std::array<char, 8> bytes;
        unsigned char size;
    };
    std::array<Header, 1024> by_length;

    Headers() {
        for (unsigned n = 0; n != by_length.size(); ++n) {
            char text[16] = {};
            by_length[n].size = static_cast<unsigned char>(std::snprintf(text, sizeof text, "$%u\r\n", n));
            std::memcpy(by_length[n].bytes.data(), text, by_length[n].bytes.size());
        }
    }
};
const Headers headers;

/// "00" to "99".
struct Pairs {
    std::array<char, 200> digits;

    Pairs() {
        for (unsigned i = 0; i != digits.size(); ++i)
            digits[i] = static_cast<char>('0' + (i % 2 == 0 ? i / 20 : i / 2 % 10));
    }
};
const Pairs pairs;

/// The first and the last `size` bytes of n, which is from `size` to twice that.
template <std::size_t size>
char* put_overlapping(char* out, const char* bytes, std::size_t n) {
    std::array<char, size> first, last;
    std::memcpy(first.data(), bytes, size);
    std::memcpy(last.data(), bytes + n - size, size);
    std::memcpy(out, first.data(), size);
    std::memcpy(out + n - size, last.data(), size);
    return out + n;
}

char* put(char* out, const char* bytes, std::size_t n) {
    if (n > 64) {
        std::memcpy(out, bytes, n);
    } else if (n > 16) {
        for (std::size_t i = 0; i + 16 <= n; i += 16) std::memcpy(out + i, bytes + i, 16);
        std::memcpy(out + n - 16, bytes + n - 16, 16);
    } else if (n >= 8) {
        return put_overlapping<8>(out, bytes, n);
    } else if (n >= 4) {
        return put_overlapping<4>(out, bytes, n);
    } else {
        for (std::size_t i = 0; i != n; ++i) out[i] = bytes[i];
    }
    return out + n;
}

char* put_crlf(char* out) {
    std::memcpy(out, "\r\n", 2);
    return out + 2;
}

char* put_number(char* out, std::uint64_t value) {
    if (value < 10) {
        *out = static_cast<char>('0' + value);
        return out + 1;
    }
    char text[20];
    char* begin = text + sizeof text;
    for (; value >= 10; value /= 100) std::memcpy(begin -= 2, &pairs.digits[2 * (value % 100)], 2);
    if (value != 0) *--begin = static_cast<char>('0' + value);
    const auto n = static_cast<std::size_t>(text + sizeof text - begin);
    std::memcpy(out, begin, n);
    return out + n;
}

char* put_header(char* out, char type, std::uint64_t value) {
    *out = type;
    return put_crlf(put_number(out + 1, value));
}

char* put_bulk(char* out, std::string_view text) {
    if (text.size() < headers.by_length.size()) [[likely]] {
        const Headers::Header& header = headers.by_length[text.size()];
        std::memcpy(out, header.bytes.data(), header.bytes.size());
        out += header.size;
    } else {
        out = put_header(out, '$', text.size());
    }
    return put_crlf(put(out, text.data(), text.size()));
}

char* put_integer(char* out, std::int64_t value) {
    *out++ = ':';
    auto magnitude = static_cast<std::uint64_t>(value);
    if (value < 0) {
        *out++ = '-';
        magnitude = 0 - magnitude;
    }
    return put_crlf(put_number(out, magnitude));
}

char* put_verb(char* out, const Verb& verb) {
    switch (verb.type) {
        case Type::bulk_string: return put_bulk(out, verb.text);
        case Type::integer: return put_integer(out, verb.number);
        case Type::array: return put_header(out, '*', static_cast<std::uint64_t>(verb.number));
        case Type::null_bulk_string: std::memcpy(out, "$-1\r\n", 5); return out + 5;
        default: *out++ = static_cast<char>(verb.type);
    }
    return put_crlf(put(out, verb.text.data(), verb.text.size()));
}

char* put_set(char* out, const SetCommand& command) {
    std::memcpy(out, "*3\r\n$3\r\nSET\r\n", 13);
    return put_bulk(put_bulk(out + 13, command.key), command.value);
}

class CeilingWriter final : public Writer {
public:
    std::size_t write(const SetCommands& commands, std::string* check) override {
        return write_all(commands.list, check, put_set);
    }
    std::size_t write(const Replies& replies, std::string* check) override {
        return write_all(replies.verbs, check, put_verb);
    }

private:
    template <class Items, class PutOne>
    std::size_t write_all(const Items& items, std::string* check, PutOne put_one) {
        char* const begin = output_.get();
        char* out = begin;
        std::size_t written = 0;
        const auto flush = [&] {
            keep(begin);
            const auto n = static_cast<std::size_t>(out - begin);
            if (check != nullptr) check->append(begin, n);
            written += n;
            out = begin;
        };
        for (const auto& item : items) {
            out = put_one(out, item);
            if (out >= begin + flush_at) flush();
        }
        flush();
        return written;
    }

    std::unique_ptr<char[]> output_{new char[16 * flush_at]};
};

}  // namespace

std::span<const WriterKind> ceiling_writers() {
    static constexpr WriterKind kinds[] = {{"ceiling", true, make_writer<CeilingWriter>}};
    return kinds;
}

}  // namespace bench
