// The allocator of glibc with counters before it, for the whole process and its libraries; of one thread.
// Sizes are what a block really has, which is what the process pays for.
#include "count_memory.hpp"

#include <malloc.h>

#include <algorithm>
#include <cerrno>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

std::size_t allocations, taken, most, at_begin;

void* count(void* memory) noexcept {
    ++allocations;
    taken += malloc_usable_size(memory);
    most = std::max(most, taken);
    return memory;
}

void uncount(void* memory) noexcept { taken -= malloc_usable_size(memory); }

}  // namespace

extern "C" {

void* malloc(std::size_t size) noexcept { return count(__libc_malloc(size)); }

void* calloc(std::size_t n, std::size_t size) noexcept { return count(__libc_calloc(n, size)); }

void* realloc(void* memory, std::size_t size) noexcept {
    uncount(memory);
    return count(__libc_realloc(memory, size));
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
    return count(__libc_memalign(alignment, size));
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    return count(__libc_memalign(alignment, size));
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
    void* const made = count(__libc_memalign(alignment, size));
    if (made == nullptr) return ENOMEM;
    *memory = made;
    return 0;
}

void free(void* memory) noexcept {
    uncount(memory);
    __libc_free(memory);
}
}

void bench::begin_counting() noexcept {
    allocations = 0;
    most = at_begin = taken;
}

bench::MemoryCount bench::counted() noexcept { return {allocations, most - at_begin}; }
