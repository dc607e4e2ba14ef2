// The buffer: appending, growing, dropping and moving bytes.
#include <libresp/codec/buffer.hpp>

#include <cstdint>
#include <new>
#include <utility>

#include "support/catch.hpp"

using resp::Buffer;

TEST_CASE("a new buffer holds nothing") {
    const Buffer buffer;
    CHECK(buffer.empty());
    CHECK(buffer.capacity() == 0);
    CHECK(buffer.view() == "");
}

TEST_CASE("a buffer keeps appended bytes") {
    Buffer buffer;
    buffer.append("one");
    buffer.append("");
    buffer.append(" two");
    CHECK(buffer.view() == "one two");
    CHECK(buffer.size() == 7);
}

TEST_CASE("bytes written into the room count after commit()") {
    Buffer buffer;
    buffer.append("x");
    char* const room = buffer.prepare(3);
    room[0] = 'a';
    room[1] = 'b';
    CHECK(buffer.view() == "x");
    buffer.commit(2);
    CHECK(buffer.view() == "xab");
    char* const more = buffer.prepare(1);
    *more = 'c';
    buffer.commit_to(more + 1);
    CHECK(buffer.view() == "xabc");
}

TEST_CASE("a buffer with enough room does not move its bytes") {
    Buffer buffer;
    char* const room = buffer.prepare(100);
    buffer.commit(10);
    CHECK((buffer.prepare(90) == room + 10));  // in brackets, because Catch would print the bytes
}

TEST_CASE("a buffer doubles, so that appending byte by byte moves the bytes only a few times") {
    Buffer buffer;
    int moves = 0;
    const char* last = nullptr;
    std::size_t capacity = 0;
    for (int i = 0; i != 100'000; ++i) {
        buffer.append("x");
        if (buffer.capacity() != capacity || buffer.data() != last) ++moves;
        capacity = buffer.capacity();
        last = buffer.data();
    }
    CHECK(moves <= 12);
    CHECK(buffer.capacity() <= 200'000);
}

TEST_CASE("a buffer grows to the room that is enough, or only doubles if that would be much more") {
    Buffer buffer;
    buffer.append(std::string(100'000, 'x'));
    REQUIRE(buffer.capacity() == 100'000);
    SECTION("less than double") {
        static_cast<void>(buffer.prepare(1'000, 60'000));
        CHECK(buffer.capacity() == 160'000);
    }
    SECTION("a little more than double, so that it does not grow twice") {
        static_cast<void>(buffer.prepare(1'000, 120'000));
        CHECK(buffer.capacity() == 220'000);
    }
    SECTION("much more") {
        static_cast<void>(buffer.prepare(1'000, 1'000'000'000));
        CHECK(buffer.capacity() == 200'000);
    }
    SECTION("less than the room that is asked for") {
        static_cast<void>(buffer.prepare(1'000, 10));
        CHECK(buffer.capacity() == 101'000);
    }
}

TEST_CASE("consume() moves the rest to the front") {
    Buffer buffer;
    buffer.append("abcdef");
    buffer.consume(0);
    CHECK(buffer.view() == "abcdef");
    buffer.consume(2);
    CHECK(buffer.view() == "cdef");
    buffer.consume(4);
    CHECK(buffer.empty());
}

TEST_CASE("truncate() and clear() keep the memory, and release() frees it") {
    Buffer buffer;
    buffer.append("abcdef");
    buffer.truncate(2);
    CHECK(buffer.view() == "ab");
    buffer.clear();
    CHECK(buffer.empty());
    CHECK(buffer.capacity() != 0);
    buffer.release();
    CHECK(buffer.capacity() == 0);
    buffer.append("again");
    CHECK(buffer.view() == "again");
}

TEST_CASE("moving a buffer moves its bytes") {
    Buffer buffer;
    buffer.append("abc");
    Buffer other{std::move(buffer)};
    CHECK(other.view() == "abc");
    Buffer third;
    third = std::move(other);
    CHECK(third.view() == "abc");
}

TEST_CASE("asking for more room than memory can hold throws bad_alloc and keeps the bytes") {
    Buffer buffer;
    buffer.append("abc");
    CHECK_THROWS_AS(buffer.prepare(SIZE_MAX), std::bad_alloc);
    CHECK(buffer.view() == "abc");
}
