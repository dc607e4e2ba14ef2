// A warm decoder, tokenizer or output allocates nothing. This file replaces operator new of the whole test
// binary to count the calls. Not under TSan, which replaces operator new itself.
#include "support/sanitized.hpp"

#ifndef LIBRESP_TSAN
#include <libresp/codec/buffer.hpp>
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/encoder.hpp>
#include <libresp/codec/tokenizer.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "support/catch.hpp"
#include "support/describe.hpp"
#include "support/pieces.hpp"

namespace {

std::atomic<std::size_t> news{0};

void* count(std::size_t size) noexcept {
    news.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(size != 0 ? size : 1);
}

void* allocate(std::size_t size) {
    if (void* const memory = count(size)) return memory;
    throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return count(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return count(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace {

using resp::Decoder;
using resp::Reads;

/// Decodes one burst in pieces of this size. Returns whether it gave `frames` frames.
bool decode_burst(Decoder& decoder, std::string_view burst, std::size_t piece, bool lent,
                  std::size_t frames) {
    for (std::size_t at = 0; at < burst.size(); at += piece) {
        const std::string_view part = burst.substr(at, piece);
        lent ? decoder.feed(part) : support::receive(decoder, part);
        while (decoder.next()) --frames;
        if (lent) decoder.release();
    }
    return frames == 0;
}

constexpr std::size_t chunk = 16 * 1024;      // the bytes of one read from a socket
constexpr std::size_t most_pieces = 200'000;  // more would take seconds

/// How often a burst repeats its frame: about 100 KB, so that many chunks cut a frame. 2 to 100 times.
std::size_t times(const std::string& frame) {
    return std::clamp<std::size_t>(100'000 / frame.size(), 2, 100);
}

/// Requires that a warm decoder allocates nothing for more frames of this form, and does not grow.
void require_none(const std::string& frame, Reads reads) {
    const std::size_t frames = times(frame);
    const std::string burst = support::repeat(frame, frames);
    for (const std::size_t piece : {burst.size(), chunk, std::size_t{13}, std::size_t{1}}) {
        if (burst.size() / piece > most_pieces) continue;
        for (const bool lent : {false, true}) {
            CAPTURE(frame.substr(0, 40), piece, lent);
            Decoder decoder{{}, reads};
            bool whole = decode_burst(decoder, burst, piece, lent, frames);
            whole = decode_burst(decoder, burst, piece, lent, frames) && whole;
            const std::size_t before = news;
            const std::size_t memory = decoder.memory();
            for (int i = 0; i != 4; ++i) whole = decode_burst(decoder, burst, piece, lent, frames) && whole;
            const std::size_t allocated = news - before;
            CHECK(whole);
            CHECK(allocated == 0);
            CHECK(decoder.memory() == memory);
        }
    }
}

/// A command of `words` words.
std::string command(std::size_t words) {
    return "*" + std::to_string(words) + "\r\n" + support::repeat("$5\r\nwords\r\n", words);
}

/// A frame of each form that the benchmarks measure, except the inline line.
const std::string set = "*3\r\n$3\r\nSET\r\n$10\r\nkey:000001\r\n$16\r\n0123456789abcdef\r\n";
const std::string ping = "*1\r\n$4\r\nPING\r\n";
const std::string integers = ":42\r\n:-9223372036854775808\r\n:0\r\n";
const std::string resp2 = "*6\r\n+OK\r\n-ERR no\r\n:1\r\n$5\r\nhello\r\n$-1\r\n*-1\r\n";
const std::string resp3 =
    "%4\r\n+a\r\n,1.5\r\n+b\r\n#t\r\n+c\r\n(12345678901234567890\r\n+d\r\n=8\r\ntxt:text\r\n"
    "~3\r\n_\r\n!5\r\nERR x\r\n:7\r\n"
    ">2\r\n+message\r\n$0\r\n\r\n";
const std::string nested = support::repeat("*3\r\n:1\r\n$1\r\na\r\n", 8) + ":7\r\n";

/// What a Tokenizer finds, and the most bytes that it left to be fed again.
struct Tokenized {
    std::size_t frames = 0;
    std::size_t text_bytes = 0;
    std::size_t most_rest = 0;
    bool good = true;
};

/// Tokenizes bytes in pieces from one buffer, as a proxy does.
class Proxy {
public:
    void take(std::string_view bytes, std::size_t piece) {
        for (std::size_t at = 0; at < bytes.size(); at += piece) take(bytes.substr(at, piece));
    }
    void take(std::string_view piece) {
        std::copy(piece.begin(), piece.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(kept_));
        tokenizer_.feed({buffer_.data(), kept_ + piece.size()});
        while (const auto token = tokenizer_.next()) {
            found_.text_bytes += token->text.size();
            if (token->ends_frame()) ++found_.frames;
        }
        const auto rest = tokenizer_.rest();
        kept_ = rest.size();
        std::copy(rest.begin(), rest.end(), buffer_.begin());
        found_.most_rest = std::max(found_.most_rest, kept_);
        found_.good = found_.good && !tokenizer_.error();
    }
    [[nodiscard]] const Tokenized& found() const { return found_; }

private:
    resp::Tokenizer tokenizer_;
    std::array<char, resp::wire::longest_header + chunk> buffer_{};
    std::size_t kept_ = 0;
    Tokenized found_;
};

}  // namespace

TEST_CASE("the counter counts") {
    const std::size_t before = news;
    const std::string text(1000, 'x');
    CHECK(news > before);
    CHECK(text.size() == 1000);
}

TEST_CASE("a warm decoder of commands allocates nothing") {
    require_none(set, Reads::commands);
    require_none(ping, Reads::commands);
}

TEST_CASE("a warm decoder of long commands allocates nothing") {
    require_none(command(101), Reads::commands);
    require_none(command(50'000), Reads::commands);
}

TEST_CASE("a warm decoder of inline commands with quotes allocates nothing") {
    require_none("SET key 'a long value in quotes that is no small string'\r\n", Reads::commands);
}

TEST_CASE("a warm decoder of replies allocates nothing") {
    require_none("$4\r\ntext\r\n", Reads::replies);
    require_none(":42\r\n", Reads::replies);
    require_none(resp2, Reads::replies);
    require_none("*3\r\n" + integers, Reads::replies);
}

TEST_CASE("a warm decoder of all types of RESP3 allocates nothing") {
    // A push is allowed only between replies.
    require_none("*2\r\n" + resp3.substr(0, resp3.find('>')), Reads::replies);
    require_none(resp3.substr(resp3.find('>')), Reads::replies);
}

TEST_CASE("a warm decoder of nested arrays allocates nothing") {
    require_none(nested, Reads::replies);
    require_none("*2\r\n*2\r\n:1\r\n*1\r\n+a\r\n%1\r\n+k\r\n~1\r\n_\r\n", Reads::replies);
    require_none(support::repeat("*1\r\n", 128) + ":1\r\n", Reads::replies);
}

TEST_CASE("a warm decoder of streamed values and attributes allocates nothing") {
    require_none("|1\r\n+k\r\n+v\r\n*?\r\n$?\r\n;3\r\nabc\r\n;0\r\n.\r\n", Reads::replies);
}

TEST_CASE("a tokenizer allocates nothing") {
    const std::string burst = set + ping + command(1000) + integers + resp2 + resp3 + nested;
    for (const std::size_t piece : {chunk, std::size_t{13}, std::size_t{1}}) {
        CAPTURE(piece);
        const std::size_t before = news;
        Proxy proxy;
        proxy.take(burst, piece);
        const std::size_t allocated = news - before;
        CHECK(allocated == 0);
        CHECK(proxy.found().good);
        CHECK(proxy.found().frames == 11);
        CHECK(proxy.found().most_rest <= resp::wire::longest_header);
    }
}

TEST_CASE("a tokenizer passes on a string of 64 MiB without keeping it") {
    constexpr std::size_t size = 64 * 1024 * 1024;
    const std::string part(chunk, 'x');
    const std::size_t before = news;
    Proxy proxy;
    proxy.take("$67108864\r\n");
    for (std::size_t left = size; left != 0; left -= chunk) proxy.take(part);
    proxy.take("\r\n");
    const std::size_t allocated = news - before;
    CHECK(allocated == 0);
    CHECK(proxy.found().good);
    CHECK(proxy.found().frames == 1);
    CHECK(proxy.found().text_bytes == size);
    CHECK(proxy.found().most_rest <= 2);
}

namespace {

/// Requires that a warm output of this kind allocates nothing for what reply(out) writes.
template <class Output, class Reply>
void require_warm(Reply reply) {
    Output output;
    const auto write = [&] {
        output.clear();
        resp::Encoder out{output};
        for (int i = 0; i != 100; ++i) reply(out);
    };
    write();
    const std::size_t before = news;
    const char* const place = output.data();
    const std::size_t capacity = output.capacity();
    for (int i = 0; i != 100; ++i) write();
    const std::size_t allocated = news - before;
    CHECK(allocated == 0);
    CHECK((output.data() == place));
    CHECK(output.capacity() == capacity);
}

}  // namespace

TEST_CASE("a warm output allocates nothing for commands") {
    const auto commands = [](resp::Encoder& out) {
        out.command("SET", "key:000001", "0123456789abcdef").command("EXPIRE", "key:000001", 3600);
    };
    require_warm<resp::Buffer>(commands);
    require_warm<std::string>(commands);
}

TEST_CASE("a warm output allocates nothing for replies of all types") {
    const auto reply = [](resp::Encoder& out) {
        out.map(1).bulk_string("key").double_(1.5).simple_error("ERR a\nb");
        out.array(5).simple_string("OK").integer(-42).null_bulk_string().null_array().null();
        out.set(2).boolean(true).big_number("12345678901234567890");
        out.push(2).verbatim_string("txt", "text").bulk_error("ERR x");
        out.streamed_array().streamed_string().chunk("abc").end_chunks().end_stream();
    };
    require_warm<resp::Buffer>(reply);
    require_warm<std::string>(reply);
}

#endif
