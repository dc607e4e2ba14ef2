// The functions through which others call a connection. Each acts, continues as far as possible, and then
// waits. batch.cpp handles requests, output.cpp sends, ending.cpp closes.
#include "session.hpp"

#include "worker.hpp"

#include <algorithm>
#include <cassert>

namespace resp::detail {

Session::Session(Worker& worker, std::unique_ptr<Transport> transport, std::unique_ptr<Adapter> adapter,
                 const Peer& peer)
    : worker_(&worker),
      mailbox_(worker.mailbox()),
      transport_(std::move(transport)),
      adapter_(std::move(adapter)),
      refused_(adapter_ == nullptr),
      peer_(peer) {
    assert(transport_ != nullptr);
    transport_->attach(*this);
}

Session::~Session() = default;

// ---- acting

/// Surrounds each public function that runs on the executor: acts, continues as far as possible, and asks for
/// what the connection waits for. If memory runs out, the connection is closed.
template <class Action>
void Session::enter(const Action& action) noexcept {
    if (worker_ == nullptr) return;  // it has ended
    const bool outermost = !entered_;
    entered_ = true;
    try {
        action();
        if (outermost) advance();
    } catch (...) {
        shut(std::make_error_code(std::errc::not_enough_memory));
    }
    if (!outermost) return;
    account();
    entered_ = false;
    settle();
}

/// Calls the action through enter(), after the other connections had their batches.
void Session::post(void (Session::*action)()) {
    asio::post(worker_->executor(),
               [self = shared_from_this(), action] { self->enter([&] { (self.get()->*action)(); }); });
}

void Session::start() noexcept {
    assert(!refused_ && connection_.id() == 0);
    static std::atomic<std::uint64_t> last_id{0};
    connection_ = Connection{weak_from_this(), ++last_id};
    enter([this] { open(); });
}

void Session::refuse(std::string_view last_words) noexcept {
    assert(refused_ && state_ == State::open);
    enter([&] {
        output().bytes.append(last_words);
        stop_reading({});
    });
}

void Session::ready(Interest ready) noexcept {
    assert(!entered_ && ready != Interest{});
    enter([&] {
        readable_ = ready.read;
        if (ready.write) {
            waiting_.write = false;
            flush();
        }
    });
}

void Session::resume() noexcept {
    enter([this] {
        assert(activity_ == Activity::posted);
        activity_ = Activity::ready;
    });
}

void Session::drain() noexcept {
    assert(worker_ == nullptr || worker_->is_draining());
    enter([this] { paused_ = false; });  // it will close, and free all its memory
}

void Session::pause(bool paused) noexcept {
    enter([&] {
        const bool resumed = paused_ && !paused;
        paused_ = paused && !worker_->is_draining();
        if (paused_) budget_end_ = 0;  // ends the batch, even if a handler is waiting in it
        if (!resumed || state_ != State::open) return;
        begun_ = {};  // the deadline of the frame begins again: meanwhile we did not read
        set_deadline();
    });
}

void Session::abort(std::error_code reason) noexcept {
    enter([&] { shut(reason); });
}

void Session::check_deadlines(Clock::time_point now) noexcept {
    enter([&] { keep_deadlines(now); });
}

/// Continues with the batch. Returns whether another handler must be awaited.
bool Session::handler_ended() noexcept {
    assert(activity_ == Activity::awaiting);
    bool awaits_another = false;
    enter([&] {
        activity_ = Activity::ready;
        end_batch(handle());
        awaits_another = activity_ == Activity::awaiting;
    });
    return awaits_another;
}

void Session::send(std::string bytes) {
    const std::size_t size = bytes.size();
    // Pushes may arrive faster than the thread queues them. Then queue_push() closes the connection, and
    // there is no reason to keep these bytes.
    const std::size_t most = mailbox_->shared().options.max_output;
    if (pushing_.fetch_add(size, std::memory_order_relaxed) > most) bytes.clear();
    try {
        mailbox_->post([self = shared_from_this(), bytes = std::move(bytes), size] {
            self->enter([&] { self->queue_push(bytes, size); });
        });
    } catch (...) {
        pushing_.fetch_sub(size, std::memory_order_relaxed);
        throw;
    }
}

void Session::close() noexcept try {
    is_open_.store(false, std::memory_order_relaxed);  // may_go_on() sees it before the posted action runs
    mailbox_->post([self = shared_from_this()] { self->enter([&] { self->stop_reading({}); }); });
} catch (const std::exception&) {
    // No memory for the posted action: notice_close() closes at the next tick.
}

// ---- continuing

/// Continues as far as possible without waiting.
void Session::advance() {
    if (activity_ != Activity::ready) return;
    if (state_ == State::open) read_and_handle();
    if (state_ == State::closing && activity_ == Activity::ready) finish();
    if (state_ == State::lingering && readable_) discard();
}

/// Gives back the memory that it does not need while it waits, and counts the memory that it keeps. A
/// borrowed buffer may be much larger than the bytes in it, and the whole buffer counts.
void Session::account() noexcept try {
    // A buffer of at most this size is kept. A larger one is replaced by one that fits its bytes.
    const auto enough = [](std::size_t bytes) { return std::max<std::size_t>(64 * 1024, 32 * bytes); };
    const bool keeps_all = activity_ == Activity::awaiting;  // the handler uses both
    if (decoder_ != nullptr && !keeps_all) decoder_->shrink(enough(decoder_->pending()));
    if (out_ != nullptr && !keeps_all && out_->empty()) worker_->give_back(std::move(out_));
    if (out_ != nullptr && !keeps_all) out_->shrink(enough(queued()));
    const std::size_t held =
        (decoder_ != nullptr ? decoder_->memory() : 0) + (out_ != nullptr ? out_->memory() : 0);
    if (held == held_) return;
    mailbox_->shared().memory.fetch_add(held - held_, std::memory_order_relaxed);
    held_ = held;
    if (held != 0) worker_->bound_memory();
} catch (const std::exception&) {
    // No memory for a log line: the next tick tries again.
}

/// Asks the transport for what the connection waits for. This is the last step: if the connection is closed,
/// end() removes it from the worker.
void Session::settle() noexcept try {
    readable_ = false;
    if (state_ == State::closed) {
        if (activity_ != Activity::awaiting) end();
        return;
    }
    assert(transport_ != nullptr);
    const bool reads = activity_ == Activity::ready && next_ != Next::send && !paused_;
    waiting_.read = state_ == State::lingering ? discards_ != 0 : state_ == State::open && reads;
    transport_->wait(waiting_);
} catch (...) {
    shut(std::make_error_code(std::errc::not_enough_memory));
    if (activity_ != Activity::awaiting) end();
}

}  // namespace resp::detail
