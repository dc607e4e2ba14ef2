// Runs the threads of a server.
#pragma once

#include <cstddef>
#include <functional>

namespace resp::detail {

/// Calls work(0) on this thread, and work(1) to work(n - 1) on a new thread each. Returns when all have
/// returned. If one throws an exception, or if a thread cannot start, calls `stop`, which must make the
/// others return, and then throws that exception. `stop` may be called more than once and from any thread.
///
/// An exception that leaves a std::thread ends the process, and so does the destruction of one that was not
/// joined. So both are handled in one place.
void run_threads(std::size_t n, const std::function<void(std::size_t)>& work,
                 const std::function<void()>& stop);

}  // namespace resp::detail
