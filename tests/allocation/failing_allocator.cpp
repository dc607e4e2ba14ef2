// The replacements of malloc, realloc, free, operator new and operator delete.
#include "failing_allocator.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "support/sanitized.hpp"

extern "C" {
// The names that -Wl,--wrap uses.
void* __real_malloc(std::size_t size);
void* __real_realloc(void* memory, std::size_t size);
void __real_free(void* memory);
void* __wrap_malloc(std::size_t size);
void* __wrap_realloc(void* memory, std::size_t size);
void __wrap_free(void* memory);
}

namespace {

std::atomic<std::ptrdiff_t> live{0};
std::atomic<std::size_t> bytes{0};
thread_local std::size_t left = 0;  // allocations until one fails; 0: none fails
thread_local bool failed = false;

bool fails() noexcept {
    if (left == 0 || --left != 0) return false;
    failed = true;
    return true;
}

void* counted(void* memory) noexcept {
    if (memory != nullptr) live.fetch_add(1, std::memory_order_relaxed);
    return memory;
}

void* allocate(std::size_t size) noexcept {
    bytes.fetch_add(size, std::memory_order_relaxed);
    return fails() ? nullptr : counted(__real_malloc(size != 0 ? size : 1));
}

void give_back(void* memory) noexcept {
    if (memory == nullptr) return;
#if defined(__GLIBC__) && !defined(LIBRESP_ASAN) && !defined(LIBRESP_TSAN)
    // If freed memory is used, that shows: a pointer in it is invalid.
    std::memset(memory, 0xdd, ::malloc_usable_size(memory));
#endif
    live.fetch_sub(1, std::memory_order_relaxed);
    __real_free(memory);
}

}  // namespace

void* __wrap_malloc(std::size_t size) { return allocate(size); }
void* __wrap_realloc(void* memory, std::size_t size) {
    bytes.fetch_add(size, std::memory_order_relaxed);
    if (fails()) return nullptr;
    void* const moved = __real_realloc(memory, size);
    return memory == nullptr ? counted(moved) : moved;
}
void __wrap_free(void* memory) { give_back(memory); }

#ifndef LIBRESP_TSAN

void* operator new(std::size_t size) {
    if (void* const memory = allocate(size)) return memory;
    throw std::bad_alloc{};
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { give_back(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { give_back(memory); }

#endif

namespace support {

FailingAllocation::FailingAllocation(std::size_t n) noexcept {
    left = n;
    failed = false;
}

FailingAllocation::~FailingAllocation() { left = 0; }

bool FailingAllocation::has_failed() noexcept { return failed; }

SparedAllocation::SparedAllocation() noexcept : left_(std::exchange(left, 0)) {}

SparedAllocation::~SparedAllocation() { left = left_; }

std::ptrdiff_t live_allocations() noexcept { return live.load(std::memory_order_relaxed); }

std::size_t allocated_bytes() noexcept { return bytes.load(std::memory_order_relaxed); }

}  // namespace support
