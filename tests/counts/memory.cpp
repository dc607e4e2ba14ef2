// The memory functions of the C library, in one simple form. The library's own choose their instructions by the
// processor and the size of its caches, so their costs differ from machine to machine.
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

/// 16 bytes at a time, which the compiler makes two instructions.
struct Block {
    std::uint64_t words[2];
};

Block load(const char* from) noexcept {
    Block block;
    __builtin_memcpy(&block, from, sizeof block);
    return block;
}
void store(char* to, Block block) noexcept { __builtin_memcpy(to, &block, sizeof block); }

void copy_forwards(char* to, const char* from, std::size_t n) noexcept {
    std::size_t i = 0;
    for (; n - i >= sizeof(Block); i += sizeof(Block)) store(to + i, load(from + i));
    for (; i != n; ++i) to[i] = from[i];
}

void copy_backwards(char* to, const char* from, std::size_t n) noexcept {
    for (; n >= sizeof(Block); n -= sizeof(Block))
        store(to + n - sizeof(Block), load(from + n - sizeof(Block)));
    for (; n != 0; --n) to[n - 1] = from[n - 1];
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the names are those of the C library
extern "C" {

void* memmove(void* to, const void* from, std::size_t n) noexcept {
    const auto distance = reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
    const auto copy = distance < n ? copy_backwards : copy_forwards;
    copy(static_cast<char*>(to), static_cast<const char*>(from), n);
    return to;
}
void* memcpy(void* to, const void* from, std::size_t n) noexcept {
    copy_forwards(static_cast<char*>(to), static_cast<const char*>(from), n);
    return to;
}
void* memset(void* to, int byte, std::size_t n) noexcept {
    for (std::size_t i = 0; i != n; ++i) static_cast<char*>(to)[i] = static_cast<char>(byte);
    return to;
}
int memcmp(const void* a, const void* b, std::size_t n) noexcept {
    const auto* left = static_cast<const unsigned char*>(a);
    const auto* right = static_cast<const unsigned char*>(b);
    for (std::size_t i = 0; i != n; ++i)
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    return 0;
}

// What _FORTIFY_SOURCE calls where it cannot check the size while it compiles. `room` is not checked here.
void* __memmove_chk(void* to, const void* from, std::size_t n, std::size_t /*room*/) noexcept {
    return memmove(to, from, n);
}
void* __memcpy_chk(void* to, const void* from, std::size_t n, std::size_t /*room*/) noexcept {
    return memcpy(to, from, n);
}
void* __memset_chk(void* to, int byte, std::size_t n, std::size_t /*room*/) noexcept {
    return memset(to, byte, n);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
