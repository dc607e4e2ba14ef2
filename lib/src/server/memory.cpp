// The limit for the memory of all connections, as one thread keeps it: who may take more, and who is closed.
#include "session_templates.hpp"
#include "worker.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <vector>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace resp::detail {

namespace {

// How long a request that does not fit may wait for memory.
constexpr std::chrono::seconds shortage_patience{1};
// So much longer a client counts as stalled that has requests left; see free_memory().
constexpr std::chrono::seconds wants_more{10};
// If each connection may read only fewer bytes when memory is used up, none reads: a decoder alone takes 768.
constexpr std::size_t least_read = 128;

}  // namespace

/// The allocator keeps a freed block that lies between blocks in use. A trim returns its pages to the system.
void Worker::trim_heap() noexcept {
    if (!heap_has_holes_) return;
    // All threads share the heap, so one of them trims it.
    Clock::time_point last = shared_->trimmed.load(std::memory_order_relaxed);
    if (now_ - last < shared_->options.trim_interval) return;
    if (!shared_->trimmed.compare_exchange_strong(last, now_, std::memory_order_relaxed)) return;
    heap_has_holes_ = false;
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

// ---- the limit

bool Session::is_stuck() const noexcept {
    return held_back_ && next_ != Next::handle && held_ != 0 && queue_.size() == 0;
}

std::size_t Worker::share() const noexcept {
    const std::uint64_t connections = std::max<std::uint64_t>(shared_->places.connections(), 1);
    return std::min<std::size_t>(shared_->options.connection_memory,
                                 shared_->options.max_memory / (2 * connections));
}

/// While free_memory() closes connections, it goes down to 15/16 of max_memory.
std::uint64_t Worker::memory_target() const noexcept {
    return shared_->options.max_memory - shared_->options.max_memory / 16;
}

/// A connection may take as much as is free. So the largest are held back first, and the more memory is in
/// use, the smaller are those that are held back. Small ones always go on: closing others frees the memory that
/// they take. With coroutine handlers that is not so, because closing a connection does not free what its handler
/// uses. So there each connection has an equal part of the last 1/16, enough for a short request.
bool Worker::may_take_more(std::size_t bytes) const noexcept {
    const std::uint64_t used = shared_->memory.load(std::memory_order_relaxed);
    const std::uint64_t most = shared_->options.max_memory;
    if (is_used_up()) {
        const std::size_t part = 8 * most_read();  // a buffer has room for more than was read
        return used + part <= most && bytes < part / 2;
    }
    return bytes < std::max<std::uint64_t>(most > used ? most - used : 0, share());
}

bool Worker::is_used_up() const noexcept {
    return shared_->suspends && shared_->memory.load(std::memory_order_relaxed) >= memory_target();
}

std::size_t Worker::most_read() const noexcept {
    if (!is_used_up()) return SIZE_MAX;
    const std::uint64_t connections = std::max<std::uint64_t>(shared_->places.connections(), 1);
    const std::uint64_t left = shared_->options.max_memory - memory_target();
    const std::uint64_t most = left / (8 * connections);
    return most < least_read ? 0 : most;
}

/// Only the end of its handler frees a request that waits. So such requests together get at most 75 % of
/// max_memory; the rest is for small ones, and for replies. A single one may wait however large it is.
bool Worker::may_wait_with(std::size_t bytes) noexcept {
    const std::uint64_t before = shared_->waiting.fetch_add(bytes, std::memory_order_relaxed);
    if (before == 0 || before + bytes <= shared_->memory_mark) return true;
    shared_->waiting.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
}

/// Closes connections of this thread until 15/16 of max_memory is in use.
void Worker::free_memory() {
    if (cannot_free_) return;
    cannot_free_ = !free_memory(memory_target(), Which::all);
}

/// A push was refused for lack of memory. Clients that do not read must not cause that again and again.
void Worker::make_room_for_push() {
    const std::size_t bytes = shared_->push_refused.exchange(0, std::memory_order_relaxed);
    if (bytes != 0) static_cast<void>(free_memory(shared_->options.max_memory - bytes, Which::stalled));
}

/// Closes connections of this thread until at most `target` bytes are in use: first those whose client has
/// taken nothing for the longest time, then the largest. Never one that takes no more than share(). Returns
/// whether that was enough.
///
/// Clients that write a whole pipeline before they read look the same as clients that never read, until they
/// have written it. From then on they hold what they hold, and the others ask for more. So a client with requests
/// left counts as stalled for ten seconds more: one whose requests are all handled outlives those that came up
/// to ten seconds later and fill memory. The time is limited, so that clients who fill memory and then send
/// nothing are not spared for long at the cost of new ones.
bool Worker::free_memory(std::uint64_t target, Which which) {
    struct Candidate {
        Session* session;
        Clock::time_point stalled;
        std::size_t weight;
    };
    const std::size_t small = share();
    std::vector<Candidate> candidates;
    for (Session* session = first_; session != nullptr; session = session->next_in_list_) {
        const std::size_t weight = session->weight();
        if (session->is_closed() || weight <= small) continue;
        const Clock::time_point stalled = session->stalled_since();
        if (which == Which::stalled && stalled == next_tick) continue;
        if (which == Which::stuck && !session->is_stuck()) continue;
        const bool has_requests_left = session->held_back_ || session->next_ == Next::handle;
        candidates.push_back({session, has_requests_left ? stalled - wants_more : stalled, weight});
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return a.stalled != b.stalled ? a.stalled < b.stalled : a.weight > b.weight;
    });
    const auto is_enough = [&](std::uint64_t leaving) {
        return shared_->memory.load(std::memory_order_relaxed) <= target + leaving;
    };
    // Bytes that sessions give back soon: the one that runs now at its end, and the others when their handlers,
    // whose waits are cancelled, have ended.
    std::uint64_t leaving = 0;
    for (const auto& [session, stalled, weight] : candidates) {
        if (is_enough(leaving)) return true;
        const bool awaits = session->activity_ == Activity::awaiting;
        if (awaits ? session->cancellable_ : session->entered_) leaving += session->held_;
        close_for_memory(*session);
    }
    return is_enough(leaving);
}

