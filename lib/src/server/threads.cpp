// Starts threads, joins them, and passes their first exception on.
#include "threads.hpp"

#include <fmt/format.h>

#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace resp::detail {

namespace {

/// The first exception of several threads.
class Failure {
public:
    /// Keeps the exception that is being handled, if it is the first.
    void note() noexcept {
        const std::lock_guard lock{mutex_};
        if (!first_) first_ = std::current_exception();
    }
    void rethrow() const {
        if (first_) std::rethrow_exception(first_);
    }

private:
    std::mutex mutex_;
    std::exception_ptr first_;
};

/// Throws std::system_error, whose text says which thread cannot start.
template <class Work>
void start_threads(std::vector<std::thread>& threads, std::size_t n, const Work& work) {
    for (std::size_t i = 1; i < n; ++i) {
        try {
            threads.emplace_back(work, i);
        } catch (const std::system_error& error) {
            throw std::system_error{error.code(), fmt::format("cannot start thread {} of {}", i + 1, n)};
        }
    }
}

}  // namespace

void run_threads(std::size_t n, const std::function<void(std::size_t)>& work,
                 const std::function<void()>& stop) {
    Failure failure;
    const auto guarded = [&](std::size_t i) noexcept {
        try {
            work(i);
        } catch (...) {
            failure.note();
            stop();
        }
    };
    std::vector<std::thread> threads;
    try {
        start_threads(threads, n, guarded);
        guarded(0);
    } catch (...) {
        failure.note();
        stop();
    }
    for (std::thread& thread : threads) thread.join();
    failure.rethrow();
}

}  // namespace resp::detail
