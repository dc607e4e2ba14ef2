// Running code on a thread with a stack of 256 KiB.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <exception>
#include <functional>

namespace support {

/// Calls `work` on such a thread and waits for it. What it throws, this throws.
inline void on_small_stack(std::function<void()> work) {
    struct Job {
        std::function<void()> work;
        std::exception_ptr thrown;
    } job{std::move(work), nullptr};
    constexpr std::size_t stack_size = 256 * 1024;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_size);
    pthread_t thread;
    const int failed = pthread_create(
        &thread, &attributes,
        [](void* argument) -> void* {
            Job& mine = *static_cast<Job*>(argument);
            try {
                mine.work();
            } catch (...) {
                mine.thrown = std::current_exception();
            }
            return nullptr;
        },
        &job);
    pthread_attr_destroy(&attributes);
    if (failed != 0) std::terminate();
    pthread_join(thread, nullptr);
    if (job.thrown) std::rethrow_exception(job.thrown);
}

}  // namespace support