/// While memory is short, a request whose connection is held back cannot be completed. If that lasts, each
/// tick closes one such connection, the one with the most bytes. A client that has replies to read is not one
/// of them: write_stall decides about it.
void Worker::end_stuck_request() {
    if (!is_memory_short()) {
        short_since_ = {};
        return;
    }
    if (short_since_ == Clock::time_point{}) short_since_ = now_;
    if (now_ - short_since_ < shortage_patience) return;
    Session* found = nullptr;
    for (Session* session = first_; session != nullptr; session = session->next_in_list_) {
        if (!session->is_stuck() || session->next_ == Next::await) continue;
        if (found == nullptr || session->weight() > found->weight()) found = session;
    }
    if (found != nullptr) close_for_memory(*found);
}

/// With coroutine handlers, no connection goes on when memory is used up, for example by requests that wait for
/// other handlers to end. If no large wait ends for a while, each tick closes connections: those that do not
/// read, then those that cannot go on, then all others whose end frees memory.
void Worker::end_standstill() {
    if (!shared_->suspends || !is_memory_short()) {
        used_up_since_ = {};
        return;
    }
    if (shared_->memory.load(std::memory_order_relaxed) < memory_target()) return;
    if (used_up_since_ == Clock::time_point{}) used_up_since_ = now_;
    if (now_ - used_up_since_ < shortage_patience) return;
    for (const Which which : {Which::stalled, Which::stuck, Which::all}) {
        if (free_memory(shared_->memory_mark, which)) return;
    }
}

void Worker::close_for_memory(Session& session) {
    session.log(LogLevel::warn, "Closed: max_memory is reached, and this client holds {} bytes",
                session.weight());
    counters_.cut_off.add();
    session.abort(std::make_error_code(std::errc::no_buffer_space));
}

}  // namespace resp::detail
