// Whether this is built with a sanitizer that has an allocator and signal handlers of its own:
// LIBRESP_FUZZ_SANITIZED is defined then.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // GCC
#define LIBRESP_FUZZ_SANITIZED
#elif defined(__has_feature)  // Clang
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIBRESP_FUZZ_SANITIZED
#endif
#endif
