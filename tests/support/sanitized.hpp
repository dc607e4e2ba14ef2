// LIBRESP_ASAN and LIBRESP_TSAN are defined where this is built with one of these sanitizers, which have an
// allocator and signal handlers of their own.
#pragma once

#ifdef __has_feature  // Clang, and newer GCCs
#if __has_feature(address_sanitizer)
#define LIBRESP_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define LIBRESP_TSAN
#endif
#else
#ifdef __SANITIZE_ADDRESS__
#define LIBRESP_ASAN
#endif
#ifdef __SANITIZE_THREAD__
#define LIBRESP_TSAN
#endif
#endif
