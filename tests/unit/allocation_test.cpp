// One request costs no allocation once its decoder is warm. The whole test binary's operator new counts;
// not under TSan, which has an operator new of its own.
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define LIBRESP_TSAN
#endif
#endif
#ifndef LIBRESP_TSAN
#include <libresp/buffer.hpp>
#include <libresp/decoder.hpp>
#include <libresp/encoder.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "support/catch.hpp"
#include "support/describe.hpp"

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

/// Reads of one burst, in pieces of this size. True if it gave the frames that it has.
bool decode_burst(Decoder& decoder, std::string_view burst, std::size_t piece, bool lent,
                  std::size_t frames) {
    for (std::size_t at = 0; at < burst.size(); at += piece) {
        const std::string_view part = burst.substr(at, piece);
        if (lent) {
            decoder.feed(part);
        } else {
            std::copy(part.begin(), part.end(), decoder.prepare(part.size()).begin());
            decoder.commit(part.size());
        }
        while (decoder.next()) --frames;
        if (lent) decoder.release();
    }
    return frames == 0;
}

/// Whether the same frame again and again allocates once the decoder is warm: neither new nor growing.
void require_none(const std::string& frame, Reads reads) {
    const std::string burst = support::repeat(frame, 100);
    for (const std::size_t piece : {burst.size(), std::size_t{13}, std::size_t{1}}) {
        for (const bool lent : {false, true}) {
            CAPTURE(frame, piece, lent);
            Decoder decoder{{}, reads};
            REQUIRE(decode_burst(decoder, burst, piece, lent, 100));
            const std::size_t before = news;
            const std::size_t memory = decoder.memory();
            bool whole = true;
            for (int i = 0; i != 10; ++i) whole = whole && decode_burst(decoder, burst, piece, lent, 100);
            const std::size_t allocated = news - before;
            CHECK(whole);
            CHECK(allocated == 0);
            CHECK(decoder.memory() == memory);
        }
    }
}

}  // namespace

TEST_CASE("the counter counts") {
    const std::size_t before = news;
    const std::string text(1000, 'x');
    CHECK(news > before);
    CHECK(text.size() == 1000);
}

TEST_CASE("a warm decoder of commands allocates nothing") {
    require_none("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n", Reads::commands);
}

TEST_CASE("a warm decoder of inline commands allocates nothing, with quotes, too") {
    require_none("SET key 'a long value in quotes that is no small string'\r\n", Reads::commands);
}

TEST_CASE("a warm decoder of integers allocates nothing") { require_none(":42\r\n", Reads::replies); }

TEST_CASE("a warm decoder of nested arrays allocates nothing") {
    require_none("*2\r\n*2\r\n:1\r\n*1\r\n+a\r\n%1\r\n+k\r\n~1\r\n_\r\n", Reads::replies);
}

TEST_CASE("a warm decoder of streamed values and attributes allocates nothing") {
    require_none("|1\r\n+k\r\n+v\r\n*?\r\n$?\r\n;3\r\nabc\r\n;0\r\n.\r\n", Reads::replies);
}

TEST_CASE("a warm buffer takes replies without allocating") {
    resp::Buffer buffer;
    const auto reply = [&] {
        buffer.clear();
        resp::Encoder out{buffer};
        for (int i = 0; i != 100; ++i) out.map(1).bulk_string("key").double_(1.5).simple_error("ERR a\nb");
    };
    reply();
    const std::size_t before = news;
    const char* const place = buffer.data();
    for (int i = 0; i != 100; ++i) reply();
    const std::size_t allocated = news - before;
    CHECK(allocated == 0);
    CHECK((buffer.data() == place));
}

#endif
