// Counts with the allocator hooks of the sanitizers. Without a sanitizer, with the statistics of glibc.
#include "allocated.hpp"

#include <algorithm>
#include <cstdlib>

#include "support/sanitized.hpp"

#if defined(LIBRESP_ASAN) || defined(LIBRESP_TSAN)
// As in <sanitizer/allocator_interface.h>, which GCC does not ship.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void*);
#elif defined(__GLIBC__)
#include <malloc.h>
#endif

namespace fuzz {

#if defined(LIBRESP_ASAN) || defined(LIBRESP_TSAN)

namespace {

bool counting = false;
std::ptrdiff_t in_use = 0;  // negative if memory from before the count is freed
std::ptrdiff_t most_in_use = 0;

void count_malloc(const volatile void*, std::size_t size) {
    if (!counting) return;
    in_use += static_cast<std::ptrdiff_t>(size);
    most_in_use = std::max(most_in_use, in_use);
}

void count_free(const volatile void* memory) {
    if (!counting || memory == nullptr) return;
    in_use -= static_cast<std::ptrdiff_t>(__sanitizer_get_allocated_size(memory));
}

}  // namespace

Allocated::Allocated() noexcept {
    static const int installed = __sanitizer_install_malloc_and_free_hooks(count_malloc, count_free);
    if (installed == 0) std::abort();
    in_use = most_in_use = 0;
    counting = true;
}

Allocated::~Allocated() { counting = false; }

std::size_t Allocated::most() noexcept { return static_cast<std::size_t>(most_in_use); }

#else

namespace {

std::size_t in_use() noexcept {
#ifdef __GLIBC__
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

}  // namespace

Allocated::Allocated() noexcept : before_(in_use()) {}

Allocated::~Allocated() = default;

std::size_t Allocated::most() noexcept {
    const std::size_t now = in_use();
    most_ = std::max(most_, now > before_ ? now - before_ : 0);
    return most_;
}

#endif

}  // namespace fuzz
