// The memory of one thread's connections: the buffers that they borrow, and the limit for all connections
// together.
#include "worker.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace resp::detail {

namespace {

// The size of a read: large enough to receive a value of 64 KiB in one piece.
constexpr std::size_t read_room_size = 128 * 1024;
// Freeing a block of this many bytes makes a trim of the heap worth its time.
constexpr std::size_t worth_trimming = 64 * 1024;
// How long max_memory may be exceeded, with the largest connections paused, until the largest is closed.
constexpr std::chrono::seconds shortage_patience{1};

}  // namespace

// ---- what connections borrow

std::span<char> Worker::read_room() {
    if (!read_buffer_) read_buffer_ = std::make_unique_for_overwrite<char[]>(read_room_size);
    return {read_buffer_.get(), read_room_size};
}

std::unique_ptr<Decoder> Worker::take_decoder(std::uint64_t offset) {
    std::unique_ptr<Decoder> decoder = decoders_.take();
    if (decoder == nullptr) {
        return std::make_unique<Decoder>(shared_->options.limits, shared_->options.reads);
    }
    decoder->reset(offset, most_kept_);
    return decoder;
}

void Worker::give_back(std::unique_ptr<Decoder> decoder) noexcept {
    assert(decoder != nullptr);
    if (decoder->memory() <= most_kept_) decoder = decoders_.keep(std::move(decoder));
    if (decoder != nullptr) note_freed(decoder->memory());
}

std::unique_ptr<Output> Worker::take_output() {
    std::unique_ptr<Output> output = outputs_.take();
    return output != nullptr ? std::move(output) : std::make_unique<Output>();
}

void Worker::give_back(std::unique_ptr<Output> output) noexcept {
    assert(output != nullptr);
    const std::size_t held = output->memory();
    output->reset(most_kept_);
    note_freed(held - output->memory());
    output = outputs_.keep(std::move(output));
    if (output != nullptr) note_freed(output->memory());
}

// ---- freed memory

void Worker::give_up_spares() noexcept {
    note_freed(decoders_.give_up());
    note_freed(outputs_.give_up());
}

void Worker::note_freed(std::size_t bytes) noexcept {
    if (bytes >= worth_trimming && shared_->options.trim_interval.count() != 0) heap_has_holes_ = true;
}

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

/// Whether all connections together hold more than `factor` times max_memory.
bool Worker::is_memory_over(std::size_t factor) const noexcept {
    return shared_->memory.load(std::memory_order_relaxed) / factor > shared_->options.max_memory;
}

void Worker::bound_memory() {
    if (!is_memory_over(1)) return;
    if (memory_exceeded_ == Clock::time_point{}) memory_exceeded_ = next_tick;
    if (Session* const session = largest(false)) session->pause(true);
    // One request may lead to a reply of any size. When many clients send such requests, pausing comes too
    // late.
    if (is_memory_over(2)) close_largest();
}

/// Returns whether a shortage has just ended, so that paused connections may continue. If the shortage lasts
/// too long, closes the largest connection of this thread.
bool Worker::end_shortage() {
    if (memory_exceeded_ == Clock::time_point{}) return false;
    if (memory_exceeded_ == next_tick) memory_exceeded_ = now_;
    if (is_memory_over(1)) {
        if (now_ - memory_exceeded_ >= shortage_patience) close_largest();
        return false;
    }
    memory_exceeded_ = {};
    return true;
}

void Worker::close_largest() {
    Session* const session = largest(true);
    if (session == nullptr) return;
    shared_->log(LogLevel::warn,
                 "[{}] Closed: max_memory is exceeded and this client holds {} bytes, the most on its thread",
                 session->peer().to_string(), session->held());
    counters_.cut_off.add();
    session->abort(std::make_error_code(std::errc::no_buffer_space));
}

/// The session of this thread that holds most. Null if none of them holds more than an equal share of
/// max_memory: a small connection is not the cause of the shortage. Paused ones count only if `also_paused`.
Session* Worker::largest(bool also_paused) noexcept {
    Session* found = nullptr;
    std::uint64_t most =
        shared_->options.max_memory / std::max<std::uint64_t>(shared_->places.connections(), 1);
    for (Session* session = first_; session != nullptr; session = session->next_in_list_) {
        if (session->held() <= most || session->is_closed()) continue;
        if (session->is_paused() && !also_paused) continue;
        found = session;
        most = session->held();
    }
    return found;
}

}  // namespace resp::detail
